import { mkdtemp, readdir, readFile, rm, stat, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isFailure } from "@waystation/contracts/errors";
import { toSequence, type GroupName } from "@waystation/contracts/ids";
import type { Journal, JournalCommit, MarkValue } from "@waystation/contracts/journal";
import { createRandom } from "@waystation/contracts/random";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { assertSameRecords, makeRecord, readAll } from "./conformance-harness.js";
import { openLevelJournal } from "./level-journal.js";
import { batchKey, decodeBatchIndex, encodeBatchIndex, markKey, stateKey } from "./level-layout.js";
import { createRingMedia, type RingMedia } from "./ring-media.js";

const group = "g1" as GroupName;
const records = Array.from({ length: 12 }, (_, index) => makeRecord(index + 1));

function openOn(media: RingMedia): Promise<Journal> {
  return media.open({ tailCacheBytes: 0 });
}

/** Twelve records in twelve batches, with a mark each, closed: all of their index is in the database. */
async function filledMedia(): Promise<RingMedia> {
  const media = createRingMedia(260 * 1024);
  const journal = await openOn(media);
  for (const record of records) {
    await journal.commit({ records: [record], marks: new Map([[`m${record.sequence % 3}`, record.sequence]]) });
  }
  await journal.close();
  return media;
}

async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (isFailure(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "none";
}

async function openAndReadAll(media: RingMedia): Promise<Journal> {
  const journal = await openOn(media);
  assertSameRecords(await readAll(journal), records);
  return journal;
}

const id = (key: Buffer): string => key.toString("hex");

function change({ medium }: RingMedia, key: Buffer, edit: (value: Buffer) => Buffer): void {
  const entry = medium.entries.get(id(key));
  expect(entry).toBeDefined();
  medium.entries.set(id(key), [key, edit(Buffer.from(entry![1]))]);
}

function flip(at: number): (value: Buffer) => Buffer {
  return (value) => {
    value[at] = (value[at] ?? 0) ^ 1;
    return value;
  };
}

/** A batch index that is whole, and has the right number, but is not the one that the next was chained to. */
function replaceBatch(media: RingMedia): void {
  change(media, batchKey(4), (value) => encodeBatchIndex({ ...decodeBatchIndex(value)!, cutAfter: 3 }));
}

describe("a damaged journal is refused, never read around", () => {
  const atOpening: readonly [string, (media: RingMedia) => unknown, RegExp][] = [
    [
      "a batch missing from the chain",
      ({ medium }) => medium.entries.delete(id(batchKey(4))),
      /batches 4 to 4 are missing/,
    ],
    [
      "the newest batch missing",
      ({ medium }) => medium.entries.delete(id(batchKey(12))),
      /batches end at 11, its state says 12/,
    ],
    ["a batch changed", (media) => change(media, batchKey(4), flip(20)), /the index of batch 4 is not whole/],
    ["a batch of another history in the chain", replaceBatch, /batch 5 does not follow the batch before it/],
    ["the state missing", ({ medium }) => medium.entries.delete(id(stateKey)), /its state is missing though it holds/],
    ["the state changed", (media) => change(media, stateKey, flip(9)), /its state has a wrong checksum/],
    ["a mark changed", (media) => change(media, markKey("m1"), flip(4)), /mark m1 has a wrong checksum/],
    ["a mark missing", ({ medium }) => medium.entries.delete(id(markKey("m1"))), /2 marks, its state says 3/],
  ];
  it.each(atOpening)("at opening: %s", async (_title, damage, message) => {
    const media = await filledMedia();
    damage(media);
    const text = await refusal(openOn(media));
    expect(text).toMatch(/^JOURNAL_DAMAGED/);
    expect(text).toMatch(message);
    // The refusal gave the database back: what was damaged can be looked at again.
    media.medium.open();
  });

  it("PROTOCOL 7: a checkpoint that vanished as a whole, as LevelDB's log replay drops it, is noticed", async () => {
    const media = await filledMedia();
    const { entries } = media.medium;
    const addOne = async (sequence: number): Promise<void> => {
      const journal = await openOn(media);
      await journal.commit({ records: [makeRecord(sequence)] });
      await journal.close();
    };
    const before = new Map(entries);
    await addOne(13);
    const lost = new Map(entries);
    await addOne(14);
    // Everything that only the first of the two wrote is gone; what the second wrote over stays.
    for (const [key, entry] of lost) if (!before.has(key) && entries.get(key) === entry) entries.delete(key);
    expect(await refusal(openOn(media))).toMatch(/batches 13 to 13 are missing/);
  });

  describe("marks that went back to older values, each whole, when the index of the batch that set them is trimmed", () => {
    /** A batch of marks alone, lost; then records that let its index be deleted, and `later` marks. */
    async function takenBack(set: Record<string, number>, later: Record<string, number> = {}): Promise<RingMedia> {
      const media = await filledMedia();
      const { entries } = media.medium;
      const journal = await openOn(media);
      const before = Object.keys(set).map((name) => entries.get(id(markKey(name)))!);
      await journal.commit({ marks: new Map(Object.entries(set)) });
      await journal.commit({ records: [makeRecord(13)] });
      journal.trimThrough(toSequence(13));
      await journal.commit({ records: [makeRecord(14)], marks: new Map(Object.entries(later)) });
      await journal.close();
      expect(entries.has(id(batchKey(13)))).toBe(false);
      for (const [key, value] of before) entries.set(id(key), [key, value]);
      return media;
    }

    it("PROTOCOL 7: one of them", async () => {
      const media = await takenBack({ m0: 20 });
      expect(await refusal(openOn(media))).toMatch(/^JOURNAL_DAMAGED: .*its marks are not those of its state/);
    });

    it("PROTOCOL 7: several at once", async () => {
      const media = await takenBack({ m0: 13, m1: 11, m2: 15 });
      expect(await refusal(openOn(media))).toMatch(/^JOURNAL_DAMAGED: .*its marks are not those of its state/);
    });

    it("PROTOCOL 7: while others went on", async () => {
      const media = await takenBack({ m0: 20 }, { m1: 21 });
      expect(await refusal(openOn(media))).toMatch(/^JOURNAL_DAMAGED: .*its marks are not those of its state/);
    });

    it("but marks that are changed, deleted and set again add up", async () => {
      const media = await filledMedia();
      for (let life = 0; life < 4; life++) {
        const journal = await openOn(media);
        await journal.commit({
          marks: new Map<string, MarkValue | undefined>([
            ["m1", undefined],
            ["m9", life],
          ]),
        });
        await journal.commit({
          marks: new Map<string, MarkValue | undefined>([
            ["m1", -life],
            ["m2", { life }],
          ]),
        });
        await journal.commit({
          marks: new Map<string, MarkValue | undefined>([
            ["m9", undefined],
            ["absent", undefined],
          ]),
        });
        await journal.close();
      }
      const journal = await openOn(media);
      expect(Object.fromEntries(journal.marks())).toEqual({ m0: 12, m1: -3, m2: { life: 3 } });
    });
  });

  it("any one entry lost or any one bit flipped is noticed, in entries of every kind", async () => {
    const random = createRandom(11);
    const { medium, store } = await filledMedia();
    for (const [key, entry] of medium.entries) {
      for (const damage of ["lost", "flipped"] as const) {
        const media = createRingMedia(store.bytes.length);
        store.bytes.copy(media.store.bytes);
        for (const [otherKey, other] of medium.entries) media.medium.entries.set(otherKey, other);
        if (damage === "lost") media.medium.entries.delete(key);
        else change(media, entry[0], flip(random.below(entry[1].length)));
        expect(await refusal(openAndReadAll(media)), `${damage} ${key}`).toMatch(/^JOURNAL_DAMAGED/);
      }
    }
  });

  it("a journal of another group is refused as foreign", async () => {
    const media = await filledMedia();
    const other = media.open({ group: "g2" as GroupName });
    expect(await refusal(other)).toMatch(/^JOURNAL_FOREIGN: .*belongs to group g1, not g2/);
  });
});

describe("a damaged LevelDB is refused", () => {
  let directory = "";
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "waystation-journal-"));
    const journal = await openOnDisk();
    for (let n = 1; n <= 8; n++)
      await checkpointed(journal, { records: [makeRecord(n)], marks: new Map([[`m${n}`, "x".repeat(40_000)]]) });
    await journal.close();
  });

  /** With a checkpoint after each commit. */
  function openOnDisk(): Promise<Journal> {
    const tuning = { checkpointBytes: 1, checkpointBatches: 1 };
    return openLevelJournal({ group, directory, tuning, segmentBytes: 64 * 1024 });
  }

  /** A commit and a checkpoint of it, which is one batch of LevelDB's. */
  async function checkpointed(journal: Journal, commit: JournalCommit): Promise<void> {
    const sizeOf = async (): Promise<number> => (await stat(await fileNamed(/^\d+\.log$/))).size;
    const before = await sizeOf();
    await journal.commit(commit);
    await vi.waitFor(async () => {
      // A commit that came while a checkpoint was written waits for the next one.
      await journal.commit({ marks: new Map([["tick", before]]) });
      expect(await sizeOf()).toBeGreaterThan(before);
    });
  }
  afterEach(() => rm(directory, { recursive: true, force: true }));

  async function fileNamed(pattern: RegExp): Promise<string> {
    const name = (await readdir(directory)).find((each) => pattern.test(each));
    return join(directory, name!);
  }

  it("PROTOCOL 7: when its log was damaged in the middle, which LevelDB itself passes over in silence", async () => {
    const log = await fileNamed(/^\d+\.log$/);
    const bytes = await readFile(log);
    bytes[130_000] = (bytes[130_000] ?? 0) ^ 1;
    await writeFile(log, bytes);
    expect(await refusal(openOnDisk())).toMatch(/^JOURNAL_DAMAGED: .*batches \d+ to \d+ are missing/);
  });

  it("PROTOCOL 7: when a damaged block of its log took back marks alone, whose batch is trimmed", async () => {
    const journal = await openOnDisk();
    // Each fills a block of LevelDB's log, 32 KiB, that holds nothing else: a damaged one is passed over as a whole.
    const large = (content: string) => new Map([["mark", content.repeat(70_000)]]);
    await checkpointed(journal, { marks: large("a") });
    await checkpointed(journal, { marks: large("b") });
    await checkpointed(journal, { records: [makeRecord(9)] });
    journal.trimThrough(toSequence(9));
    await checkpointed(journal, { records: [makeRecord(10)] });
    await journal.close();
    const log = await fileNamed(/^\d+\.log$/);
    const bytes = await readFile(log);
    bytes[bytes.indexOf("b".repeat(1000)) + 33_000]! ^= 1;
    await writeFile(log, bytes);
    expect(await refusal(openOnDisk())).toMatch(/^JOURNAL_DAMAGED: .*its marks are not those of its state/);
  });

  it("when its CURRENT file is missing, instead of starting anew over it", async () => {
    await unlink(join(directory, "CURRENT"));
    expect(await refusal(openOnDisk())).toMatch(/^JOURNAL_DAMAGED: .*CURRENT file is missing/);
  });

  it("when its manifest is damaged", async () => {
    await writeFile(await fileNamed(/^MANIFEST/), "garbage");
    expect(await refusal(openOnDisk())).toMatch(/^JOURNAL_DAMAGED/);
  });

  it("but not when it was killed while it was created", async () => {
    const fresh = await mkdtemp(join(tmpdir(), "waystation-journal-"));
    await writeFile(join(fresh, "MANIFEST-000001"), "");
    await (await openLevelJournal({ group, directory: fresh })).close();
    await rm(fresh, { recursive: true });
  });

  it("when its path cannot be a directory, with the reason", async () => {
    const path = join(await fileNamed(/^CURRENT$/), "journal");
    expect(await refusal(openLevelJournal({ group, directory: path }))).toMatch(/^JOURNAL_FAILED: .*ENOTDIR/);
  });
});
