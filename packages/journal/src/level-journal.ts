/**
 * The journal on LevelDB (PROTOCOL 7), one database per node and group. A commit is encoded and readable when it is
 * called, and acknowledged when the synced batch that holds it is written. Reads know from the index what they must
 * find; what differs is `JOURNAL_DAMAGED`, never skipped. Layout: `level-layout.ts`; recovery: `level-recovery.ts`.
 */
import assert from "node:assert/strict";
import { toSequence, type GroupName } from "@waystation/contracts/ids";
import {
  recordBytes,
  type Journal,
  type JournalCommit,
  type JournalReadOptions,
  type JournalReadResult,
  type JournalRecord,
} from "@waystation/contracts/journal";
import { assertCommit, highestAfter } from "./commit-rules.js";
import {
  damaged,
  databaseFailure,
  defaultTuning,
  openLevelDatabase,
  type JournalDatabase,
  type LevelTuning,
} from "./level-database.js";
import { journalFailure } from "./errors.js";
import { numberOfKey, recordKey, seal } from "./level-layout.js";
import { recoverJournal, type RecoveredJournal } from "./level-recovery.js";
import { createLevelWriter } from "./level-writer.js";
import { createGathering } from "./reading.js";
import { decodeRecord, encodeRecord, recordCrc, recordPayload } from "./record-format.js";
import type { IndexedRecord } from "./record-index.js";
import { createTailCache } from "./tail-cache.js";

export interface LevelJournalOptions {
  readonly group: GroupName;
  /** What `usage` reports as capacity; 8 GiB when left out. Keeping to it is the callers' business. */
  readonly capacityBytes?: number;
  /** Memory for the newest records; 32 MiB when left out. */
  readonly tailCacheBytes?: number;
  /** How much one synced batch gathers; 8 MiB when left out. */
  readonly batchBytesMax?: number;
}

const mib = 2 ** 20;
const pageBytesMax = 4 * mib;
const pageRecordsMax = 1024;

/** Opens the journal in a directory, or creates it. Rejects with the codes of `errors.ts`. */
export async function openLevelJournal(
  options: LevelJournalOptions & { readonly directory: string; readonly tuning?: LevelTuning },
): Promise<Journal> {
  const database = await openLevelDatabase(options.directory, options.tuning ?? defaultTuning);
  return openJournalOn(database, { ...options, place: options.directory });
}

/** Opens the journal that a database holds, and owns the database from then on; closes it if the opening fails. */
export async function openJournalOn(
  database: JournalDatabase,
  options: LevelJournalOptions & { readonly place: string },
): Promise<Journal> {
  try {
    return createJournal(database, options, await recoverJournal(database, options));
  } catch (error) {
    await database.close();
    throw databaseFailure(options.place, error);
  }
}

