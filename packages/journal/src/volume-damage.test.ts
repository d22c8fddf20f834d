import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isFailure } from "@waystation/contracts/errors";
import type { GroupName } from "@waystation/contracts/ids";
import type { Journal } from "@waystation/contracts/journal";
import { createRandom } from "@waystation/contracts/random";
import { describe, expect, it } from "vitest";
import { assertSameRecords, makeRecord, readAll } from "./conformance-harness.js";
import { openJournalOn, openLevelJournal } from "./level-journal.js";
import { encodeRecords } from "./record-format.js";
import { openVolumeIndex, openVolumeJournal } from "./volume-journal.js";
import { createVolumeMedia, type VolumeMedia } from "./volume-media.js";

const kib = 1024;
const volumeBytes = 260 * kib;
const records = Array.from({ length: 12 }, (_, index) => makeRecord(index + 1));
/** Each record of these media is in a group of one block; the ring starts at block 1. */
const blockOf = (sequence: number): number => sequence * 4096;

/** Twelve records in twelve groups, with a mark each, and power lost after a checkpoint of the first eight, or closed. */
async function filled(end: "crashed" | "closed" = "crashed"): Promise<VolumeMedia> {
  const media = createVolumeMedia(volumeBytes);
  const journal = await media.open();
  for (const record of records) {
    await journal.commit({ records: [record], marks: new Map([["n", record.sequence]]) });
  }
  if (end === "closed") await journal.close();
  else media.crash(createRandom(1));
  return media;
}

