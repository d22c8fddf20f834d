/**
 * The copying side of a copy run at a primary (PROTOCOL 9, B10): takes the regions that the run is to bring over, one after
 * the other, and puts what the far side lacks of them into the stream. In chunks:
 *
 *     planned --digests asked--> asked --answered--> copying --all of its copies durable at the relay--> done
 *
 * What has the digest that the far side names is proof enough whenever it was made: what is on its way there lands, in
 * order, on top of it. Everything else is read under the shared lock of its range and gets its number before the lock
 * is given back, so that an old copy never overwrites a newer write.
 *
 * The cursor stands at the first chunk that is not done. Its mark is written lazily: dying before it, some is compared
 * again; after it, the run goes on from there, because all that lies below is in the relay's journal, or was equal.
 */
import assert from "node:assert/strict";
import type { Desk } from "./effects.js";
import { limits } from "./limits.js";
import { markNames, type Marks } from "./marks.js";
import type { DigestAsk, DigestReply } from "./messages.js";
import type { OriginVolume } from "./origin-volume.js";
import { digestBytes, digestOf } from "./provable/digest.js";
import type { CopyOrder } from "./pending-write.js";
import type { RelayStream } from "./relay-stream.js";
import type { CopyProgress } from "./status.js";
import type { MarkValue, VolumeName } from "./vocabulary.js";

const unknownDigest = Buffer.alloc(digestBytes);
const nothing = new Uint8Array(0);
const zeros = Buffer.alloc(64 * 1024);

export interface CopySource {
  /** Goes through the run's regions, from where it stood in this run. */
  begin(copyId: string): void;
  /**
   * The run has more to copy than before: stops, and begins with the first region next time. Returns the cursor's mark, for
   * the commit that adds the regions: with the old one, a crash would leave them out.
   */
  reset(copyId: string): MarkValue;
  /** Nobody can be asked or sent anything: what is under way may come to nothing. The cursor stays. */
  stop(): void;
  drain(): void;
  tick(): void;
  digests(reply: DigestReply): void;
  progress(): CopyProgress | null;
}

export interface CopySourceOptions {
  readonly desk: Desk;
  readonly volumes: readonly OriginVolume[];
  readonly marks: Marks;
  readonly ask: (question: DigestAsk) => void;
  readonly submit: (copy: CopyOrder, whenDurable: () => void) => void;
  /** Hosts wait for something: they come first. */
  readonly isBusy: () => boolean;
  readonly room: RelayStream["room"];
  /** Everything was copied, and is durable at the relay; durably known here. */
  readonly onDone: (copyId: string) => void;
}

/** Where a run has come to: in volumes in the order of their names, the first region that is not done. */
interface Cursor {
  readonly copyId: string;
  readonly volume: VolumeName | "";
  readonly region: number;
  readonly done: boolean;
}

interface Chunk {
  readonly volume: OriginVolume;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly id: number;
  /** Null while the answer is awaited; empty when nothing was asked. */
  digests: Uint8Array | null;
  readonly asked: boolean;
  /** How much of it was given to be read, how many pieces of that are not durable at the relay. */
  issuedBytes: number;
  piecesOpen: number;
  equalUnits: number;
}

/** One pass over the regions: a new one begins after each `begin`, and answers to an earlier one's questions are void. */
interface Pass {
  readonly copyId: string;
  readonly chunks: Chunk[];
  /** What is to be planned next. */
  nextVolume: number;
  nextOffsetBytes: number;
  inFlightBytes: number;
  /** Of these: not read yet, and so not in the stream. */
  loadingBytes: number;
  /** Sent since the pass began. */
  sentBytes: number;
  leftBytes: number;
  readonly totalBytes: number;
  /** Chunks to copy without asking, after a row of asks that found nothing equal; twice as many each time. */
  unasked: number;
  unaskedNext: number;
  failure: string;
  finished: boolean;
}

