/**
 * What every adapter of the `Journal` port must do, as cases that a test of the adapter runs one by one. Each case gets
 * a fresh medium. Framework-free: a case fails by throwing.
 */
import assert from "node:assert/strict";
import { isFailure } from "@waystation/contracts/errors";
import { toSequence, type VolumeName } from "@waystation/contracts/ids";
import { recordBytes, type JournalRecord, type MarkValue } from "@waystation/contracts/journal";
import { assertSameRecords, makeRecord, readAll, type JournalHarness } from "./conformance-harness.js";
import { runAgainstModel } from "./conformance-model.js";

export interface ConformanceCase {
  readonly name: string;
  readonly run: (harness: JournalHarness) => Promise<void>;
}

function sequences(records: readonly JournalRecord[]): number[] {
  return records.map((record) => record.sequence);
}

function range(from: number, through: number): JournalRecord[] {
  return Array.from({ length: through - from + 1 }, (_, index) => makeRecord(from + index));
}

const base: readonly ConformanceCase[] = [
  {
    name: "a new journal is empty",
    async run({ open }) {
      const journal = await open();
      assert.deepEqual(
        [journal.first(), journal.last(), journal.usage().usedBytes, journal.marks().size],
        [0, 0, 0, 0],
      );
      assert.deepEqual(await journal.read({ from: toSequence(1), through: toSequence(9), maxBytes: 1 }), {
        records: [],
        completeThrough: 9,
      });
    },
  },
  {
    name: "records come back as they were, of every kind, before and after reopening",
    async run({ open }) {
      const records = [
        makeRecord(1),
        makeRecord(2, { kind: "zero", lengthBytes: 2 ** 33, payload: Buffer.alloc(0) }),
        makeRecord(3, {
          kind: "discard",
          lengthBytes: 4096,
          payload: Buffer.alloc(0),
          volume: "v".repeat(63) as VolumeName,
        }),
        makeRecord(2 ** 40, {
          payload: Buffer.from("odd"),
          epoch: 2 ** 52,
          origin: { incarnation: 2 ** 50, n: 2 ** 53 - 1 },
        }),
      ];
      let journal = await open();
      await journal.commit({ records });
      const used = records.reduce((sum, record) => sum + recordBytes(record), 0);
      for (const reopened of [false, true]) {
        if (reopened) {
          await journal.close();
          journal = await open();
        }
        assertSameRecords(await readAll(journal, { from: toSequence(2 ** 40 - 9) }), records.slice(3));
        const { records: read } = await journal.read({
          from: toSequence(0),
          through: toSequence(2 ** 50),
          maxBytes: 2 ** 20,
        });
        assertSameRecords(read, records);
        assert.deepEqual([journal.first(), journal.last(), journal.usage().usedBytes], [1, 2 ** 40, used]);
      }
    },
  },
  {
    name: "a read sees every commit called before it, durable or not",
    async run({ open }) {
      const journal = await open();
      const first = journal.commit({ records: range(1, 3) });
      const second = journal.commit({ records: range(5, 5), marks: new Map([["a", 1]]) });
      assert.deepEqual([journal.last(), journal.marks().get("a")], [5, 1]);
      assert.deepEqual(sequences(await readAll(journal)), [1, 2, 3, 5]);
      await Promise.all([first, second]);
    },
  },
  {
    name: "commits become durable in call order",
    async run({ open }) {
      const journal = await open();
      const done: number[] = [];
      const commits = range(1, 50).map(async (record) => {
        await journal.commit({ records: [record] });
        done.push(record.sequence);
      });
      await Promise.all(commits);
      assert.deepEqual(done, sequences(range(1, 50)));
    },
  },
  {
    name: "a read stops after the record that reaches maxBytes, and says how far it looked",
    async run({ open }) {
      const journal = await open();
      await journal.commit({ records: [2, 4, 6, 8].map((sequence) => makeRecord(sequence)) });
      const read = async (from: number, through: number, maxBytes: number) => {
        const result = await journal.read({ from: toSequence(from), through: toSequence(through), maxBytes });
        return [sequences(result.records), result.completeThrough];
      };
      assert.deepEqual(await read(1, 8, 1), [[2], 2]);
      assert.deepEqual(await read(3, 8, 512), [[4], 4]);
      assert.deepEqual(await read(3, 8, 513), [[4, 6], 6]);
      assert.deepEqual(await read(3, 7, 2 ** 20), [[4, 6], 7]);
      assert.deepEqual(await read(3, 99, 2 ** 20), [[4, 6, 8], 99]);
      assert.deepEqual(await read(5, 5, 1), [[], 5]);
    },
  },
  {
    name: "a read can be of some volumes only, and still looks at the others",
    async run({ open }) {
      const journal = await open();
      const [a, b] = ["vol-a" as VolumeName, "vol-b" as VolumeName];
      const records = range(1, 20).map((record) => ({ ...record, volume: record.sequence % 5 === 0 ? b : a }));
      await journal.commit({ records });
      const read = { from: toSequence(1), through: toSequence(20), volumes: new Set([b]) };
      const some = await journal.read({ ...read, maxBytes: 513 });
      assert.deepEqual([sequences(some.records), some.completeThrough], [[5, 10], 10]);
      assert.deepEqual(sequences(await readAll(journal, { ...read, maxBytes: 1 })), [5, 10, 15, 20]);
    },
  },
  {
    name: "marks are set, replaced and deleted, and survive reopening",
    async run({ open }) {
      let journal = await open();
      const nested: MarkValue = { list: [1, "two", null, { deep: true }], text: "\u00e4" };
      await journal.commit({
        marks: new Map<string, MarkValue>([
          ["a", 1],
          ["b", nested],
          ["c.\u00fc", "x"],
        ]),
      });
      await journal.commit({
        marks: new Map<string, MarkValue | undefined>([
          ["a", 2],
          ["c.\u00fc", undefined],
        ]),
      });
      const expected = [
        ["a", 2],
        ["b", nested],
      ];
      assert.deepEqual([...journal.marks()], expected);
      await journal.close();
      journal = await open();
      assert.deepEqual([...journal.marks()].sort(), expected);
    },
  },
  {
    name: "a cut deletes what lies above it, and its numbers can be used again in the same commit",
    async run({ open }) {
      let journal = await open();
      await journal.commit({ records: range(1, 6) });
      const other = [makeRecord(4, { payload: Buffer.from("other") }), makeRecord(9)];
      await journal.commit({ cutAfter: toSequence(3), records: other, marks: new Map([["cut", 3]]) });
      const expected = [...range(1, 3), ...other];
      assertSameRecords(await readAll(journal), expected);
      const used = journal.usage().usedBytes;
      await journal.close();
      journal = await open();
      assertSameRecords(await readAll(journal), expected);
      assert.deepEqual([journal.last(), journal.usage().usedBytes], [9, used]);
      await journal.commit({ cutAfter: toSequence(0) });
      assert.deepEqual([journal.first(), journal.last(), journal.usage().usedBytes], [0, 0, 0]);
    },
  },
  {
    name: "a cut of commits that are not durable yet works",
    async run({ open }) {
      let journal = await open();
      const done = [
        journal.commit({ records: range(1, 5) }),
        journal.commit({ cutAfter: toSequence(2) }),
        journal.commit({ records: [makeRecord(3, { payload: Buffer.from("new") })] }),
      ];
      assert.deepEqual(sequences(await readAll(journal)), [1, 2, 3]);
      await Promise.all(done);
      await journal.close();
      journal = await open();
      assertSameRecords(await readAll(journal), [...range(1, 2), makeRecord(3, { payload: Buffer.from("new") })]);
    },
  },
  {
    name: "trimming forgets from the front and gives its bytes back at once",
    async run({ open }) {
      let journal = await open();
      await journal.commit({ records: range(1, 10) });
      journal.trimThrough(toSequence(4));
      journal.trimThrough(toSequence(2));
      const each = recordBytes(makeRecord(1));
      assert.deepEqual([journal.first(), journal.last(), journal.usage().usedBytes], [5, 10, 6 * each]);
      assert.deepEqual(sequences(await readAll(journal)), [5, 6, 7, 8, 9, 10]);
      await journal.commit({ records: range(11, 11) });
      await journal.close();
      journal = await open();
      const read = sequences(await readAll(journal));
      assert.deepEqual(read.slice(-7), [5, 6, 7, 8, 9, 10, 11]);
      assert.equal(journal.usage().usedBytes, read.length * each);
    },
  },
  {
    name: "trimming everything, or more, leaves an empty journal that goes on above",
    async run({ open }) {
      let journal = await open();
      await journal.commit({ records: range(1, 10) });
      journal.trimThrough(toSequence(99));
      assert.deepEqual([journal.first(), journal.last(), journal.usage().usedBytes], [0, 0, 0]);
      await journal.commit({ records: range(11, 12) });
      await journal.close();
      journal = await open();
      assert.deepEqual(sequences(await readAll(journal)).slice(-2), [11, 12]);
    },
  },
  {
    name: "a cut below the trim cursor takes the cursor back, and the numbers between can be used again",
    async run({ open }) {
      let journal = await open();
      await journal.commit({ records: range(1, 10) });
      journal.trimThrough(toSequence(8));
      const again = [makeRecord(6, { payload: Buffer.from("again") })];
      const done = journal.commit({ cutAfter: toSequence(5), records: again });
      assertSameRecords(await readAll(journal), again);
      await done;
      await journal.close();
      journal = await open();
      assertSameRecords((await readAll(journal)).slice(-1), again);
    },
  },
  {
    name: "a second opener is refused until the first has closed",
    async run({ open }) {
      const journal = await open();
      await assert.rejects(open(), (error) => isFailure(error, "JOURNAL_LOCKED"));
      await journal.commit({ records: range(1, 1) });
      await journal.close();
      assert.equal((await open()).last(), 1);
    },
  },
  {
    name: "closing waits for the commits that were called",
    async run({ open }) {
      const journal = await open();
      const done = journal.commit({ records: range(1, 100) });
      await journal.close();
      await done;
      assert.equal((await open()).last(), 100);
    },
  },
  {
    name: "a journal that was closed refuses work, and closing it again does nothing",
    async run({ open }) {
      const journal = await open();
      await journal.close();
      await journal.close();
      await assert.rejects(journal.commit({}), (error) => isFailure(error, "JOURNAL_FAILED"));
      const read = journal.read({ from: toSequence(1), through: toSequence(1), maxBytes: 1 });
      await assert.rejects(read, (error) => isFailure(error, "JOURNAL_FAILED"));
    },
  },
  {
    name: "a record out of order is a bug of the caller, and changes nothing",
    async run({ open }) {
      const journal = await open();
      await journal.commit({ records: range(1, 5) });
      assert.throws(() => void journal.commit({ records: range(5, 5) }), assert.AssertionError);
      assert.throws(() => void journal.commit({ records: [makeRecord(7), makeRecord(7)] }), assert.AssertionError);
      assert.throws(() => void journal.commit({ records: [makeRecord(7, { lengthBytes: 1 })] }), assert.AssertionError);
      assert.deepEqual([journal.last(), sequences(await readAll(journal))], [5, [1, 2, 3, 4, 5]]);
    },
  },
];

const seeds = [1, 2, 3];

export const journalConformance: readonly ConformanceCase[] = [
  ...base,
  ...seeds.map((seed) => ({
    name: `does as a naive model does, through reopening and crashes (seed ${seed})`,
    run: (harness: JournalHarness) => runAgainstModel(harness, seed),
  })),
];