function createJournal(
  database: JournalDatabase,
  options: LevelJournalOptions & { readonly place: string },
  recovered: RecoveredJournal,
): Journal {
  const { index, marks } = recovered;
  const cache = createTailCache(options.tailCacheBytes ?? 32 * mib);
  let highest = Math.max(index.last(), recovered.trimmedThrough);
  let ordinal = 0;
  let cuts = 0;
  let failure: Error | null = null;
  const writer = createLevelWriter({
    database,
    group: options.group,
    index,
    chain: recovered.chain,
    trimmedThrough: recovered.trimmedThrough,
    markNames: marks.keys(),
    batchBytesMax: options.batchBytesMax ?? 8 * mib,
    onDurable: (durable) => cache.settle(durable),
    onFailure: (error) => (failure = databaseFailure(options.place, error)),
  });

  const encodeRecords = (records: readonly JournalRecord[]) =>
    records.map((record) => {
      const value = encodeRecord(record);
      const bytes = recordBytes(record);
      index.push(record.sequence, bytes, recordCrc(value));
      // The cache shares the encoded bytes, not the caller's, which may be a slice of a much larger network frame.
      cache.push({ ...record, payload: recordPayload(value) }, ordinal);
      return { sequence: record.sequence, bytes, value };
    });

  const cut = (sequence: number): number[] => {
    cuts += 1;
    cache.cutAfter(sequence);
    return index.cutAfter(sequence);
  };

  const changeMarks = (changes: NonNullable<JournalCommit["marks"]>) =>
    [...changes].map(([name, value]) => {
      if (value === undefined) marks.delete(name);
      else marks.set(name, value);
      return [name, value === undefined ? null : seal(value)] as const;
    });

  /** The database's part of a read: the next page, up to where the cache begins. Null when there is none left. */
  const readPage = async (from: number, wanted: JournalReadOptions): Promise<JournalRecord[] | null> => {
    const page = index.page({
      from,
      through: Math.min(wanted.through, cache.firstSequence() - 1),
      maxBytes: Math.min(wanted.maxBytes, pageBytesMax),
      maxCount: pageRecordsMax,
    });
    const [first, last] = [page[0], page.at(-1)];
    if (first === undefined || last === undefined) return null;
    const range = { first: recordKey(first.sequence), last: recordKey(last.sequence), countMax: page.length };
    const entries = await database.readRange(range);
    return matchPage(options.place, page, entries);
  };

  const readAll = async (wanted: JournalReadOptions): Promise<JournalReadResult> => {
    const gathering = createGathering(wanted);
    const cutsBefore = cuts;
    let next: number = wanted.from;
    for (let page = await readPage(next, wanted); page !== null; page = await readPage(next, wanted)) {
      // A cut between two pages may have given out numbers anew: what was gathered is of another history.
      if (cuts !== cutsBefore) return readAll(wanted);
      for (const record of page) {
        if (gathering.add(record)) return gathering.result();
        next = record.sequence + 1;
      }
    }
    if (cuts !== cutsBefore) return readAll(wanted);
    for (const record of cache.from(next)) {
      if (record.sequence > wanted.through || gathering.add(record)) break;
    }
    return gathering.result();
  };

  return {
    group: options.group,
    first: () => toSequence(index.first()),
    last: () => toSequence(index.last()),
    usage: () => ({ usedBytes: index.usedBytes(), capacityBytes: options.capacityBytes ?? 8 * 1024 * mib }),
    marks: () => marks,
    commit(change) {
      if (failure !== null) return Promise.reject(failure);
      assertCommit(change, highest);
      highest = highestAfter(change, highest);
      ordinal += 1;
      const encoded = {
        ordinal,
        cutAfter: change.cutAfter ?? null,
        cutSequences: change.cutAfter === undefined ? [] : cut(change.cutAfter),
        records: encodeRecords(change.records ?? []),
        marks: changeMarks(change.marks ?? new Map()),
      };
      return new Promise((resolve, reject) => {
        const settle = (reason: Error | null): void => (reason === null ? resolve() : reject(reason));
        writer.add({ ...encoded, settle });
      });
    },
    async read(wanted) {
      if (failure !== null) throw failure;
      try {
        return await readAll(wanted);
      } catch (error) {
        throw databaseFailure(options.place, error);
      }
    },
    trimThrough(sequence) {
      const through = Math.min(sequence, highest);
      index.trimThrough(through);
      cache.dropThrough(through);
      writer.trim(through);
    },
    async close() {
      failure ??= journalFailure("JOURNAL_FAILED", `the journal in ${options.place} is closed`);
      await writer.drain();
      await database.close();
    },
  };
}

/** The records of a page, each exactly as the index knows it. */
function matchPage(
  place: string,
  page: readonly IndexedRecord[],
  entries: readonly (readonly [Buffer, Buffer])[],
): JournalRecord[] {
  assert(entries.length <= page.length);
  return page.map(({ sequence, crc }, position) => {
    const entry = entries[position];
    if (entry === undefined || numberOfKey(entry[0]) !== sequence)
      throw damaged(place, `record ${sequence} is missing`);
    const record = recordCrc(entry[1]) === crc ? decodeRecord(entry[1]) : null;
    if (record?.sequence !== sequence) throw damaged(place, `record ${sequence} is not what was stored`);
    return record;
  });
}
