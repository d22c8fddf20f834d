/** Reads records of a journal on a volume, from the ring or the database, each exactly as the index knows it. */
import type { JournalRecord } from "@waystation/contracts/journal";
import { damaged, type JournalDatabase } from "./level-database.js";
import { readRecordRange } from "./level-records.js";
import { inDatabase, type IndexedRecord } from "./record-index.js";
import type { Ring } from "./ring.js";
import { recordInSlot, slotBytes } from "./ring-layout.js";

export type PageReader = (page: readonly IndexedRecord[]) => Promise<JournalRecord[]>;

/** Records that one read brings: of the database, or close together in the ring. */
interface Run {
  readonly isInRing: boolean;
  readonly records: IndexedRecord[];
  /** Where in the ring it ends. */
  end: number;
}

/** Reading what lies between two records costs less than a second read. */
const gapBytesMax = 16 * 1024;

export function createPageReader(parts: {
  readonly database: JournalDatabase;
  readonly ring: Ring;
  readonly place: string;
}): PageReader {
  const { database, ring, place } = parts;

  const readRing = async ({ records, end }: Run): Promise<JournalRecord[]> => {
    const start = records[0]?.place ?? end;
    const bytes = await ring.read(start, end - start);
    return records.map(({ sequence, place: position, bytes: size, crc }) => {
      const at = position - start;
      const record = recordInSlot(bytes.subarray(at, at + slotBytes(size)), crc);
      if (record?.sequence !== sequence) throw damaged(place, `record ${sequence} is not what was stored`);
      return record;
    });
  };

  return async (page) => {
    // All reads start in this turn: a record that is trimmed later may be deleted, or written over, before the next.
    const runs = runsOf(page).map((run) =>
      run.isInRing ? readRing(run) : readRecordRange(database, run.records, place),
    );
    return (await Promise.all(runs)).flat();
  };
}

function runsOf(page: readonly IndexedRecord[]): Run[] {
  const runs: Run[] = [];
  for (const record of page) {
    const isInRing = record.place !== inDatabase;
    const last = runs.at(-1);
    const end = record.place + slotBytes(record.bytes);
    const joins = last?.isInRing === isInRing && (!isInRing || record.place - last.end <= gapBytesMax);
    if (last !== undefined && joins) {
      last.records.push(record);
      last.end = end;
    } else {
      runs.push({ isInRing, records: [record], end });
    }
  }
  return runs;
}
