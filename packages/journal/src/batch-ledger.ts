/**
 * What a journal's database knows of its batches, beyond the records: each batch chained to the one before, marks, what
 * may be deleted, and the state that goes with them. Its functions make operations; the caller writes them, in the order
 * in which they were made, or the journal is dead.
 */
import type { BatchChain } from "./batch-chain.js";
import type { QueuedCommit } from "./commit-queue.js";
import type { DatabaseOperation } from "./level-database.js";
import { batchKey, encodeBatchIndex, layoutVersion, markKey, recordKey, seal, stateKey } from "./level-layout.js";
import type { JournalState, RingState } from "./level-state.js";
import type { MarkSum } from "./mark-sum.js";
import { recordCrc } from "./record-format.js";
import type { RecordIndex } from "./record-index.js";

/** One commit, encoded: nothing in it refers to the caller's objects any more. */
export interface EncodedCommit extends QueuedCommit {
  /** The records that the cut removes, as far as they may be in the database. */
  readonly cutSequences: readonly number[];
  readonly records: readonly EncodedRecord[];
  /** Names and sealed values of marks; null deletes. */
  readonly marks: readonly (readonly [string, Buffer | null])[];
}

export interface EncodedRecord {
  readonly sequence: number;
  /** What it counts for in `usage`. */
  readonly bytes: number;
  readonly value: Buffer;
}

/** A batch that has its place in the chain. */
export interface ChainedBatch {
  readonly number: number;
  readonly index: Buffer;
  readonly records: readonly EncodedRecord[];
  /** The last value of each mark that it changes. */
  readonly marks: ReadonlyMap<string, Buffer | null>;
  readonly cutSequences: readonly number[];
}

export interface BatchLedgerOptions {
  readonly group: string;
  readonly index: RecordIndex;
  readonly chain: BatchChain;
  readonly trimmedThrough: number;
  /** Of the marks that the database holds. The ledger's from then on. */
  readonly markSum: MarkSum;
  /** What the state says of the ring. */
  readonly ringState: () => RingState;
  /** Whether a commit that waits has a cut. */
  readonly hasWaitingCut: () => boolean;
}

export interface BatchLedger {
  /** `inRing`: its records lie in the ring, from `ringStart` on; otherwise they go into the database. */
  append(
    taken: readonly EncodedCommit[],
    place: { readonly inRing: boolean; readonly ringStart: number },
  ): ChainedBatch;
  /** Records up to here are trimmed in the index; a cut takes the cursor back. */
  wantTrim(through: number): void;
  noteWaitingCut(cutAfter: number): void;
  /** Whether `closing` would delete anything. */
  canDelete(): boolean;
  /** Deletions of trimmed records and of the indexes of batches that hold none any more, at most so many; the state. */
  closing(deletesMax: number): Generator<DatabaseOperation>;
}

export function createBatchLedger(options: BatchLedgerOptions): BatchLedger {
  const { index, chain, markSum } = options;
  /** The cursor that the caller wants, and the one that the next state may claim. */
  let trimWanted = options.trimmedThrough;
  let trimmedThrough = options.trimmedThrough;
  /** The highest record stored, this batch's included. */
  let storedThrough = Math.max(index.last(), options.trimmedThrough);

  /** A trim may speak of numbers that a waiting cut frees and gives out again: then it waits for that cut. */
  const trimmable = (): number => (options.hasWaitingCut() ? 0 : Math.min(trimWanted, storedThrough));

  const noteCut = (cutAfter: number): void => {
    chain.cutAfter(cutAfter);
    storedThrough = Math.min(storedThrough, cutAfter);
    trimmedThrough = Math.min(trimmedThrough, cutAfter);
  };

  const state = (): JournalState => ({
    layout: layoutVersion,
    group: options.group,
    lastBatch: chain.lastNumber(),
    lastBatchCrc: chain.lastCrc(),
    firstBatch: chain.firstNumber(),
    trimmedThrough,
    markCount: markSum.count(),
    markSum: markSum.sum(),
    ring: options.ringState(),
  });

  return {
    append(taken, place) {
      const cutAfter = taken[0]?.cutAfter ?? null;
      if (cutAfter !== null) noteCut(cutAfter);
      const records = taken.flatMap((commit) => commit.records);
      const marks = new Map(taken.flatMap((commit) => commit.marks));
      for (const [name, value] of marks) markSum.set(name, value);
      const number = chain.lastNumber() + 1;
      const entries = records.map(({ sequence, bytes, value }) => ({ sequence, bytes, crc: recordCrc(value) }));
      const encoded = encodeBatchIndex({ number, previousCrc: chain.lastCrc(), cutAfter, entries, ...place });
      chain.append(encoded.readUInt32LE(0), { lastSequence: records.at(-1)?.sequence ?? null, ...place });
      storedThrough = records.at(-1)?.sequence ?? storedThrough;
      return { number, index: encoded, records, marks, cutSequences: taken[0]?.cutSequences ?? [] };
    },
    wantTrim: (through) => (trimWanted = Math.max(trimWanted, through)),
    // The numbers above it are to be used again.
    noteWaitingCut: (cutAfter) => (trimWanted = Math.min(trimWanted, cutAfter)),
    canDelete: () => index.oldestStored() <= trimmable() && index.trimmedCount() > 0,
    *closing(deletesMax) {
      const limit = trimmable();
      if (limit > 0) {
        trimmedThrough = Math.max(trimmedThrough, limit);
        for (const sequence of index.takeTrimmed(deletesMax, limit)) yield { type: "del", key: recordKey(sequence) };
        for (const number of chain.takeEmpty(index.oldestStored(), deletesMax)) {
          yield { type: "del", key: batchKey(number) };
        }
      }
      yield { type: "put", key: stateKey, value: seal(state()) };
    },
  };
}

export function* cutOperations({ cutSequences }: ChainedBatch): Generator<DatabaseOperation> {
  for (const sequence of cutSequences) yield { type: "del", key: recordKey(sequence) };
}

export function* recordOperations({ records }: ChainedBatch): Generator<DatabaseOperation> {
  for (const { sequence, value } of records) yield { type: "put", key: recordKey(sequence), value };
}

export function* markOperations(marks: ChainedBatch["marks"]): Generator<DatabaseOperation> {
  for (const [name, value] of marks) {
    const key = markKey(name);
    yield value === null ? { type: "del", key } : { type: "put", key, value };
  }
}

export function indexOperation({ number, index }: ChainedBatch): DatabaseOperation {
  return { type: "put", key: batchKey(number), value: index };
}
