/**
 * The words of all chunk maps of an array (PROTOCOL 11, third bullet): read through a bounded cache, changed in memory,
 * and made durable together (group commit) by one record of the log. In place they are written at a checkpoint, which
 * ends with a new volume table: the table's generation is the log's epoch, so that the log is empty from then on.
 *
 *   commit:      new nodes and cached data durable -> record durable -> freed chunks may be used again
 *   checkpoint:  commit -> changed blocks written in place, synced -> table of the next generation durable
 *
 * What is on disk if the process dies
 * - before the record: the maps as they were; new data and nodes lie in chunks that no map has. Nothing is lost: no
 *   write that needed the record was acknowledged.
 * - after the record, before the checkpoint's table: opening replays the records over whatever got in place.
 * - after the table: everything is in place, and the log's records are of another epoch.
 *
 * Replay puts words back into nodes, so no node may be let go of, and its chunk be given to somebody else, while the log
 * has words of it. None is: nodes are let go of by deletions alone, of what nothing changes any more, and a deletion
 * begins with a table, which empties the log.
 */
import assert from "node:assert/strict";
import { isFailure } from "@waystation/contracts/errors";
import { volumeFailure } from "./errors.js";
import { createBlockCache, type BlockCache } from "./block-cache.js";
import { blockBytes, logOffset, type VolumeLayout } from "./layout.js";
import { createLogWriter } from "./log-writer.js";
import { createMapCommits } from "./map-commits.js";
import { readLog } from "./map-log.js";
import { readWord, writeWord, type Word } from "./map-word.js";
import type { VolumeTable } from "./volume-table.js";
import type { TableChange, TableStore } from "./table-store.js";
import { describeArray, type VolumeArray } from "./volume-array.js";

/** What a transaction may change at most, and how far changes may get ahead of their commit. */
const transactionWordsMax = 3072;
const nodesAheadMax = 32;
/** How many blocks one write to the array carries. */
const blocksPerWrite = 64;
const dirtyShare = 0.5;

export interface MapStore {
  readonly cache: BlockCache;
  /** The word at an address whose block is in memory. */
  wordNow(address: number): Word | undefined;
  word(address: number): Promise<Word>;
  /** To be called after words were read outside `exclusively`: keeps the cache within its bound. */
  trim(): void;
  /** Runs one change of maps or table at a time. Not to be nested. */
  exclusively<T>(change: () => Promise<T>): Promise<T>;
  /** Within `exclusively`: sets a word whose block has been loaded in the same turn. */
  set(address: number, word: Word): void;
  /** Within `exclusively`: the same for a word that nothing durable refers to before the next table. */
  prepare(address: number, word: Word): Promise<void>;
  /** Within `exclusively`: a new node in a chunk that no durable map has. */
  addNode(address: number, image: Buffer): void;
  /** A node that nothing refers to any more. */
  forgetNode(address: number): void;
  /** Data that a word names was written without waiting for it to be durable. */
  dataIsCached(): void;
  /** Calls back when what has been set so far is durable. */
  afterCommit(callback: () => void): void;
  /** Resolves when everything set before the call is durable. */
  commit(): Promise<void>;
  /** Within `exclusively`: everything in place, and the changed table durable. */
  replaceTable(change: TableChange): Promise<void>;
  /** The same by itself. */
  changeTable(change: (now: VolumeTable) => TableChange): Promise<void>;
}

export interface MapStoreOptions {
  readonly array: VolumeArray;
  readonly layout: VolumeLayout;
  readonly table: TableStore;
  readonly cacheBytes: number;
}

