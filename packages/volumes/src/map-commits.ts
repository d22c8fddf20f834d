/**
 * What has been changed of the chunk maps and is not durable yet, and how it becomes so: all that was changed since the
 * last commit goes in one record (group commit). A commit takes what there is only between two transactions: half of
 * one would name chunks whose bits it does not set, or the other way round.
 */
import { volumeFailure } from "./errors.js";
import type { BlockCache } from "./block-cache.js";
import type { LogWriter } from "./log-writer.js";
import type { Word } from "./map-word.js";
import { describeArray, type VolumeArray } from "./volume-array.js";

export interface MapCommits {
  set(address: number, word: Word): void;
  /** The first content of a node. The image is the cache's own, and goes on changing. */
  addNode(address: number, image: Buffer): void;
  dataIsCached(): void;
  afterCommit(callback: () => void): void;
  wordCount(): number;
  nodeCount(): number;
  /** Resolves when everything that was changed before the call is durable. Not from within a transaction. */
  commit(): Promise<void>;
  /** The same from within a transaction that has changed nothing yet. */
  commitNow(): Promise<void>;
  /** From now on nothing can be made durable: memory is ahead of the disk, or half changed. */
  fail(reason: Error): void;
  /** Throws `IO_ERROR` when that is so. */
  check(): void;
}

export interface MapCommitsOptions {
  readonly array: VolumeArray;
  readonly cache: BlockCache;
  readonly log: LogWriter;
  /** Runs `take` between two transactions. */
  readonly betweenTransactions: (take: () => void) => Promise<void>;
}

interface Batch {
  readonly words: Map<number, Word>;
  readonly nodes: Map<number, Buffer>;
  readonly callbacks: (() => void)[];
  hasCachedData: boolean;
}

const newBatch = (): Batch => ({ words: new Map(), nodes: new Map(), callbacks: [], hasCachedData: false });

export function createMapCommits({ array, cache, log, betweenTransactions }: MapCommitsOptions): MapCommits {
  let pending = newBatch();
  /** The newest that has been taken; those before it come first. */
  let underWay: Promise<void> | null = null;
  /** The next, which everything that is pending goes with. */
  let next: Promise<void> | null = null;
  let failure: Error | null = null;

  const check = (): void => {
    if (failure === null) return;
    const text = `The chunk maps of ${describeArray(array)} could not be written: open the array again. ${failure.message}`;
    throw volumeFailure("IO_ERROR", text, { cause: failure });
  };
  const isEmpty = (): boolean => pending.words.size === 0 && pending.nodes.size === 0 && pending.callbacks.length === 0;

  /** Takes all that is pending, and starts to make it durable. */
  const take = (): Promise<void> => {
    const batch = pending;
    pending = newBatch();
    // Copied: they may be changed again while they are written, by what is not durable yet.
    const nodes = [...batch.nodes].map(([offsetBytes, image]) => {
      return { offsetBytes, lengthBytes: image.length, data: Buffer.from(image) };
    });
    const changes = [...batch.words].map(([address, word]) => ({ address, word }));
    const place = log.reserve(changes.length);
    const before = underWay ?? Promise.resolve();
    const write = async (): Promise<void> => {
      await before.catch(() => {});
      check();
      await Promise.all([nodes.length > 0 && array.writeBatch(nodes), batch.hasCachedData && array.flush()]);
      if (changes.length > 0) await log.write(changes, place);
      for (const { offsetBytes, lengthBytes } of nodes) {
        if (!pending.nodes.has(offsetBytes)) cache.unpin(offsetBytes, lengthBytes);
      }
      for (const callback of batch.callbacks) callback();
    };
    const mine = write().catch((error: unknown) => {
      failure ??= error as Error;
      throw error;
    });
    underWay = mine;
    const done = (): void => {
      if (underWay === mine) underWay = null;
    };
    mine.then(done, done);
    return mine;
  };

  const takeNext = async (): Promise<void> => {
    // While a batch is on its way, the next gathers.
    await (underWay ?? Promise.resolve()).catch(() => {});
    let taken: Promise<void> = Promise.resolve();
    await betweenTransactions(() => {
      next = null;
      taken = take();
      // It is awaited below, after others may have seen it fail.
      taken.catch(() => {});
    });
    await taken;
  };

  return {
    set: (address, word) => pending.words.set(address, word),
    addNode: (address, image) => pending.nodes.set(address, image),
    dataIsCached: () => (pending.hasCachedData = true),
    afterCommit: (callback) => pending.callbacks.push(callback),
    wordCount: () => pending.words.size,
    nodeCount: () => pending.nodes.size,
    async commit() {
      // What failed is pending no more, and yet no disk has it: chunks may lie where no durable map names them.
      check();
      if (next !== null) return next;
      if (isEmpty()) return underWay ?? Promise.resolve();
      return (next = takeNext());
    },
    async commitNow() {
      if (!isEmpty()) await take();
      else await underWay;
      check();
    },
    fail: (reason) => (failure ??= reason),
    check,
  };
}