function copyOf(media: VolumeMedia): VolumeMedia {
  const copy = createVolumeMedia(volumeBytes);
  media.store.bytes.copy(copy.store.bytes);
  for (const [key, entry] of media.medium.entries) copy.medium.entries.set(key, entry);
  return copy;
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

async function openAndReadAll(media: VolumeMedia): Promise<Journal> {
  const journal = await media.open({ tailCacheBytes: 0 });
  assertSameRecords(await readAll(journal), records);
  return journal;
}

function flip({ store }: VolumeMedia, at: number): void {
  store.bytes[at] = (store.bytes[at] ?? 0) ^ 1;
}

describe("a torn tail is no damage", () => {
  it("the newest group, when it is not whole, was not acknowledged: the journal ends before it", async () => {
    for (const at of [3, 20, 40, 75, 100, 300]) {
      const media = await filled();
      flip(media, blockOf(12) + at);
      const journal = await media.open();
      assertSameRecords(await readAll(journal), records.slice(0, 11));
      expect(journal.marks().get("n")).toBe(11);
      await journal.commit({ records: [makeRecord(12)], marks: new Map([["n", 12]]) });
      media.crash(createRandom(2));
      await openAndReadAll(media);
    }
  });

  it("what was found after a crash is durable, even if only memory held it until then", async () => {
    const media = await filled();
    const newest = Buffer.from(media.store.bytes.subarray(blockOf(12), blockOf(13)));
    // A killed process leaves its last write to the system's memory, which the store reads, and power loss takes.
    const store = media.store.open();
    media.store.bytes.fill(0, blockOf(12), blockOf(13));
    const options = { group: "g1" as GroupName, place: "test" };
    expect((await openVolumeJournal({ database: media.medium.open(), store }, options)).last()).toBe(12);
    expect(media.store.bytes.subarray(blockOf(12), blockOf(13))).toEqual(newest);
  });
});

describe("a damaged journal on a volume is refused, never read around", () => {
  const atOpening: readonly [string, "crashed" | "closed", (media: VolumeMedia) => unknown, RegExp][] = [
    [
      "a group with newer ones behind it",
      "crashed",
      (media) => flip(media, blockOf(10) + 100),
      /batch 10 is not whole, though its volume holds batch 11/,
    ],
    [
      "a group that is gone, with newer ones behind it",
      "crashed",
      ({ store }) => store.bytes.fill(0, blockOf(10), blockOf(11)),
      /batch 10 is not whole, though its volume holds batch 11/,
    ],
    [
      "a whole group in the place of another",
      "crashed",
      ({ store }) => store.bytes.copy(store.bytes, blockOf(10), blockOf(11), blockOf(12)),
      /holds batch 11 where batch 10 should be/,
    ],
    [
      "a volume that is older than its index",
      "closed",
      ({ store }) => store.bytes.fill(0, blockOf(12), blockOf(13)),
      /its volume lacks batch 12/,
    ],
    [
      "the oldest record changed",
      "closed",
      (media) => flip(media, blockOf(1) + 300),
      /record 1 is not what was stored/,
    ],
    ["its header changed", "closed", (media) => flip(media, 30), /the header of its volume is not whole/],
    ["its header gone", "closed", ({ store }) => store.bytes.fill(0, 0, 4096), /the header of its volume is not whole/],
    ["its index gone", "closed", ({ medium }) => medium.entries.clear(), /the index of its volume is missing/],
    [
      "something else on its volume",
      "closed",
      (media) => (media.medium.entries.clear(), flip(media, 5)),
      /something else/,
    ],
  ];
  it.each(atOpening)("at opening: %s", async (_title, end, damage, message) => {
    const media = await filled(end);
    damage(media);
    const text = await refusal(media.open());
    expect(text).toMatch(/^JOURNAL_DAMAGED/);
    expect(text).toMatch(message);
    media.medium.open();
  });

  it("the volume of another journal is refused", async () => {
    const [media, other] = [await filled("closed"), await filled("closed")];
    other.store.bytes.copy(media.store.bytes);
    expect(await refusal(media.open())).toMatch(/^JOURNAL_DAMAGED: .*its volume is that of another journal/);
  });

  it("a record that was changed is named when it is read", async () => {
    const media = await filled("closed");
    flip(media, blockOf(5) + 300);
    expect(await refusal(openAndReadAll(media))).toMatch(/^JOURNAL_DAMAGED: .*record 5 is not what was stored/);
  });

  it("a whole record of another history is not taken for this one", async () => {
    const media = await filled("closed");
    const [other] = encodeRecords([makeRecord(5, { payload: Buffer.alloc(512, 0xaa) })]);
    // Behind the head of its group and the one entry of its batch.
    other!.copy(media.store.bytes, blockOf(5) + 72 + 16);
    expect(await refusal(openAndReadAll(media))).toMatch(/^JOURNAL_DAMAGED: .*record 5 is not what was stored/);
  });

  it("any one bit flipped is noticed, or in padding, or the newest group counts as torn; nothing wrong is ever read", async () => {
    const random = createRandom(7);
    for (const end of ["crashed", "closed"] as const) {
      const original = await filled(end);
      let [noticed, torn] = [0, 0];
      for (let round = 0; round < 400; round++) {
        const media = copyOf(original);
        const at = random.below(blockOf(13));
        // Most of it is what a group says of itself and its record.
        flip(media, random.chance(0.8) ? at - (at % 4096) + random.below(900) : at);
        const text = await refusal(
          media.open({ tailCacheBytes: 0 }).then(async (journal) => {
            const read = await readAll(journal);
            if (read.length === 11) torn += 1;
            assertSameRecords(read, records.slice(0, read.length));
            expect(read.length).toBeGreaterThanOrEqual(end === "closed" ? 12 : 11);
          }),
        );
        if (text !== "none") noticed += 1;
        expect(text).toMatch(/^(none|JOURNAL_DAMAGED)/);
      }
      expect(noticed).toBeGreaterThan(150);
      expect(torn > 0).toBe(end === "crashed");
    }
  });

  it("the volume and the index of another group are refused as foreign", async () => {
    const media = await filled("closed");
    const options = { group: "g2" as GroupName, place: "test" };
    const open = () => openVolumeJournal({ database: media.medium.open(), store: media.store.open() }, options);
    expect(await refusal(open())).toMatch(/^JOURNAL_FOREIGN: .*belongs to group g1, not g2/);
    media.medium.entries.clear();
    expect(await refusal(open())).toMatch(/^JOURNAL_FOREIGN: the volume .*belongs to group g1, not g2/);
  });
});

describe("changing the adapter", () => {
  it("a journal on LevelDB goes on on a volume, its old records where they are", async () => {
    const media = createVolumeMedia(volumeBytes);
    const onLevel = await openJournalOn(media.medium.open(), { group: "g1" as GroupName, place: "test" });
    await onLevel.commit({ records: records.slice(0, 8), marks: new Map([["n", 8]]) });
    await onLevel.close();
    const journal = await media.open();
    await journal.commit({ records: records.slice(8), marks: new Map([["n", 12]]) });
    media.crash(createRandom(1));
    const again = await openAndReadAll(media);
    expect(again.marks().get("n")).toBe(12);
  });

  it("a journal on a volume is refused by LevelDB alone, which holds only its index", async () => {
    const { medium } = await filled("closed");
    const opening = openJournalOn(medium.open(), { group: "g1" as GroupName, place: "test" });
    expect(await refusal(opening)).toMatch(/^JOURNAL_FOREIGN: .*index of a journal on a volume/);
  });

  it("on a real LevelDB, too", async () => {
    const directory = await mkdtemp(join(tmpdir(), "waystation-journal-"));
    const group = "g1" as GroupName;
    const onLevel = await openLevelJournal({ group, directory });
    await onLevel.commit({ records: records.slice(0, 8) });
    await onLevel.close();
    const { store } = createVolumeMedia(volumeBytes);
    for (const more of [records.slice(8, 10), records.slice(10)]) {
      const media = { database: await openVolumeIndex(directory), store: store.open() };
      const journal = await openVolumeJournal(media, { group, place: directory });
      await journal.commit({ records: more });
      assertSameRecords(await readAll(journal), records.slice(0, more.at(-1)!.sequence));
      await journal.close();
    }
    await rm(directory, { recursive: true });
  });
});