/** Replays the log. Rejects with `VOLUME_MAP_DAMAGED`. */
export async function openMapStore({ array, layout, table, cacheBytes }: MapStoreOptions): Promise<MapStore> {
  const cache = createBlockCache(array, Math.floor(cacheBytes / blockBytes));
  let turn: Promise<unknown> = Promise.resolve();
  /** While one runs, what it has loaded stays loaded. */
  const transaction = { isRunning: false, hasChanged: false };

  const inTurn = <T>(work: () => T | Promise<T>): Promise<T> => {
    const mine = turn.then(work);
    turn = mine.catch(() => {});
    return mine;
  };
  const log = createLogWriter(array, layout, () => table.current().generation);
  const commits = createMapCommits({ array, cache, log, betweenTransactions: inTurn });

  const writeDirty = async (): Promise<void> => {
    const blocks = cache.dirtyBlocks();
    for (let first = 0; first < blocks.length; first += blocksPerWrite) {
      const some = blocks.slice(first, first + blocksPerWrite);
      const writes = some.map(({ address, bytes }) => {
        return { offsetBytes: address, lengthBytes: blockBytes, data: bytes };
      });
      await array.writeBatch(writes);
    }
    cache.allWritten();
  };
  const replaceTable = async (change: TableChange): Promise<void> => {
    assert(!transaction.hasChanged, "a table is replaced in the midst of a transaction");
    await commits.commitNow();
    await writeDirty();
    try {
      await table.replace(change);
    } catch (error) {
      // If the new table got to the disk after all, it emptied the log there: nothing may be added to it any more.
      if (!isFailure(error, "NO_SPACE")) commits.fail(error as Error);
      throw error;
    }
    log.restart();
  };
  const makeRoom = async (): Promise<void> => {
    commits.check();
    if (commits.wordCount() > transactionWordsMax || commits.nodeCount() > nodesAheadMax) await commits.commitNow();
    const isDirty = cache.dirtyCount() * blockBytes > cacheBytes * dirtyShare;
    if (isDirty || !log.hasRoomFor(3 * transactionWordsMax)) await replaceTable({});
  };
  const transact = async <T>(change: () => Promise<T>): Promise<T> => {
    transaction.isRunning = true;
    try {
      await makeRoom();
      return await change();
    } catch (error) {
      // Half of a change is in memory, and must not get to the disk.
      if (transaction.hasChanged) commits.fail(error as Error);
      throw error;
    } finally {
      transaction.isRunning = false;
      transaction.hasChanged = false;
      cache.evict();
    }
  };

  const store: MapStore = {
    cache,
    wordNow(address) {
      const block = cache.now(address);
      return block === undefined ? undefined : readWord(block, address % blockBytes);
    },
    trim() {
      if (!transaction.isRunning) cache.evict();
    },
    word: async (address) => readWord(await cache.load(address), address % blockBytes),
    exclusively: (change) => inTurn(() => transact(change)),
    set(address, word) {
      transaction.hasChanged = true;
      writeWord(cache.change(address), address % blockBytes, word);
      commits.set(address, word);
    },
    async prepare(address, word) {
      await cache.load(address);
      writeWord(cache.change(address), address % blockBytes, word);
    },
    addNode(address, image) {
      assert(image.length === layout.chunkBytes, "a node is one chunk");
      transaction.hasChanged = true;
      cache.adopt(address, image);
      commits.addNode(address, image);
    },
    forgetNode: (address) => cache.drop(address, layout.chunkBytes),
    dataIsCached: () => commits.dataIsCached(),
    afterCommit: (callback) => commits.afterCommit(callback),
    commit: () => commits.commit(),
    replaceTable,
    changeTable: (change) => store.exclusively(() => replaceTable(change(table.current()))),
  };
  await replay(store, { array, layout, table, cacheBytes });
  return store;
}

async function replay(store: MapStore, { array, layout, table }: MapStoreOptions): Promise<void> {
  const reading = readLog(await array.read(logOffset, layout.logBytes), table.current().generation);
  const isSound = reading.changes.every(({ address }) => {
    return address >= 0 && address % 8 === 0 && address + 8 <= layout.arrayBytes;
  });
  if (!reading.isWhole || !isSound) {
    throw volumeFailure(
      "VOLUME_MAP_DAMAGED",
      `The log of the chunk maps of ${describeArray(array)} has a hole, or is newer than the volume table: something ` +
        `else wrote to the disks. Restore them, or create the array anew.`,
    );
  }
  for (const { address, word } of reading.changes) await store.prepare(address, word);
  if (reading.changes.length > 0) await store.exclusively(() => store.replaceTable({}));
}
