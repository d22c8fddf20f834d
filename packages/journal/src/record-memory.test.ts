import { toSequence } from "@waystation/contracts/ids";
import type { JournalRecord } from "@waystation/contracts/journal";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assertSameRecords, makeRecord } from "./conformance-harness.js";
import { createRecordMemory } from "./record-memory.js";
import { createRingMedia } from "./ring-media.js";

const sizeBytes = 64;

/** Which commit wrote what, found again as long as it was not given back. */
function openMemory() {
  const memory = createRecordMemory(sizeBytes);
  const held: { readonly commit: number; readonly bytes: Buffer }[] = [];
  let commit = 0;
  return {
    take(lengthBytes: number): Buffer {
      commit += 1;
      const bytes = memory.take(lengthBytes, commit).fill(commit % 256);
      held.push({ commit, bytes });
      return bytes;
    },
    giveBack(count: number): void {
      const through = held.splice(0, count).at(-1)?.commit;
      if (through !== undefined) memory.giveBackThrough(through);
    },
    spoiled: () => held.filter((one) => one.bytes.some((byte) => byte !== one.commit % 256)),
  };
}

describe("memory of records (PROTOCOL 7)", () => {
  it("is never given twice at once, whatever is taken and given back", () => {
    const step = fc.oneof(
      fc.record({ take: fc.integer({ min: 0, max: sizeBytes + 8 }) }),
      fc.record({ giveBack: fc.integer({ min: 0, max: 4 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const memory = openMemory();
        for (const one of steps) {
          if ("take" in one) expect(memory.take(one.take)).toHaveLength(one.take);
          else memory.giveBack(one.giveBack);
          expect(memory.spoiled()).toEqual([]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("is the same again and again while commits come and go", () => {
    const memory = openMemory();
    const places = new Set<ArrayBufferLike>();
    for (let round = 0; round < 20; round++) {
      places.add(memory.take(20).buffer);
      if (round >= 2) memory.giveBack(1);
    }
    expect(places.size).toBe(1);
  });
});

describe("a journal's records in memory (PROTOCOL 7)", () => {
  it("leaves what was read as it was when the memory of the records is used again", async () => {
    const journal = await createRingMedia(64 * 2 ** 20).open({ tailCacheBytes: 256 * 1024 });
    const reads: { readonly expected: JournalRecord[]; readonly actual: readonly JournalRecord[] }[] = [];
    for (let sequence = 1; sequence <= 160; sequence++) {
      const record = makeRecord(sequence, { payload: Buffer.alloc(64 * 1024, sequence) });
      const done = journal.commit({ records: [record] });
      // Before it is durable too: it is readable from the call on.
      const read = await journal.read({ from: record.sequence, through: record.sequence, maxBytes: 2 ** 20 });
      reads.push({ expected: [record], actual: read.records });
      await done;
      if (sequence % 3 === 0) journal.trimThrough(toSequence(sequence - 2));
    }
    for (const { expected, actual } of reads) assertSameRecords(actual, expected);
    await journal.close();
  });
});
