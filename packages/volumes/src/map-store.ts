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
 * A node that is let go may have words in the log, and replay would put them back: so its chunk is given to somebody
 * else only after the next table (`afterTable`), when those records count no more.
 */
import assert from "node:assert/strict";
import { isFailure } from "@waystation/contracts/errors";
import { volumeFailure } from "./errors.js";
import { createBlockCache, type BlockCache } from "./block-cache.js";
import { blockBytes, logOffset, type VolumeLayout } from "./layout.js";
import { encodeRecord, readLog, recordBytes, type MapChange } from "./map-log.js";
import { readWord, writeWord, type Word } from "./map-word.js";
import type { VolumeTable } from "./volume-table.js";
import type { TableChange, TableStore } from "./table-store.js";
import { describeArray, type VolumeArray } from "./volume-array.js";

/** What a transaction may change at most, and how far changes may get ahead of their commit. */
const transactionWordsMax = 2048;
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
  /** Within `exclusively`: a node that nothing refers to any more. */
  dropNode(address: number): void;
  /** Data that a word names was written without waiting for it to be durable. */
  dataIsCached(): void;
  /** Calls back when what has been set so far is durable. */
  afterCommit(callback: () => void): void;
  /** Calls back when the next table is durable. */
  afterTable(callback: () => void): void;
  /** Resolves when everything set before the call is durable. */
  commit(): Promise<void>;
  /** Within `exclusively`: everything in place, and the changed table durable. */
  replaceTable(change: TableChange): Promise<void>;
  /** The same by itself. */
  changeTable(change: (now: VolumeTable) => TableChange): Promise<void>;
}

interface Batch {
  readonly words: Map<number, Word>;
  readonly nodes: Map<number, Buffer>;
  readonly callbacks: (() => void)[];
  hasCachedData: boolean;
}

const newBatch = (): Batch => ({ words: new Map(), nodes: new Map(), callbacks: [], hasCachedData: false });

export interface MapStoreOptions {
  readonly array: VolumeArray;
  readonly layout: VolumeLayout;
  readonly table: TableStore;
  readonly cacheBytes: number;
}

