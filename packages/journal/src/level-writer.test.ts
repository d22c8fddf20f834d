import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toSequence, type GroupName } from "@waystation/contracts/ids";
import type { Journal } from "@waystation/contracts/journal";
import { createRandom } from "@waystation/contracts/random";
import { Level } from "level";
import { describe, expect, it, vi } from "vitest";
import { assertSameRecords, makeRecord, readAll } from "./conformance-harness.js";
import { runAgainstModel } from "./conformance-model.js";
import { defaultTuning, openLevelDatabase, type DatabaseOperation, type JournalDatabase } from "./level-database.js";
import { openJournalOn, type LevelJournalOptions } from "./level-journal.js";
import { recordsPerReadMax } from "./reading.js";
import { createLossyMedium, type LossyMedium } from "./lossy-database.js";

const group = "g1" as GroupName;

function range(from: number, through: number, payloadBytes = 100) {
  const payload = Buffer.alloc(payloadBytes, 7);
  return Array.from({ length: through - from + 1 }, (_, index) => makeRecord(from + index, { payload }));
}

function openOn(medium: LossyMedium, options: Partial<LevelJournalOptions> = {}): Promise<Journal> {
  return openJournalOn(medium.open(), { group, place: "test", ...options });
}

describe("acknowledging", () => {
  it("DESIGN 3: every commit is written with sync; only deletions of trimmed records are not", async () => {
    const medium = createLossyMedium();
    const journal = await openOn(medium);
    await journal.commit({ records: range(1, 3) });
    await journal.commit({ marks: new Map([["a", 1]]) });
    await journal.commit({ cutAfter: toSequence(2) });
    expect(medium.syncs).toEqual([true, true, true, true]);
    journal.trimThrough(toSequence(2));
    await vi.waitFor(() => expect(medium.syncs).toEqual([true, true, true, true, false]));
  });

  it("DESIGN 3: what was acknowledged is there when everything that was not synced is lost", async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const medium = createLossyMedium();
      const journal = await openOn(medium);
      let acknowledged = 0;
      const commits = range(1, 30).map((record) =>
        journal.commit({ records: [record] }).then(() => void (acknowledged = record.sequence)),
      );
      await commits[createRandom(seed).below(30)];
      medium.crash(createRandom(seed));
      expect((await openOn(medium)).last()).toBeGreaterThanOrEqual(acknowledged);
    }
  });

  it("DESIGN 3: the LevelDB adapter hands sync on to LevelDB", async () => {
    const directory = await mkdtemp(join(tmpdir(), "waystation-journal-"));
    const probe = new Level<Buffer, Buffer>(join(directory, "probe"));
    await probe.open();
    const batches = Object.getPrototypeOf(Object.getPrototypeOf(probe.batch())) as { write(): Promise<void> };
    const write = vi.spyOn(batches, "write");
    const database = await openLevelDatabase(join(directory, "journal"), defaultTuning);
    const operation: DatabaseOperation = { type: "put", key: Buffer.from("k"), value: Buffer.from("v") };
    await database.write([operation], { sync: true });
    await database.write([operation], { sync: false });
    expect(write.mock.calls).toEqual([[{ sync: true }], [{ sync: false }]]);
    write.mockRestore();
    await database.close();
    await probe.close();
    await rm(directory, { recursive: true, force: true });
  });

  it("commits that wait together share one sync", async () => {
    const medium = createLossyMedium();
    const journal = await openOn(medium);
    const before = medium.syncs.length;
    const first = journal.commit({ records: range(1, 1) });
    await Promise.resolve();
    await Promise.all([first, ...range(2, 100).map((record) => journal.commit({ records: [record] }))]);
    expect(medium.syncs.length - before).toBeLessThanOrEqual(2);
  });

  it("one batch takes no more than its limit, but for a commit that is larger by itself", async () => {
    const medium = createLossyMedium();
    const journal = await openOn(medium, { batchBytesMax: 4000 });
    const before = medium.syncs.length;
    const sizes = [1500, 1500, 9000, 1500, 1500];
    await Promise.all(sizes.map((size, index) => journal.commit({ records: range(index + 1, index + 1, size) })));
    expect(medium.syncs.length - before).toBe(3);
  });
});