export function createCopySource(options: CopySourceOptions): CopySource {
  const { desk, marks } = options;
  const volumes = [...options.volumes].sort((a, b) => (a.name < b.name ? -1 : 1));
  let cursor = readCursor(marks);
  let durableCursor = cursor;
  let pass: Pass | null = null;
  let nextId = 1;
  let nextCursorMs = 0;
  let nextIssueMs = 0;
  let lastIssueMs = 0;
  let rate = { atMs: 0, leftBytes: 0, bytesPerSecond: 0 };

  const begin = (copyId: string): void => {
    if (cursor.copyId !== copyId) cursor = firstCursor(copyId);
    const from = Math.max(
      0,
      volumes.findIndex(({ name }) => name >= cursor.volume),
    );
    const firstRegion = volumes[from]?.name === cursor.volume ? cursor.region : 0;
    const at = cursor.done ? { volume: volumes.length, region: 0 } : { volume: from, region: firstRegion };
    const startBytes = (volumes[from]?.regions.regionBytes ?? 0) * at.region;
    pass = {
      copyId,
      chunks: [],
      nextVolume: at.volume,
      nextOffsetBytes: startBytes,
      inFlightBytes: 0,
      loadingBytes: 0,
      sentBytes: 0,
      leftBytes: bytesFrom(at.volume, at.region),
      totalBytes: bytesFrom(0, 0),
      unasked: 0,
      unaskedNext: 1,
      failure: "",
      finished: false,
    };
    rate = { atMs: desk.nowMs(), leftBytes: pass.leftBytes, bytesPerSecond: 0 };
  };

  const bytesFrom = (volumeIndex: number, region: number): number => {
    let bytes = 0;
    for (const [index, volume] of volumes.entries()) {
      if (index < volumeIndex) continue;
      const { regions, sizeBytes } = volume;
      let run = regions.nextInRun(index === volumeIndex ? region : 0);
      for (; run !== null; run = regions.nextInRun(run.first + run.count))
        bytes += Math.min((run.first + run.count) * regions.regionBytes, sizeBytes) - run.first * regions.regionBytes;
    }
    return bytes;
  };

  const plan = (on: Pass): void => {
    while (on.chunks.length < limits.copyChunksMax) {
      const volume = volumes[on.nextVolume];
      if (volume === undefined) return;
      const { regionBytes } = volume.regions;
      const run = volume.regions.nextInRun(Math.floor(on.nextOffsetBytes / regionBytes));
      if (run === null) {
        on.nextVolume += 1;
        on.nextOffsetBytes = 0;
        continue;
      }
      const offsetBytes = Math.max(run.first * regionBytes, on.nextOffsetBytes);
      const endBytes = Math.min((run.first + run.count) * regionBytes, volume.sizeBytes);
      const lengthBytes = Math.min(endBytes - offsetBytes, chunkBytesMax());
      on.nextOffsetBytes = offsetBytes + lengthBytes;
      // The last region may end beyond the volume.
      if (on.nextOffsetBytes === volume.sizeBytes) on.nextOffsetBytes = (run.first + run.count) * regionBytes;
      const asked = on.unasked === 0;
      const chunk: Chunk = {
        volume,
        offsetBytes,
        lengthBytes,
        id: nextId++,
        digests: asked ? null : new Uint8Array(0),
        asked,
        issuedBytes: 0,
        piecesOpen: 0,
        equalUnits: 0,
      };
      on.chunks.push(chunk);
      if (!asked) on.unasked -= 1;
      else {
        const unitBytes = limits.intentUnitBytes;
        options.ask({ kind: "digest-ask", id: chunk.id, volume: volume.name, offsetBytes, lengthBytes, unitBytes });
      }
    }
  };

  /** Reads as much as may be under way: little while hosts wait. */
  const issue = (on: Pass): void => {
    const inFlightMax = options.isBusy() ? limits.copyBytesBusyMax : limits.copyBytesMax;
    for (const chunk of on.chunks)
      while (chunk.digests !== null && chunk.issuedBytes < chunk.lengthBytes && on.failure === "") {
        const lengthBytes = Math.min(wholeUnits(limits.copyPieceBytes), chunk.lengthBytes - chunk.issuedBytes);
        if (on.inFlightBytes > 0 && on.inFlightBytes + lengthBytes > inFlightMax) return;
        if (!leavesRoom(on, lengthBytes)) return;
        const waitMs = nextIssueMs - desk.nowMs();
        if (waitMs > limits.copyAheadMs) return desk.wake(waitMs);
        nextIssueMs = Math.max(nextIssueMs, desk.nowMs()) + (lengthBytes * 1000) / limits.copyBytesPerSecondMax;
        const fromBytes = chunk.issuedBytes;
        chunk.issuedBytes += lengthBytes;
        chunk.piecesOpen += 1;
        on.inFlightBytes += lengthBytes;
        on.loadingBytes += lengthBytes;
        lastIssueMs = desk.nowMs();
        read(on, chunk, fromBytes, lengthBytes);
      }
  };

  /**
   * Half of the relay's journal is left to the hosts: a copy that filled it would hold them to the pace of the far link, or
   * have the group suspended because it is full. Where hosts need that half themselves, a piece goes now and then.
   */
  const leavesRoom = (on: Pass, lengthBytes: number): boolean => {
    const { leftBytes, mostBytes } = options.room();
    if (leftBytes - on.loadingBytes - lengthBytes >= mostBytes / 2) return true;
    return on.inFlightBytes === 0 && desk.nowMs() - lastIssueMs >= limits.copyPatienceMs;
  };

  const read = (on: Pass, chunk: Chunk, fromBytes: number, lengthBytes: number): void => {
    const { locks, name } = chunk.volume;
    const range = { offsetBytes: chunk.offsetBytes + fromBytes, lengthBytes };
    const lock = locks.acquire({ ...range, exclusive: false }, () => {
      desk.load(name, range, (data) => {
        on.loadingBytes -= lengthBytes;
        // An earlier pass: its place in the stream would be as good, but nobody counts it.
        if (pass === on && !Buffer.isBuffer(data)) on.failure = `the array of ${name} failed: ${data.message}`;
        else if (pass === on && Buffer.isBuffer(data)) copyWhatDiffers(on, chunk, fromBytes, data);
        locks.release(lock);
      });
    });
  };

  const copyWhatDiffers = (on: Pass, chunk: Chunk, fromBytes: number, data: Buffer): void => {
    const digests = (chunk.digests ?? new Uint8Array(0)).subarray((fromBytes / limits.intentUnitBytes) * digestBytes);
    const orders: CopyOrder[] = [];
    const unitBytes = limits.intentUnitBytes;
    for (let from = 0; from < data.length; from += unitBytes) {
      const unit = data.subarray(from, from + unitBytes);
      const at = (from / unitBytes) * digestBytes;
      if (isEqual(unit, digests.subarray(at, at + digestBytes))) chunk.equalUnits += 1;
      else
        orders.push({
          volume: chunk.volume.name,
          offsetBytes: chunk.offsetBytes + fromBytes + from,
          lengthBytes: unit.length,
          ...(isZero(unit) ? { kind: "zero", payload: nothing } : { kind: "copy", payload: unit }),
        });
    }
    let open = orders.length;
    const end = (): void => {
      if (pass !== on) return;
      on.inFlightBytes -= data.length;
      chunk.piecesOpen -= 1;
      advance(on);
    };
    for (const order of orders) {
      on.sentBytes += order.lengthBytes;
      options.submit(order, () => {
        open -= 1;
        if (open === 0) end();
      });
    }
    if (orders.length === 0) end();
  };

  /** Moves the cursor over every leading chunk that is done. */
  const advance = (on: Pass): void => {
    for (let chunk = on.chunks[0]; chunk !== undefined; chunk = on.chunks[0]) {
      if (chunk.issuedBytes < chunk.lengthBytes || chunk.piecesOpen > 0) return;
      on.chunks.shift();
      on.leftBytes -= chunk.lengthBytes;
      noteAnswers(on, chunk);
      const { name, sizeBytes, regions } = chunk.volume;
      const endBytes = chunk.offsetBytes + chunk.lengthBytes;
      const region =
        endBytes === sizeBytes ? Math.ceil(endBytes / regions.regionBytes) : Math.floor(endBytes / regions.regionBytes);
      cursor = { copyId: on.copyId, volume: name, region, done: false };
    }
  };

  /** Where nothing is equal, asking costs both ends a read and a digest for nothing: it is done less and less often. */
  const noteAnswers = (on: Pass, { asked, equalUnits }: Chunk): void => {
    if (!asked) return;
    if (equalUnits > 0) on.unaskedNext = 1;
    else {
      on.unasked = on.unaskedNext;
      on.unaskedNext = Math.min(2 * on.unaskedNext, limits.copyUnaskedMax);
    }
  };

  const finishIfDone = (on: Pass): void => {
    if (on.finished || on.chunks.length > 0 || on.nextVolume < volumes.length) return;
    on.finished = true;
    cursor = { ...cursor, copyId: on.copyId, done: true };
    persistCursor(() => {
      if (pass === on) options.onDone(on.copyId);
    });
  };

  const persistCursor = (then: () => void = () => {}): void => {
    const written = cursor;
    desk.commit({ marks: new Map([[markNames.copyCursor, cursorMark(written)]]) }, () => {
      durableCursor = written;
      then();
    });
  };

  return {
    begin,
    reset(copyId) {
      pass = null;
      cursor = firstCursor(copyId);
      return cursorMark(cursor);
    },
    stop() {
      pass = null;
    },
    drain() {
      if (pass === null) return;
      plan(pass);
      issue(pass);
      finishIfDone(pass);
    },
    tick() {
      if (pass === null) return;
      const now = desk.nowMs();
      if (now >= rate.atMs + limits.logIntervalMs) {
        const bytesPerSecond = ((rate.leftBytes - pass.leftBytes) * 1000) / (now - rate.atMs);
        rate = { atMs: now, leftBytes: pass.leftBytes, bytesPerSecond };
        // What could not be read is tried again.
        if (pass.failure !== "") begin(pass.copyId);
      }
      if (now < nextCursorMs || cursor === durableCursor || pass.finished) return;
      nextCursorMs = now + limits.markIntervalMs;
      persistCursor();
    },
    digests({ id, digests }) {
      const chunk = pass?.chunks.find((asked) => asked.id === id);
      if (pass === null || chunk === undefined || chunk.digests !== null) return;
      const expected = Math.ceil(chunk.lengthBytes / limits.intentUnitBytes) * digestBytes;
      chunk.digests = digests.length === expected ? digests : new Uint8Array(0);
    },
    progress() {
      if (pass === null) return null;
      const { copyId, totalBytes, leftBytes, sentBytes, failure } = pass;
      const { bytesPerSecond } = rate;
      return { copyId, doneBytes: totalBytes - leftBytes, totalBytes, sentBytes, bytesPerSecond, detail: failure };
    },
  };
}

