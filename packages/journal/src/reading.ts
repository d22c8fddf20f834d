/** The limits of one read, the same for every adapter. */
import type { JournalReadOptions, JournalReadResult, JournalRecord } from "@waystation/contracts/journal";
import { toSequence } from "@waystation/contracts/ids";

/** Records without payload count for nothing in `maxBytes`: without this limit a read of them had none. */
export const recordsPerReadMax = 8192;

export interface Gathering {
  /** Takes a record if it is wanted. True when the read is full: it then ends with this record. */
  add(record: JournalRecord): boolean;
  /** The result; complete through `through` unless the read became full. */
  result(): JournalReadResult;
}

export function createGathering(options: JournalReadOptions): Gathering {
  const records: JournalRecord[] = [];
  let bytes = 0;
  let completeThrough: number = options.through;
  return {
    add(record) {
      if (options.volumes !== undefined && !options.volumes.has(record.volume)) return false;
      records.push(record);
      bytes += record.payload.length;
      if (bytes < options.maxBytes && records.length < recordsPerReadMax) return false;
      completeThrough = record.sequence;
      return true;
    },
    result: () => ({ records, completeThrough: toSequence(completeThrough) }),
  };
}
