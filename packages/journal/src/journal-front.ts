/**
 * What the journals that store on a medium have in common: the user's view of records and marks, changed in the very
 * call; the tail cache; reads that know from the index what they must find. A commit is encoded and readable when it is
 * called, and acknowledged when the adapter's writer has made it durable.
 */
import type { Failure } from "@waystation/contracts/errors";
import { toSequence, type GroupName } from "@waystation/contracts/ids";
import {
  recordBytes,
  type Journal,
  type JournalCommit,
  type JournalReadOptions,
  type JournalReadResult,
  type JournalRecord,
} from "@waystation/contracts/journal";
import type { EncodedCommit, EncodedRecord } from "./batch-ledger.js";
import type { CommitQueueOptions } from "./commit-queue.js";
import { assertCommit, highestAfter } from "./commit-rules.js";
import { journalFailure } from "./errors.js";
import { seal } from "./level-layout.js";
import type { RecoveredJournal } from "./level-recovery.js";
import { createGathering } from "./reading.js";
import { encodeRecords, recordCrc, recordPayload } from "./record-format.js";
import type { IndexedRecord, RecordIndex } from "./record-index.js";
import { createTailCache } from "./tail-cache.js";

export interface JournalOptions {
  readonly group: GroupName;
  /** Memory for the newest records; 8 MiB when left out. */
  readonly tailCacheBytes?: number;
  /** How much one batch gathers; 8 MiB when left out. */
  readonly batchBytesMax?: number;
}

/** What a writer is made of. */
export type WriterParts = Pick<CommitQueueOptions<never>, "batchBytesMax" | "onDurable" | "onFailure"> &
  Pick<RecoveredJournal, "index" | "chain" | "trimmedThrough" | "markSum"> & { readonly group: GroupName };

export interface JournalWriter {
  add(commit: EncodedCommit): void;
  /** Records up to here are trimmed in the index; deletes them when there is time. */
  trim(through: number): void;
  /** Resolves when nothing waits any more. Deletions may be left over; opening finds them again. */
  drain(): Promise<void>;
}

export interface JournalMedium<Writer extends JournalWriter> {
  /** Names the journal in messages. */
  readonly place: string;
  readonly createWriter: (parts: WriterParts) => Writer;
  /** Reads records that are not in the cache any more, each exactly as the index knows it. */
  readonly readPage: (page: readonly IndexedRecord[]) => Promise<JournalRecord[]>;
  readonly capacityBytes: (writer: Writer, usedBytes: number) => number;
  /** What a read or a write failed with, as the user sees it. */
  readonly failureOf: (error: unknown) => Failure;
  readonly close: (writer: Writer) => Promise<void>;
}

const mib = 2 ** 20;
const pageBytesMax = 4 * mib;
const pageRecordsMax = 1024;
const noBytes = Buffer.alloc(0);