/** A multiple of the unit of digests and of records: a copy record is one unit, and fits in every window. */
function wholeUnits(bytes: number): number {
  return Math.max(1, Math.floor(bytes / limits.intentUnitBytes)) * limits.intentUnitBytes;
}

function chunkBytesMax(): number {
  return wholeUnits(Math.min(limits.copyChunkBytes, limits.digestUnitsMax * limits.intentUnitBytes));
}

function isZero(unit: Buffer): boolean {
  for (let at = 0; at < unit.length; at += zeros.length) {
    const part = unit.subarray(at, at + zeros.length);
    if (!part.equals(zeros.subarray(0, part.length))) return false;
  }
  return true;
}

function isEqual(unit: Buffer, digest: Uint8Array): boolean {
  if (digest.length !== digestBytes || unknownDigest.equals(digest)) return false;
  return digestOf(unit).equals(digest);
}

function firstCursor(copyId: string): Cursor {
  return { copyId, volume: "", region: 0, done: false };
}

function cursorMark({ copyId, volume, region, done }: Cursor): MarkValue {
  return { copyId, volume, region, done };
}

function readCursor(marks: Marks): Cursor {
  const value = marks.get(markNames.copyCursor);
  if (value === undefined) return firstCursor("");
  const { copyId, volume, region, done } = value as Record<string, unknown>;
  const isWhole = typeof copyId === "string" && typeof volume === "string" && typeof region === "number";
  assert(isWhole && typeof done === "boolean", `the mark ${markNames.copyCursor} is damaged`);
  return { copyId, volume: volume as VolumeName, region, done };
}
