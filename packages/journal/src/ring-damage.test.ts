import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isFailure } from "@waystation/contracts/errors";
import type { GroupName } from "@waystation/contracts/ids";
import type { Journal } from "@waystation/contracts/journal";
import { createRandom } from "@waystation/contracts/random";
import { describe, expect, it } from "vitest";
import { assertSameRecords, makeRecord, readAll } from "./conformance-harness.js";
import { openLevelJournal } from "./level-journal.js";
import { recordKey } from "./level-layout.js";
import { encodeRecords } from "./record-format.js";
import { openJournalIndex } from "./ring-journal.js";
import { createRingMedia, type RingMedia } from "./ring-media.js";
import { openVolumeJournal } from "./volume-journal.js";

const kib = 1024;
const volumeBytes = 260 * kib;
const records = Array.from({ length: 12 }, (_, index) => makeRecord(index + 1));
/** Each record of these media is in a group of one block; the ring starts at block 1. */
const blockOf = (sequence: number): number => sequence * 4096;

/** Twelve records in twelve groups, with a mark each, and power lost after a checkpoint of the first eight, or closed. */
async function filled(end: "crashed" | "closed" = "crashed"): Promise<RingMedia> {
  const media = createRingMedia(volumeBytes);
  const journal = await media.open();
  for (const record of records) {
    await journal.commit({ records: [record], marks: new Map([["n", record.sequence]]) });
  }
  if (end === "closed") await journal.close();
  else media.crash(createRandom(1));
  return media;
}

function copyOf(media: RingMedia): RingMedia {
  const copy = createRingMedia(volumeBytes);
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

async function openAndReadAll(media: RingMedia): Promise<Journal> {
  const journal = await media.open({ tailCacheBytes: 0 });
  assertSameRecords(await readAll(journal), records);
  return journal;
}

function flip({ store }: RingMedia, at: number): void {
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
  const atOpening: readonly [string, "crashed" | "closed", (media: RingMedia) => unknown, RegExp][] = [
    [
      "a group with newer ones behind it",
      "crashed",
      (media) => flip(media, blockOf(10) + 100),
      /batch 10 is not whole, though its ring holds batch 11/,
    ],
    [
      "a group that is gone, with newer ones behind it",
      "crashed",
      ({ store }) => store.bytes.fill(0, blockOf(10), blockOf(11)),
      /batch 10 is not whole, though its ring holds batch 11/,
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
      /its ring lacks batch 12/,
    ],
    [
      "the oldest record changed",
      "closed",
      (media) => flip(media, blockOf(1) + 300),
      /record 1 is not what was stored/,
    ],
    ["its header changed", "closed", (media) => flip(media, 30), /the header of its ring is not whole/],
    ["its header gone", "closed", ({ store }) => store.bytes.fill(0, 0, 4096), /the header of its ring is not whole/],
    ["its index gone", "closed", ({ medium }) => medium.entries.clear(), /the index of its ring is missing/],
    [
      "something else in its place",
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
    expect(await refusal(media.open())).toMatch(/^JOURNAL_DAMAGED: .*its ring is that of another journal/);
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
    expect(await refusal(open())).toMatch(/^JOURNAL_FOREIGN: the ring .*belongs to group g1, not g2/);
  });
});

describe("records that a full ring had no room for", () => {
  /** More than the ring takes: the newest lie in the database. */
  async function spilled(): Promise<RingMedia> {
    const media = createRingMedia(68 * kib);
    const journal = await media.open();
    const many = Array.from({ length: 40 }, (_, index) =>
      makeRecord(index + 1, { payload: Buffer.alloc(2000, index) }),
    );
    await journal.commit({ records: many });
    await journal.close();
    return media;
  }
  const keyOf = (sequence: number): string => recordKey(sequence).toString("hex");
  const readBack = (media: RingMedia) => refusal(media.open({ tailCacheBytes: 0 }).then((journal) => readAll(journal)));

  it("are named when they are missing, changed, or those of another place", async () => {
    const missing = await spilled();
    missing.medium.entries.delete(keyOf(35));
    expect(await readBack(missing)).toMatch(/^JOURNAL_DAMAGED: .*record 35 is missing/);
    const changed = await spilled();
    changed.medium.entries.get(keyOf(35))![1][200]! ^= 1;
    expect(await readBack(changed)).toMatch(/^JOURNAL_DAMAGED: .*record 35 is not what was stored/);
    const moved = await spilled();
    moved.medium.entries.set(keyOf(35), [recordKey(35), moved.medium.entries.get(keyOf(36))![1]]);
    expect(await readBack(moved)).toMatch(/^JOURNAL_DAMAGED: .*record 35 is not what was stored/);
  });
});

describe("changing the adapter", () => {
  it("a journal in files is refused on a volume, and the other way, with what to do", async () => {
    const directory = await mkdtemp(join(tmpdir(), "waystation-journal-"));
    const group = "g1" as GroupName;
    const inFiles = await openLevelJournal({ group, directory, segmentBytes: 64 * kib });
    await inFiles.commit({ records: records.slice(0, 8) });
    await inFiles.close();
    const { store } = createRingMedia(volumeBytes);
    const media = { database: await openJournalIndex(directory), store: store.open() };
    const onVolume = openVolumeJournal(media, { group, place: directory });
    expect(await refusal(onVolume)).toMatch(/^JOURNAL_FOREIGN: .*in files beside it: set its adapter back to leveldb/);
    await rm(directory, { recursive: true });
  });
});