export function createJournalFront<Writer extends JournalWriter>(
  options: JournalOptions,
  recovered: RecoveredJournal,
  medium: JournalMedium<Writer>,
): Journal {
  const { index, marks } = recovered;
  const cache = createTailCache(options.tailCacheBytes ?? 8 * mib);
  let highest = Math.max(index.last(), recovered.trimmedThrough);
  let ordinal = 0;
  let failure: Error | null = null;
  const writer = medium.createWriter({
    ...recovered,
    group: options.group,
    batchBytesMax: options.batchBytesMax ?? 8 * mib,
    onDurable: (durable) => cache.settle(durable),
    onFailure: (error) => (failure = medium.failureOf(error)),
  });
  const view = createView({ index, cache, medium });

  const takeRecords = (records: readonly JournalRecord[]): EncodedRecord[] => {
    const values = encodeRecords(records, (lengthBytes) => cache.takeMemory(lengthBytes, ordinal));
    return records.map((record, position) => {
      const value = values[position] ?? noBytes;
      const bytes = recordBytes(record);
      index.push(record.sequence, bytes, recordCrc(value));
      // The cache shares the encoded bytes, not the caller's, which may be a slice of a much larger network frame.
      cache.push({ ...record, payload: recordPayload(value) }, ordinal);
      return { sequence: record.sequence, bytes, value };
    });
  };

  const changeMarks = (changes: NonNullable<JournalCommit["marks"]>) =>
    [...changes].map(([name, value]) => {
      if (value === undefined) marks.delete(name);
      else marks.set(name, value);
      return [name, value === undefined ? null : seal(value)] as const;
    });

  return {
    group: options.group,
    first: () => toSequence(index.first()),
    last: () => toSequence(index.last()),
    usage() {
      const usedBytes = index.usedBytes();
      return { usedBytes, capacityBytes: medium.capacityBytes(writer, usedBytes) };
    },
    marks: () => marks,
    commit(change) {
      if (failure !== null) return Promise.reject(failure);
      assertCommit(change, highest);
      highest = highestAfter(change, highest);
      ordinal += 1;
      const cutSequences = change.cutAfter === undefined ? [] : view.cutAfter(change.cutAfter);
      const records = takeRecords(change.records ?? []);
      const encodedMarks = changeMarks(change.marks ?? new Map());
      const encoded = {
        ordinal,
        cutAfter: change.cutAfter ?? null,
        cutSequences,
        records,
        marks: encodedMarks,
        sizeBytes: records.reduce((sum, record) => sum + record.value.length, 0),
      };
      return new Promise((resolve, reject) => {
        const settle = (reason: Error | null): void => (reason === null ? resolve() : reject(reason));
        writer.add({ ...encoded, settle });
      });
    },
    async read(wanted) {
      if (failure !== null) throw failure;
      try {
        return await view.read(wanted);
      } catch (error) {
        throw medium.failureOf(error);
      }
    },
    trimThrough(sequence) {
      const through = Math.min(sequence, highest);
      index.trimThrough(through);
      cache.dropThrough(through);
      writer.trim(through);
    },
    async close() {
      failure ??= journalFailure("JOURNAL_FAILED", `the journal in ${medium.place} is closed`);
      await writer.drain();
      await medium.close(writer);
    },
  };
}

/** What the cache holds is written over once it has let it go: the reader of records from `sequence` on gets copies. */
function withOwnPayloads(records: readonly JournalRecord[], sequence: number): JournalRecord[] {
  let bytes = 0;
  for (const record of records) if (record.sequence >= sequence) bytes += record.payload.length;
  const memory = Buffer.allocUnsafe(bytes);
  let at = 0;
  return records.map((record) => {
    if (record.sequence < sequence) return record;
    const payload = memory.subarray(at, at + record.payload.length);
    payload.set(record.payload);
    at += payload.length;
    return { ...record, payload };
  });
}

interface ViewParts {
  readonly index: RecordIndex;
  readonly cache: ReturnType<typeof createTailCache>;
  readonly medium: Pick<JournalMedium<JournalWriter>, "readPage">;
}

/** Reads over the medium and the cache as if they were one. */
function createView({ index, cache, medium }: ViewParts) {
  let cuts = 0;

  /** The medium's part of a read: the next page, up to where the cache begins. Null when there is none left. */
  const readPage = async (from: number, wanted: JournalReadOptions): Promise<JournalRecord[] | null> => {
    const page = index.page({
      from,
      through: Math.min(wanted.through, cache.firstSequence() - 1),
      maxBytes: Math.min(wanted.maxBytes, pageBytesMax),
      maxCount: pageRecordsMax,
    });
    return page.length === 0 ? null : medium.readPage(page);
  };

  const read = async (wanted: JournalReadOptions): Promise<JournalReadResult> => {
    const gathering = createGathering(wanted);
    const cutsBefore = cuts;
    let next: number = wanted.from;
    for (let page = await readPage(next, wanted); page !== null; page = await readPage(next, wanted)) {
      // A cut between two pages may have given out numbers anew: what was gathered is of another history.
      if (cuts !== cutsBefore) return read(wanted);
      for (const record of page) {
        if (gathering.add(record)) return gathering.result();
        next = record.sequence + 1;
      }
    }
    if (cuts !== cutsBefore) return read(wanted);
    for (const record of cache.from(next)) {
      if (record.sequence > wanted.through || gathering.add(record)) break;
    }
    const result = gathering.result();
    return { ...result, records: withOwnPayloads(result.records, next) };
  };

  return {
    read,
    cutAfter(sequence: number): number[] {
      cuts += 1;
      cache.cutAfter(sequence);
      return index.cutAfter(sequence);
    },
  };
}
