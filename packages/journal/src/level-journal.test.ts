import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GroupName } from "@waystation/contracts/ids";
import type { Journal } from "@waystation/contracts/journal";
import { afterEach, describe, it } from "vitest";
import { journalConformance } from "./conformance.js";
import type { JournalHarness } from "./conformance-harness.js";
import { openJournalOn, openLevelJournal, type LevelJournalOptions } from "./level-journal.js";
import { createLossyMedium } from "./lossy-database.js";

const group = "g1" as GroupName;
let cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
  cleanups = [];
});

/** On a real LevelDB, which cannot lose power inside a test: a crash closes. */
async function onDisk(options: LevelJournalOptions): Promise<JournalHarness> {
  const directory = await mkdtemp(join(tmpdir(), "waystation-journal-"));
  cleanups.push(() => rm(directory, { recursive: true, force: true }));
  let journal: Journal | null = null;
  cleanups.push(async () => journal?.close());
  return {
    async open() {
      return (journal = await openLevelJournal({ ...options, directory }));
    },
    crash: async () => journal?.close(),
  };
}

/** On a database that loses at a crash what was not written with `sync`. */
function onLossyMedium(options: LevelJournalOptions): Promise<JournalHarness> {
  const medium = createLossyMedium();
  return Promise.resolve({
    open: async () => openJournalOn(medium.open(), { ...options, place: "test" }),
    crash(random) {
      medium.crash(random);
      return Promise.resolve();
    },
  });
}

const variants: readonly [string, (options: LevelJournalOptions) => Promise<JournalHarness>, LevelJournalOptions][] = [
  ["on disk", onDisk, { group }],
  ["on disk, without a tail cache", onDisk, { group, tailCacheBytes: 0 }],
  ["that loses what was not synced", onLossyMedium, { group, tailCacheBytes: 4000 }],
  ["that loses what was not synced, in small batches", onLossyMedium, { group, tailCacheBytes: 0, batchBytesMax: 1 }],
];

describe.each(variants)("level journal %s", (_title, createHarness, options) => {
  for (const { name, run } of journalConformance) {
    it(name, async () => run(await createHarness(options)));
  }
});
