/** What the conformance cases and the model share: the medium under test, made-up records, and comparing them. */
import assert from "node:assert/strict";
import { crc32c } from "@node-rs/crc32";
import { toSequence, type VolumeName } from "@waystation/contracts/ids";
import type { Journal, JournalReadOptions, JournalRecord } from "@waystation/contracts/journal";
import type { Random } from "@waystation/contracts/random";

/** One medium and the journal on it. */
export interface JournalHarness {
  readonly open: () => Promise<Journal>;
  /**
   * Ends the open journal without `close`, as power loss or kill -9 would. Adapters that cannot be crashed inside a
   * process close it instead, which loses nothing.
   */
  readonly crash: (random: Random) => Promise<void>;
}

export function makeRecord(sequence: number, changes: Partial<JournalRecord> = {}): JournalRecord {
  const payload = changes.payload ?? Buffer.alloc(512, sequence % 251);
  return {
    sequence: toSequence(sequence),
    volume: "vol-a" as VolumeName,
    origin: { incarnation: 3, n: sequence },
    epoch: 2,
    kind: "write",
    offsetBytes: sequence * 4096,
    lengthBytes: payload.length,
    hostTimeMs: 1_700_000_000_000.5 + sequence,
    ...changes,
    payload,
  };
}

/** Everything from `from` to `through`, however many reads it takes. */
export async function readAll(journal: Journal, options: Partial<JournalReadOptions> = {}): Promise<JournalRecord[]> {
  const records: JournalRecord[] = [];
  const through = options.through ?? journal.last();
  let from: number = options.from ?? 1;
  while (from <= through) {
    const result = await journal.read({ maxBytes: 2 ** 20, ...options, from: toSequence(from), through });
    records.push(...result.records);
    assert(result.completeThrough >= from && result.completeThrough <= through, "a read goes forward, not too far");
    from = result.completeThrough + 1;
  }
  return records;
}

function plain(records: readonly JournalRecord[]): unknown[] {
  return records.map((record) => ({ ...record, payload: `${record.payload.length}: ${crc32c(record.payload)}` }));
}

export function assertSameRecords(actual: readonly JournalRecord[], expected: readonly JournalRecord[]): void {
  assert.deepEqual(plain(actual), plain(expected));
}
