/**
 * The write-back buffer of an array: `write` and `zero` are done when their bytes are copied and queued; rounds drain
 * them in the background, whole cells at once and others when they have gathered a while, when the buffer is half full,
 * or when somebody flushes. `writeBatch` is durable as it always was, and comes after what it overlaps.
 *
 * What a crash finds: of what was not flushed each block is old or new, whatever order the writes had; what a flush has
 * covered is there, because it returns only when the rounds of all that was buffered before it are done, and synced.
 *
 * A cell that could not be stored is tried once more by itself, since one bad cell fails its whole round. If it fails
 * again it stays in the buffer: reads go on seeing it, every flush tries it again and rejects until it is stored, and
 * so do writes once such cells fill half the buffer. So nothing that was acknowledged is dropped without a word.
 */
import type { BlockWrite } from "@waystation/contracts/block-device";
import type { Clock } from "@waystation/contracts/clock";
import { reasonOf } from "@waystation/contracts/errors";
import type { Log } from "@waystation/contracts/log";
import type { CellUpdate } from "../core/cell-update.js";
import { cellPieces, type Cell, type Geometry } from "../core/geometry.js";
import { createWriteBuffer, type BufferedCell } from "../core/write-buffer.js";

export interface WriteBack {
  /** Rejects with `IO_ERROR` when writes from before could not be stored and fill the buffer. */
  write(write: BlockWrite): Promise<void>;
  writeBatch(writes: readonly BlockWrite[]): Promise<void>;
  read(offsetBytes: number, into: Buffer): Promise<void>;
  readNow(offsetBytes: number, into: Uint8Array): boolean;
  /** Resolves when everything that completed before is durable; rejects when any of it could not be stored. */
  flush(): Promise<void>;
  heldBytes(): number;
}

export interface WriteBackOptions {
  readonly geometry: Geometry;
  /** Memory for what is not on the disks yet. 0: no buffer, every write is durable when it completes. */
  readonly limitBytes: number;
  readonly clock: Clock;
  readonly log: Log;
  /** The array below, without the buffer: durable writes, in the order of the calls where they overlap. */
  submit(writes: readonly BlockWrite[]): Promise<void>;
  /** The same for what was gathered of a cell, durable after the next `sync`. */
  submitCell(update: CellUpdate): Promise<void>;
  sync(): Promise<void>;
  read(offsetBytes: number, into: Buffer): Promise<void>;
  readNow(offsetBytes: number, into: Uint8Array): boolean;
}

export const writeBackBytesDefault = 32 * 1024 * 1024;
/** A cell that is not whole waits once or twice as long for more to come. */
const gatherMs = 100;
/** Enough for the next rounds to fill while one is on its way; the rest goes on gathering. */
const underWayBytesMax = 16 * 1024 * 1024;
/** Zeros beyond this go straight to the disks, which mostly have them already: they would take more cells than memory. */
const bufferedZerosMax = 1024 * 1024;

