/**
 * The medium of one volume's store, with the semantics of the `DurableBlockStore` port at their worst: what is written
 * can be read at once, long before it is durable; a crash leaves each cell of what was not durable old or new, cell by
 * cell. The medium outlives the node's lives; each life opens its own store on it.
 */
import assert from "node:assert/strict";
import type { BlockWrite, DurableBlockStore } from "@waystation/contracts/block-device";
import { Failure } from "@waystation/contracts/errors";
import type { Random } from "@waystation/contracts/random";
import { cellBytes } from "./cell.js";
import { createCellContents, type Content } from "./cell-contents.js";
import { drawLatency, type Latency } from "./latency.js";
import type { World } from "./world.js";

export interface DiskMedium {
  readonly sizeBytes: number;
  /** A store for one life of the node. Once `alive` says no, none of its promises settles any more. */
  open(alive: () => boolean): DurableBlockStore | Promise<DurableBlockStore>;
  /** The next batch fails: some of it may be on the disk, none of it durably. */
  failNext(): void;
  /** Power loss: what is not durable is lost or not, cell by cell. Call once the store's user is dead. */
  crash(random: Random): void;
  /** The medium is replaced by an empty one. Call once the store's user is dead. */
  wipe(): void;
  /** What a reader sees, for checkers. Not to be changed. */
  visible(cell: number): Content;
  /** What survives power loss for sure. */
  durable(cell: number): Content;
  /** The cells that were ever written. */
  touched(): Iterable<number>;
}

export interface MediumOptions {
  readonly sizeBytes: number;
  readonly latency: Latency;
  readonly random: Random;
  /** Told of each write when it becomes visible. */
  readonly onWrite: (write: BlockWrite) => void;
}

/** A single disk. It opens at once. */
export interface SingleDiskMedium extends DiskMedium {
  open(alive: () => boolean): DurableBlockStore;
}

export function createDiskMedium(world: World, options: MediumOptions): SingleDiskMedium {
  const { sizeBytes, latency, random } = options;
  const contents = createCellContents(sizeBytes);
  const { visible, settle } = contents;
  let batches = 0;
  let failing = false;

  const show = (write: BlockWrite, batch: number): number[] => {
    options.onWrite(write);
    return contents.show(write, batch);
  };

  const readVisible = (offsetBytes: number, lengthBytes: number): Buffer => {
    const result = Buffer.alloc(lengthBytes);
    for (let at = offsetBytes; at < offsetBytes + lengthBytes;) {
      const cell = Math.floor(at / cellBytes);
      const from = at - cell * cellBytes;
      const count = Math.min(cellBytes - from, offsetBytes + lengthBytes - at);
      const content = visible(cell);
      if (content !== null) result.set(content.subarray(from, from + count), at - offsetBytes);
      at += count;
    }
    return result;
  };

  return {
    sizeBytes,
    open(alive) {
      // Completed and not flushed in this life: batch number to cells.
      const unflushed = new Map<number, readonly number[]>();
      const takes = (finish: () => void): void => {
        world.after(drawLatency(latency, random), () => {
          if (alive()) finish();
        });
      };
      const writeCached = (write: BlockWrite): Promise<void> =>
        new Promise((resolve) => {
          const batch = ++batches;
          const touched = show(write, batch);
          takes(() => {
            unflushed.set(batch, touched);
            resolve();
          });
        });
      return {
        sizeBytes,
        read: (offsetBytes, lengthBytes) =>
          new Promise((resolve) => {
            assert(offsetBytes >= 0 && offsetBytes + lengthBytes <= sizeBytes, "a store read out of range");
            takes(() => {
              resolve(readVisible(offsetBytes, lengthBytes));
            });
          }),
        readNow(offsetBytes, into) {
          if (!alive()) return false;
          into.set(readVisible(offsetBytes, into.length));
          return true;
        },
        write: (offsetBytes, data) => writeCached({ offsetBytes, lengthBytes: data.length, data }),
        zero: (offsetBytes, lengthBytes) => writeCached({ offsetBytes, lengthBytes, data: null }),
        flush: () =>
          new Promise((resolve) => {
            const completed = [...unflushed];
            takes(() => {
              for (const [batch, touched] of completed) {
                settle(touched, batch);
                unflushed.delete(batch);
              }
              resolve();
            });
          }),
        writeBatch: (writes) =>
          new Promise((resolve, reject) => {
            const batch = ++batches;
            const fails = failing;
            failing = false;
            const shown = fails ? writes.slice(0, random.below(writes.length + 1)) : writes;
            const touched = shown.flatMap((write) => show(write, batch));
            takes(() => {
              if (fails) return reject(new Failure("IO_ERROR", "the simulated disk failed"));
              settle(touched, batch);
              resolve();
            });
          }),
        close: () => Promise.resolve(),
      };
    },
    failNext() {
      failing = true;
    },
    crash(crashRandom) {
      failing = false;
      // All old, all new, or cell by cell: the extremes find other mistakes than the mixture does.
      const mood = crashRandom.below(4);
      for (const state of contents.cells.values()) {
        const count = state.pending.length;
        if (count === 0) continue;
        const index = mood === 0 ? -1 : mood === 1 ? count - 1 : crashRandom.below(count + 1) - 1;
        const survivor = state.pending[index];
        if (survivor !== undefined) state.durable = survivor.content;
        state.pending.length = 0;
      }
    },
    wipe() {
      failing = false;
      contents.clear();
    },
    visible,
    durable: (cell) => contents.durable(cell),
    touched: () => contents.cells.keys(),
  };
}