/** Replays the log. Rejects with `VOLUME_MAP_DAMAGED`. */
export async function openMapStore({ array, layout, table, cacheBytes }: MapStoreOptions): Promise<MapStore> {
  const cache = createBlockCache(array, Math.floor(cacheBytes / blockBytes));
  const log = createLogWriter(array, layout, () => table.current().generation);
  let pending = newBatch();
  let committing: Promise<void> | null = null;
  let waiting: Promise<void> | null = null;
  let afterTable: (() => void)[] = [];
  let turn: Promise<unknown> = Promise.resolve();
  /** While it runs, what it has loaded stays loaded. */
  let isChanging = false;
  let failure: Error | null = null;

  const check = (): void => {
    if (failure === null) return;
    const text = `The chunk maps of ${describeArray(array)} could not be written: open the array again. ${failure.message}`;
    throw volumeFailure("IO_ERROR", text, { cause: failure });
  };

  const commitBatch = async (batch: Batch): Promise<void> => {
    // Copied: they may be changed again while they are written, by what is not durable yet.
    const nodes = [...batch.nodes].map(([offsetBytes, image]) => {
      return { offsetBytes, lengthBytes: image.length, data: Buffer.from(image) };
    });
    const record = [...batch.words].map(([address, word]): MapChange => ({ address, word }));
    const place = log.reserve(record.length);
    await Promise.all([nodes.length > 0 && array.writeBatch(nodes), batch.hasCachedData && array.flush()]);
    if (record.length > 0) await log.write(record, place);
    for (const { offsetBytes, lengthBytes } of nodes) {
      if (!pending.nodes.has(offsetBytes)) cache.unpin(offsetBytes, lengthBytes);
    }
    for (const callback of batch.callbacks) callback();
  };
  const commitNext = async (): Promise<void> => {
    // Changes made in the same turn go together, and so do those made while the batch before is on its way.
    await Promise.resolve();
    if (committing !== null) await committing.catch(() => {});
    check();
    waiting = null;
    const batch = pending;
    pending = newBatch();
    committing = commitBatch(batch);
    try {
      await committing;
    } catch (error) {
      // Memory is ahead of the disk from now on, by what cannot be made durable.
      failure = error as Error;
      throw error;
    } finally {
      committing = null;
    }
  };
  const commit = (): Promise<void> => {
    const isClean = pending.words.size === 0 && pending.nodes.size === 0 && pending.callbacks.length === 0;
    if (waiting === null && isClean) return committing ?? Promise.resolve();
    if (waiting === null) {
      waiting = commitNext();
      waiting.catch(() => (waiting = null));
    }
    return waiting;
  };

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
    check();
    await commit();
    await writeDirty();
    try {
      await table.replace(change);
    } catch (error) {
      // If the new table got to the disk after all, it emptied the log there: nothing may be added to it any more.
      if (!isFailure(error, "NO_SPACE")) failure = error as Error;
      throw error;
    }
    log.restart();
    const callbacks = afterTable;
    afterTable = [];
    for (const callback of callbacks) callback();
  };
  const makeRoom = async (): Promise<void> => {
    check();
    if (pending.words.size > transactionWordsMax || pending.nodes.size > nodesAheadMax) await commit();
    const isDirty = cache.dirtyCount() * blockBytes > cacheBytes * dirtyShare;
    if (isDirty || !log.hasRoomFor(3 * transactionWordsMax)) await replaceTable({});
  };

  const store: MapStore = {
    cache,
    wordNow(address) {
      const block = cache.now(address);
      return block === undefined ? undefined : readWord(block, address % blockBytes);
    },
    trim() {
      if (!isChanging) cache.evict();
    },
    word: async (address) => readWord(await cache.load(address), address % blockBytes),
    exclusively(change) {
      const mine = turn.then(async () => {
        isChanging = true;
        try {
          await makeRoom();
          return await change();
        } finally {
          isChanging = false;
          cache.evict();
        }
      });
      turn = mine.catch(() => {});
      return mine;
    },
    set(address, word) {
      writeWord(cache.change(address), address % blockBytes, word);
      pending.words.set(address, word);
    },
    async prepare(address, word) {
      await cache.load(address);
      writeWord(cache.change(address), address % blockBytes, word);
    },
    addNode(address, image) {
      assert(image.length === layout.chunkBytes, "a node is one chunk");
      cache.adopt(address, image);
      pending.nodes.set(address, image);
    },
    dropNode(address) {
      cache.drop(address, layout.chunkBytes);
      pending.nodes.delete(address);
    },
    dataIsCached: () => (pending.hasCachedData = true),
    afterCommit: (callback) => pending.callbacks.push(callback),
    afterTable: (callback) => afterTable.push(callback),
    commit,
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

interface LogWriter {
  hasRoomFor(words: number): boolean;
  reserve(words: number): number;
  write(changes: readonly MapChange[], place: number): Promise<void>;
  restart(): void;
}

/** Writes records of the current epoch, one behind the other. */
function createLogWriter(array: VolumeArray, { logBytes }: VolumeLayout, epoch: () => number): LogWriter {
  let head = 0;
  let sequence = 0;
  return {
    hasRoomFor: (words) => head + recordBytes(words) <= logBytes,
    reserve(words) {
      const place = head;
      if (words > 0) head += recordBytes(words);
      assert(head <= logBytes, "the log of the chunk maps has no room for a record");
      return place;
    },
    async write(changes, place) {
      const data = encodeRecord(changes, { epoch: epoch(), sequence: sequence++ });
      await array.writeBatch([{ offsetBytes: logOffset + place, lengthBytes: data.length, data }]);
    },
    restart() {
      head = 0;
      sequence = 0;
    },
  };
}