/** Someone who waits until all entries of the buffer, or those of some cells, that were there when it came are stored. */
interface Waiter {
  readonly epoch: number;
  /** Null: all of them. */
  readonly cells: ReadonlySet<Cell> | null;
  left: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export function createWriteBack(options: WriteBackOptions): WriteBack {
  const { geometry, limitBytes, clock, log } = options;
  const buffer = createWriteBuffer(geometry, limitBytes / 2);
  let reads = 0;
  let waiters: Waiter[] = [];
  let roomWaiters: (() => void)[] = [];
  let underWayBytes = 0;
  /** What is of this epoch or an earlier one goes out now. */
  let wantedEpoch = -1;
  let lastTick = -1;
  let cancelTick: (() => void) | null = null;
  let lastError: unknown = null;

  const tick = (): void => {
    cancelTick = null;
    // What was there at the tick before this one has gathered long enough.
    wantedEpoch = Math.max(wantedEpoch, lastTick);
    lastTick = buffer.advance();
    drain();
  };
  const drain = (): void => {
    while (underWayBytes < underWayBytesMax) {
      const isPressed = roomWaiters.length > 0 || buffer.heldBytes() * 2 > limitBytes;
      const taken = buffer.takeWhole() ?? buffer.takeOldest(isPressed ? Infinity : wantedEpoch);
      if (taken === null) break;
      send(taken);
    }
    if (buffer.heldBytes() > 0) cancelTick ??= clock.setTimer(gatherMs, tick);
    else if (cancelTick !== null) {
      cancelTick();
      cancelTick = null;
    }
  };

  const sendAlone = inTurns((update: CellUpdate) => options.submitCell(update));
  const send = (taken: BufferedCell): void => {
    const { update, heldBytes } = taken;
    underWayBytes += heldBytes;
    options
      .submitCell(update)
      .catch(() => sendAlone(update))
      .then(
        () => arrived(taken),
        (error: unknown) => failed(taken, error),
      )
      .finally(() => {
        underWayBytes -= heldBytes;
        wakeRoomWaiters();
        drain();
      });
  };
  const arrived = (taken: BufferedCell): void => {
    const { cell } = taken.update;
    const hasMore = buffer.settle(taken, reads > 0);
    const next = hasMore && waiters.some(({ cells }) => cells === null || cells.has(cell)) ? buffer.take(cell) : null;
    if (next !== null) send(next);
    settleWaiters(taken, null);
  };
  const failed = (taken: BufferedCell, error: unknown): void => {
    lastError = error;
    buffer.putBack(taken);
    log.error(
      { cell: taken.update.cell, bytes: taken.heldBytes, reason: reasonOf(error) },
      "buffered write not stored",
    );
    settleWaiters(taken, error);
  };
  const settleWaiters = (taken: BufferedCell, error: unknown): void => {
    const concerned = waiters.filter(({ epoch, cells }) => {
      return taken.epoch <= epoch && (cells === null || cells.has(taken.update.cell));
    });
    const done = new Set(concerned.filter((waiter) => --waiter.left === 0 || error !== null));
    waiters = waiters.filter((waiter) => !done.has(waiter));
    for (const { resolve, reject } of done) {
      if (error === null) resolve();
      else reject(error);
    }
  };

  /** Resolves when what is in the buffer now of these cells, or (null) all of it, is on the disks. */
  const stored = (cells: ReadonlySet<Cell> | null): Promise<void> => {
    buffer.revive(cells);
    const epoch = buffer.advance();
    const left = buffer.count(cells);
    if (left === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      waiters.push({ epoch, cells, left, resolve, reject });
      for (const cell of cells ?? []) {
        const taken = buffer.take(cell);
        if (taken !== null) send(taken);
      }
      if (cells === null) wantedEpoch = epoch;
      drain();
    });
  };

  const wakeRoomWaiters = (): void => {
    const woken = roomWaiters;
    roomWaiters = [];
    for (const wake of woken) wake();
  };
  const fits = (bytes: number): boolean => {
    const stuckBytes = buffer.stuckBytes();
    if (stuckBytes * 2 > limitBytes) throw lastError;
    return buffer.heldBytes() === stuckBytes || buffer.heldBytes() + bytes <= limitBytes;
  };
  const bufferWrite = async ({ offsetBytes, lengthBytes, data }: BlockWrite): Promise<void> => {
    for (const group of cellPieces(geometry, offsetBytes, lengthBytes)) {
      while (!fits(buffer.costOf(group, data))) {
        const woken = new Promise<void>((resolve) => roomWaiters.push(resolve));
        drain();
        await woken;
      }
      buffer.put(group, data);
      drain();
    }
  };
  const writeBatch = (writes: readonly BlockWrite[]): Promise<void> => {
    const cells = buffer.cellsMet(writes);
    if (cells.size === 0) return options.submit(writes);
    return stored(cells).then(() => options.submit(writes));
  };

  return {
    write(write) {
      const isLongZero = write.data === null && write.lengthBytes > bufferedZerosMax;
      return limitBytes === 0 || isLongZero ? writeBatch([write]) : bufferWrite(write);
    },
    writeBatch,
    async read(offsetBytes, into) {
      const overlay = buffer.overlay({ offsetBytes, lengthBytes: into.length });
      reads++;
      try {
        if (overlay?.isWhole !== true) await options.read(offsetBytes, into);
        overlay?.applyTo(into);
      } finally {
        reads--;
      }
    },
    readNow(offsetBytes, into) {
      const overlay = buffer.overlay({ offsetBytes, lengthBytes: into.length });
      if (overlay?.isWhole !== true && !options.readNow(offsetBytes, into)) return false;
      overlay?.applyTo(into);
      return true;
    },
    flush: () => stored(null).then(() => options.sync()),
    heldBytes: () => buffer.heldBytes(),
  };
}

/** One call at a time, each after the one before has ended. */
function inTurns<Argument>(call: (argument: Argument) => Promise<void>): (argument: Argument) => Promise<void> {
  let turn: Promise<void> = Promise.resolve();
  return (argument) => {
    const mine = turn.then(() => call(argument));
    turn = mine.catch(() => {});
    return mine;
  };
}
