import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toSequence, type GroupName } from "@waystation/contracts/ids";
import type { Journal } from "@waystation/contracts/journal";
import { afterEach, describe, expect, it, vi } from "vitest";
import { journalConformance } from "./conformance.js";
import { assertSameRecords, makeRecord, readAll, type JournalHarness } from "./conformance-harness.js";
import { runAgainstModel } from "./conformance-model.js";
import { openLevelJournal, type LevelJournalOptions } from "./level-journal.js";

const kib = 1024;
const group = "g1" as GroupName;
type Options = Omit<LevelJournalOptions, "directory">;
let cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
  cleanups = [];
});

async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "waystation-journal-"));
  cleanups.push(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** On real files, which cannot lose power inside a test: a crash closes. */
async function onDisk(options: Options): Promise<JournalHarness> {
  const directory = await newDirectory();
  let journal: Journal | null = null;
  cleanups.push(async () => journal?.close());
  return {
    async open() {
      return (journal = await openLevelJournal({ ...options, directory }));
    },
    crash: async () => journal?.close(),
  };
}

const small = { segmentBytes: 16 * kib, tuning: { checkpointBytes: 8 * kib, checkpointBatches: 4 } };
const variants: readonly [string, Options][] = [
  ["as daemons use it", { group }],
  ["without a tail cache", { group, tailCacheBytes: 0 }],
  ["with small segments", { group, ...small, tailCacheBytes: 4000 }],
];

describe.each(variants)("level journal %s", (_title, options) => {
  for (const { name, run } of journalConformance) {
    it(name, async () => run(await onDisk(options)));
  }
});

describe("level journal in segment files", () => {
  it("does as a naive model does, with many seeds", async () => {
    for (let seed = 1000; seed < 1010; seed++) {
      await runAgainstModel(await onDisk({ group, ...small, tailCacheBytes: 0 }), seed).catch((error: unknown) => {
        throw new Error(`seed ${seed}`, { cause: error });
      });
    }
  });

  it("PROTOCOL 7: what is trimmed gives its files back, and what is kept can be read", async () => {
    const directory = await newDirectory();
    const journal = await openLevelJournal({ group, directory, ...small, tailCacheBytes: 0 });
    const files = () => readdir(join(directory, "segments"));
    for (let n = 1; n <= 200; n++)
      await journal.commit({ records: [makeRecord(n, { payload: Buffer.alloc(4000, n) })] });
    const most = (await files()).length;
    expect(most).toBeGreaterThan(20);
    journal.trimThrough(toSequence(190));
    await vi.waitFor(async () => expect((await files()).length).toBeLessThan(10));
    const kept = Array.from({ length: 10 }, (_, index) =>
      makeRecord(191 + index, { payload: Buffer.alloc(4000, 191 + index) }),
    );
    assertSameRecords(await readAll(journal), kept);
    await journal.close();
    const again = await openLevelJournal({ group, directory, ...small, tailCacheBytes: 0 });
    assertSameRecords(await readAll(again), kept);
    await again.close();
  });

  it("PROTOCOL 7: segments are used again, lap after lap", async () => {
    const directory = await newDirectory();
    const open = () => openLevelJournal({ group, directory, ...small, tailCacheBytes: 0, capacityBytes: 64 * kib });
    const journal = await open();
    for (let n = 1; n <= 400; n++) {
      await journal.commit({ records: [makeRecord(n, { payload: Buffer.alloc(8000, n) })] });
      journal.trimThrough(toSequence(Math.max(0, n - 3)));
    }
    await journal.close();
    expect((await readdir(join(directory, "segments"))).length).toBeLessThan(20);
    const again = await open();
    assertSameRecords(
      await readAll(again),
      [398, 399, 400].map((n) => makeRecord(n, { payload: Buffer.alloc(8000, n) })),
    );
    await again.close();
  });
});
