/** What journals are fuzzed on: records, a database and a store in memory, and reading all that a journal shows. */
import assert from "node:assert/strict";
import type { BlockWrite, DurableBlockStore } from "@waystation/contracts/block-device";
import { Failure } from "@waystation/contracts/errors";
import { toSequence, type VolumeName } from "@waystation/contracts/ids";
import type { Journal, JournalRecord } from "@waystation/contracts/journal";
import type { DatabaseEntry, JournalDatabase } from "@waystation/journal/level-database";

const recordCount = 24;

export function makeRecord(sequence: number): JournalRecord {
  const payload = Buffer.alloc(64 + sequence * 37, sequence);
  return {
    sequence: toSequence(sequence),
    volume: "vol-a" as VolumeName,
    origin: { incarnation: 3, n: sequence },
    epoch: 2,
    kind: "write",
    offsetBytes: sequence * 4096,
    lengthBytes: payload.length,
    hostTimeMs: sequence,
    payload,
  };
}

const records = Array.from({ length: recordCount }, (_, index) => makeRecord(index + 1));

/** Commits a part of the records, a mark with each. */
export async function fill(journal: Journal, from = 0, to = recordCount): Promise<void> {
  for (const record of records.slice(from, to)) {
    const marks = new Map([
      ["applied", record.sequence],
      [`intent/${record.sequence % 3}`, record.sequence],
    ]);
    await journal.commit({ records: [record], marks });
  }
}

/** Reads all that the journal says it has. `isGenuine`: then it must be what was stored, or a beginning of it. */
export async function readAll(journal: Journal, isGenuine: boolean): Promise<void> {
  const last = journal.last();
  if (isGenuine) assert(last <= recordCount, "a journal with more than was stored");
  for (let from = Math.max(1, journal.first()); from <= last;) {
    const page = { from: toSequence(from), through: last, maxBytes: 4096 };
    const { records: found, completeThrough } = await journal.read(page);
    if (isGenuine) found.forEach(assertStored);
    from = completeThrough + 1;
  }
}

function assertStored(record: JournalRecord): void {
  const stored = records[record.sequence - 1];
  assert(stored !== undefined && Buffer.from(stored.payload).equals(Buffer.from(record.payload)), "a changed record");
  assert(stored.offsetBytes === record.offsetBytes && stored.volume === record.volume, "a record of elsewhere");
}

/** By key in hexadecimal, in the order of keys. */
export type Entries = Map<string, DatabaseEntry>;

export function databaseOn(entries: Entries): JournalDatabase {
  return {
    write(operations) {
      for (const operation of operations) {
        const id = operation.key.toString("hex");
        if (operation.type === "del") entries.delete(id);
        else entries.set(id, [Buffer.from(operation.key), Buffer.from(operation.value)]);
      }
      return Promise.resolve();
    },
    readRange: ({ first, last, countMax }) =>
      Promise.resolve(
        [...entries.values()]
          .filter(([key]) => Buffer.compare(key, first) >= 0 && Buffer.compare(key, last) <= 0)
          .sort(([a], [b]) => Buffer.compare(a, b))
          .slice(0, countMax),
      ),
    close: () => Promise.resolve(),
  };
}

export function copyOf(entries: Entries): Entries {
  return new Map([...entries].map(([id, [key, value]]) => [id, [key, Buffer.from(value)]]));
}

export function storeOn(bytes: Buffer): DurableBlockStore {
  const check = (offsetBytes: number, lengthBytes: number): void => {
    if (offsetBytes >= 0 && offsetBytes + lengthBytes <= bytes.length) return;
    throw new Failure("OUT_OF_RANGE", `${lengthBytes} bytes at ${offsetBytes}`);
  };
  const writeBatch = async (writes: readonly BlockWrite[]): Promise<void> => {
    for (const { offsetBytes, lengthBytes, data } of writes) {
      check(offsetBytes, lengthBytes);
      if (data === null) bytes.fill(0, offsetBytes, offsetBytes + lengthBytes);
      else bytes.set(data, offsetBytes);
    }
    return Promise.resolve();
  };
  return {
    sizeBytes: bytes.length,
    async read(offsetBytes, lengthBytes) {
      check(offsetBytes, lengthBytes);
      return Promise.resolve(Buffer.from(bytes.subarray(offsetBytes, offsetBytes + lengthBytes)));
    },
    readNow: () => false,
    write: (offsetBytes, data) => writeBatch([{ offsetBytes, lengthBytes: data.length, data }]),
    zero: (offsetBytes, lengthBytes) => writeBatch([{ offsetBytes, lengthBytes, data: null }]),
    writeBatch,
    flush: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
