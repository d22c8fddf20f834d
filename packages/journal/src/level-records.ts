/** Reads records from a journal's database, each exactly as the index knows it; anything else is damage. */
import assert from "node:assert/strict";
import type { JournalRecord } from "@waystation/contracts/journal";
import { damaged, type JournalDatabase } from "./level-database.js";
import { numberOfKey, recordKey } from "./level-layout.js";
import { decodeRecord, recordCrc } from "./record-format.js";
import type { IndexedRecord } from "./record-index.js";

/** `page` are successive records of the index: nothing else may lie between them in the database. */
export async function readRecordRange(
  database: JournalDatabase,
  page: readonly IndexedRecord[],
  place: string,
): Promise<JournalRecord[]> {
  const [first, last] = [page[0], page.at(-1)];
  if (first === undefined || last === undefined) return [];
  const range = { first: recordKey(first.sequence), last: recordKey(last.sequence), countMax: page.length };
  const entries = await database.readRange(range);
  assert(entries.length <= page.length);
  return page.map((indexed, position) => {
    const entry = entries[position];
    const found = entry !== undefined && numberOfKey(entry[0]) === indexed.sequence;
    if (!found) throw damaged(place, `record ${indexed.sequence} is missing`);
    return matchRecord(entry[1], indexed, place);
  });
}

/** The record that a stored value is, if it is the one that was stored. */
function matchRecord(value: Buffer, { sequence, crc }: IndexedRecord, place: string): JournalRecord {
  const record = decodeRecord(value);
  if (record?.sequence !== sequence || recordCrc(value) !== crc)
    throw damaged(place, `record ${sequence} is not what was stored`);
  return record;
}