describe("trimming", () => {
  it("gives everything back: records and batch indexes, whatever the pattern of commits", async () => {
    const medium = createLossyMedium();
    const journal = await openOn(medium, { tailCacheBytes: 0 });
    for (let n = 1; n <= 3000; n++) {
      const commit = journal.commit(n % 3 === 0 ? { marks: new Map([["a", n]]) } : { records: range(n, n) });
      if (n % 50 === 0) await commit;
      if (n > 20) journal.trimThrough(toSequence(n - 20));
    }
    await journal.commit({ records: range(3001, 3001) });
    journal.trimThrough(toSequence(3000));
    await journal.commit({ marks: new Map([["a", 0]]) });
    await vi.waitFor(() => expect(medium.entries.size).toBeLessThan(10));
    assertSameRecords(await readAll(journal), range(3001, 3001));
  });

  it("is never durable ahead of a cut that gives the trimmed numbers out again", async () => {
    const medium = createLossyMedium();
    const journal = await openOn(medium, { batchBytesMax: 1 });
    await journal.commit({ records: range(1, 5) });
    const cut = journal.commit({ cutAfter: toSequence(3) });
    void journal.commit({ records: range(4, 4) });
    journal.trimThrough(toSequence(4));
    await cut;
    medium.crash(createRandom(1));
    const again = await openOn(medium);
    await again.commit({ records: range(again.last() < 4 ? 4 : 5, 6) });
    expect(again.last()).toBe(6);
  });
});

describe("reading", () => {
  it("shows one history when a cut comes between two pages", async () => {
    const medium = createLossyMedium();
    const journal = await openOn(medium, { tailCacheBytes: 0 });
    await journal.commit({ records: range(1, 1500) });
    const read = journal.read({ from: toSequence(1), through: toSequence(1500), maxBytes: 2 ** 30 });
    const other = range(501, 1500, 50);
    void journal.commit({ cutAfter: toSequence(500), records: other });
    const { records } = await read;
    assertSameRecords(records, [...range(1, 500), ...other]);
  });

  it("reads without payload are bounded too", async () => {
    const journal = await openOn(createLossyMedium());
    const records = range(1, 10_000).map((record) => ({ ...record, kind: "zero" as const, payload: Buffer.alloc(0) }));
    await journal.commit({ records });
    const read = await journal.read({ from: toSequence(1), through: toSequence(10_000), maxBytes: 1 });
    expect([read.records.length, read.completeThrough]).toEqual([recordsPerReadMax, recordsPerReadMax]);
  });
});

describe("a medium that fails", () => {
  function failing(database: JournalDatabase, reason: string): JournalDatabase {
    let writes = 0;
    return {
      ...database,
      write: (operations, options) =>
        ++writes > 2 ? Promise.reject(new Error(reason)) : database.write(operations, options),
    };
  }

  it("fails all that waits, with the cause, and leaves the journal dead but what was acknowledged unharmed", async () => {
    const medium = createLossyMedium();
    const reason = "IO error: journal/000007.log: No space left on device";
    const journal = await openJournalOn(failing(medium.open(), reason), { group, place: "test" });
    await journal.commit({ records: range(1, 2) });
    const waiting = [journal.commit({ records: range(3, 3) }), journal.commit({ marks: new Map([["a", 1]]) })];
    for (const commit of await Promise.allSettled(waiting)) {
      expect(commit).toMatchObject({ reason: { code: "JOURNAL_FAILED", cause: { message: reason } } });
      expect(String((commit as PromiseRejectedResult).reason)).toContain("the disk is full: make room");
    }
    await expect(journal.commit({})).rejects.toMatchObject({ code: "JOURNAL_FAILED" });
    const read = journal.read({ from: toSequence(1), through: toSequence(2), maxBytes: 1 });
    await expect(read).rejects.toMatchObject({ code: "JOURNAL_FAILED" });
    await journal.close();
    expect((await openOn(medium)).last()).toBe(2);
  });
});

describe("against the model, on a medium that loses what was not synced", () => {
  it.each([1, 5000])("many seeds, batches of %d bytes", async (batchBytesMax) => {
    for (let seed = 1000; seed < 1150; seed++) {
      const medium = createLossyMedium();
      const harness = {
        open: () => openOn(medium, { batchBytesMax, tailCacheBytes: 2000 }),
        crash: async (random: ReturnType<typeof createRandom>) => medium.crash(random),
      };
      await runAgainstModel(harness, seed).catch((error: unknown) => {
        throw new Error(`seed ${seed}`, { cause: error });
      });
    }
  });
});
