/**
 * The one writer of a journal's database: takes what waits, writes it as one synced batch, and while that is being
 * written the next gathers (group commit). A commit is never split. Trimmed records are deleted along with commits, a
 * bounded number per batch, and by themselves, unsynced, when nothing else waits: losing a deletion loses nothing.
 */
import type { BatchChain } from "./batch-chain.js";
import type { DatabaseOperation, JournalDatabase } from "./level-database.js";
import {
  batchKey,
  encodeBatchIndex,
  layoutVersion,
  markKey,
  recordKey,
  seal,
  stateKey,
  type BatchEntry,
  type JournalState,
} from "./level-layout.js";
import { recordCrc } from "./record-format.js";
import type { RecordIndex } from "./record-index.js";

/** One commit, encoded: nothing in it refers to the caller's objects any more. */
interface EncodedCommit {
  /** Counts up from 1 since the journal was opened. */
  readonly ordinal: number;
  readonly cutAfter: number | null;
  /** The records that the cut removes from the database. */
  readonly cutSequences: readonly number[];
  readonly records: readonly EncodedRecord[];
  /** Keys and sealed values of marks; null deletes. */
  readonly marks: readonly (readonly [string, Buffer | null])[];
  readonly settle: (failure: Error | null) => void;
}

interface EncodedRecord {
  readonly sequence: number;
  /** What it counts for in `usage`. */
  readonly bytes: number;
  readonly value: Buffer;
}

export interface WriterOptions {
  readonly database: JournalDatabase;
  readonly group: string;
  readonly index: RecordIndex;
  readonly chain: BatchChain;
  readonly trimmedThrough: number;
  /** The names of the marks that the database holds. */
  readonly markNames: Iterable<string>;
  readonly batchBytesMax: number;
  /** All commits up to this ordinal are in the database, durably. */
  readonly onDurable: (ordinal: number) => void;
  /** A write failed: the journal is dead. Returns what to tell those who wait. */
  readonly onFailure: (error: unknown) => Error;
}

export interface LevelWriter {
  add(commit: EncodedCommit): void;
  /** Records up to here are trimmed in the index; deletes them when there is time. */
  trim(through: number): void;
  /** Resolves when nothing waits any more. Deletions may be left over; opening finds them again. */
  drain(): Promise<void>;
}

const deletesPerBatchMax = 512;

export function createLevelWriter(options: WriterOptions): LevelWriter {
  const { index, chain, database } = options;
  let waiting: EncodedCommit[] = [];
  let writing: Promise<void> | null = null;
  let draining = false;
  let failed = false;
  const markNames = new Set(options.markNames);
  /** The cursor that the caller wants, and the one that the next state may claim. */
  let trimWanted = options.trimmedThrough;
  let trimmedThrough = options.trimmedThrough;
  /** The highest record in the database, this batch's included. */
  let storedThrough = Math.max(index.last(), options.trimmedThrough);

  const kick = (): void => {
    writing ??= writeAll().finally(() => {
      writing = null;
      // A commit may have come between the loop's last look and this line.
      if (!failed && hasWork()) kick();
    });
  };

  const hasWork = (): boolean => waiting.length > 0 || (!draining && index.trimmedCount() > 0 && trimmable() > 0);

  /** A trim may speak of numbers that a waiting cut frees and gives out again: then it waits for that cut. */
  const trimmable = (): number =>
    waiting.some((commit) => commit.cutAfter !== null) ? 0 : Math.min(trimWanted, storedThrough);

  const writeAll = async (): Promise<void> => {
    // Commits called in this turn of the event loop belong together.
    await Promise.resolve();
    while (!failed && hasWork()) {
      const taken = takeWaiting();
      try {
        await database.write(operationsOf(taken), { sync: taken.length > 0 });
      } catch (error) {
        failed = true;
        const failure = options.onFailure(error);
        for (const commit of [...taken, ...waiting.splice(0)]) commit.settle(failure);
        return;
      }
      const last = taken.at(-1);
      if (last !== undefined) options.onDurable(last.ordinal);
      for (const commit of taken) commit.settle(null);
    }
  };

  /** The commits of the next batch: at least one, up to the byte limit. A cut opens a batch (see the layout). */
  const takeWaiting = (): EncodedCommit[] => {
    let bytes = 0;
    let count = 0;
    for (const commit of waiting) {
      const size = commit.records.reduce((sum, record) => sum + record.value.length, 0);
      if (count > 0 && (commit.cutAfter !== null || bytes + size > options.batchBytesMax)) break;
      bytes += size;
      count += 1;
    }
    const taken = waiting.slice(0, count);
    waiting = waiting.slice(count);
    return taken;
  };

  function* operationsOf(taken: readonly EncodedCommit[]): Generator<DatabaseOperation> {
    const entries: BatchEntry[] = [];
    for (const commit of taken) {
      if (commit.cutAfter !== null) noteCut(commit.cutAfter);
      for (const sequence of commit.cutSequences) yield { type: "del", key: recordKey(sequence) };
      for (const { sequence, bytes, value } of commit.records) {
        yield { type: "put", key: recordKey(sequence), value };
        entries.push({ sequence, bytes, crc: recordCrc(value) });
      }
      for (const [name, value] of commit.marks) {
        const key = markKey(name);
        if (value === null) markNames.delete(name);
        else markNames.add(name);
        yield value === null ? { type: "del", key } : { type: "put", key, value };
      }
    }
    storedThrough = entries.at(-1)?.sequence ?? storedThrough;
    if (taken.length > 0) yield appendBatch(taken[0]?.cutAfter ?? null, entries);
    yield* deletions();
    yield { type: "put", key: stateKey, value: seal(currentState()) };
  }

  const noteCut = (cutAfter: number): void => {
    chain.cutAfter(cutAfter);
    storedThrough = Math.min(storedThrough, cutAfter);
    trimmedThrough = Math.min(trimmedThrough, cutAfter);
  };

  const appendBatch = (cutAfter: number | null, entries: readonly BatchEntry[]): DatabaseOperation => {
    const number = chain.lastNumber() + 1;
    const value = encodeBatchIndex({ number, previousCrc: chain.lastCrc(), cutAfter, entries });
    chain.append(value.readUInt32LE(0), entries.at(-1)?.sequence ?? null);
    return { type: "put", key: batchKey(number), value };
  };

  function* deletions(): Generator<DatabaseOperation> {
    const limit = trimmable();
    if (limit === 0) return;
    trimmedThrough = Math.max(trimmedThrough, limit);
    for (const sequence of index.takeTrimmed(deletesPerBatchMax, limit)) {
      yield { type: "del", key: recordKey(sequence) };
    }
    for (const number of chain.takeEmpty(index.oldestStored(), deletesPerBatchMax)) {
      yield { type: "del", key: batchKey(number) };
    }
  }

  const currentState = (): JournalState => ({
    layout: layoutVersion,
    group: options.group,
    lastBatch: chain.lastNumber(),
    lastBatchCrc: chain.lastCrc(),
    firstBatch: chain.firstNumber(),
    trimmedThrough,
    markCount: markNames.size,
  });

  return {
    add(commit) {
      // A cut takes the cursor back with it: the numbers above it are to be used again.
      if (commit.cutAfter !== null) trimWanted = Math.min(trimWanted, commit.cutAfter);
      waiting.push(commit);
      kick();
    },
    trim(through) {
      trimWanted = Math.max(trimWanted, through);
      if (index.trimmedCount() > 0) kick();
    },
    async drain() {
      draining = true;
      while (writing !== null) await writing;
    },
  };
}
