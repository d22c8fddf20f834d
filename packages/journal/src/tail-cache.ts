/**
 * The newest records in memory, without a gap: everything that is not in the database yet, and beyond that as much as
 * the limit allows. Reads of the tail (shipping, applying) then cost no read of the database.
 */
import { recordBytes, type JournalRecord } from "@waystation/contracts/journal";
import { createRecordList } from "./record-list.js";

interface CachedRecord {
  readonly sequence: number;
  readonly record: JournalRecord;
  /** Ordinal of its commit: it may leave the cache once that is in the database. */
  readonly commit: number;
}

export interface TailCache {
  push(record: JournalRecord, commit: number): void;
  cutAfter(sequence: number): void;
  dropThrough(sequence: number): void;
  /** All commits up to this ordinal are in the database: shrinks to the limit. */
  settle(commit: number): void;
  /** The lowest sequence cached, Infinity when there is none: what lies below is in the database. */
  firstSequence(): number;
  from(sequence: number): Iterable<JournalRecord>;
}

export function createTailCache(limitBytes: number): TailCache {
  const list = createRecordList<CachedRecord>((item) => recordBytes(item.record));
  return {
    push: (record, commit) => list.push({ sequence: record.sequence, record, commit }),
    cutAfter: (sequence) => list.cutAfter(sequence),
    dropThrough: (sequence) => list.dropThrough(sequence),
    settle(commit) {
      for (let item = list.first(); item !== undefined; item = list.first()) {
        if (list.bytes() <= limitBytes || item.commit > commit) return;
        list.dropThrough(item.sequence);
      }
    },
    firstSequence: () => list.first()?.sequence ?? Infinity,
    *from(sequence) {
      for (const item of list.from(sequence)) yield item.record;
    },
  };
}
