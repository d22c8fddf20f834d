/**
 * The newest records in memory, without a gap: everything that is not in the database yet, and beyond that as much as
 * the limit allows. Reads of the tail (shipping, applying) then cost no read of the database.
 */
import { recordBytes, type JournalRecord } from "@waystation/contracts/journal";
import { createRecordList } from "./record-list.js";
import { createRecordMemory } from "./record-memory.js";

interface CachedRecord {
  readonly sequence: number;
  readonly record: JournalRecord;
  /** Ordinal of its commit: it may leave the cache once that is in the database. */
  readonly commit: number;
}

export interface TailCache {
  /** Memory for the encoded records of a commit; it is the commit's until it is settled, and the cache's as long as it holds one. */
  takeMemory(lengthBytes: number, commit: number): Buffer;
  push(record: JournalRecord, commit: number): void;
  cutAfter(sequence: number): void;
  dropThrough(sequence: number): void;
  /** All commits up to this ordinal are in the database: shrinks to the limit. */
  settle(commit: number): void;
  /** The lowest sequence cached, Infinity when there is none: what lies below is in the database. */
  firstSequence(): number;
  /** To be used in this turn: the memory of the payloads is used again. */
  from(sequence: number): Iterable<JournalRecord>;
}

/** Beyond the limit: room for commits that are on their way to the medium. */
const unsettledBytes = 4 * 2 ** 20;

export function createTailCache(limitBytes: number): TailCache {
  const list = createRecordList<CachedRecord>((item) => recordBytes(item.record));
  const memory = createRecordMemory(limitBytes + unsettledBytes);
  let settled = 0;
  const giveBack = (): void => memory.giveBackThrough(Math.min(settled, (list.first()?.commit ?? Infinity) - 1));
  return {
    takeMemory: (lengthBytes, commit) => memory.take(lengthBytes, commit),
    push: (record, commit) => list.push({ sequence: record.sequence, record, commit }),
    cutAfter: (sequence) => list.cutAfter(sequence),
    dropThrough(sequence) {
      list.dropThrough(sequence);
      giveBack();
    },
    settle(commit) {
      settled = commit;
      for (let item = list.first(); item !== undefined; item = list.first()) {
        if (list.bytes() <= limitBytes || item.commit > commit) break;
        list.dropThrough(item.sequence);
      }
      giveBack();
    },
    firstSequence: () => list.first()?.sequence ?? Infinity,
    *from(sequence) {
      for (const item of list.from(sequence)) yield item.record;
    },
  };
}
