// Metadata with a right checksum that says what was never written: a bug of another version, or a hand that meant well.
// Opening refuses it by name; it neither trips over it nor follows it anywhere.
import { crc32c } from "@node-rs/crc32";
import { isFailure } from "@waystation/contracts/errors";
import { createRandom } from "@waystation/contracts/random";
import { describe, expect, it } from "vitest";
import { makeRecord, readAll } from "./conformance-harness.js";
import {
  batchKey,
  decodeBatchIndex,
  encodeBatchIndex,
  markKey,
  seal,
  stateKey,
  unseal,
  type BatchIndex,
} from "./level-layout.js";
import type { LossyMedium } from "./lossy-database.js";
import { createRingMedia, type RingMedia } from "./ring-media.js";

const volumeBytes = 260 * 1024;
const blockBytes = 4096;

async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (isFailure(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "none";
}

/** Six records in groups of one block each; with the crash, the index knows of none of them. */
async function filled(end: "closed" | "crashed"): Promise<RingMedia> {
  const media = createRingMedia(volumeBytes);
  const journal = await media.open();
  for (let n = 1; n <= 6; n++) await journal.commit({ records: [makeRecord(n)], marks: new Map([["n", n]]) });
  if (end === "closed") await journal.close();
  else media.crash(createRandom(1));
  return media;
}

function edit({ entries }: LossyMedium, key: Buffer, change: (value: Buffer) => Buffer): void {
  const id = key.toString("hex");
  const entry = entries.get(id);
  expect(entry).toBeDefined();
  entries.set(id, [key, change(Buffer.from(entry![1]))]);
}

/** A whole batch index with other content, and the chain behind it as if it had always been so. */
function rewriteBatch(medium: LossyMedium, number: number, changes: Partial<BatchIndex>): void {
  let previousCrc: number | null = null;
  for (let at = number; medium.entries.has(batchKey(at).toString("hex")); at++) {
    edit(medium, batchKey(at), (value) => {
      const batch = { ...decodeBatchIndex(value)!, ...(at === number ? changes : {}) };
      const encoded = encodeBatchIndex({ ...batch, previousCrc: previousCrc ?? batch.previousCrc });
      previousCrc = encoded.readUInt32LE(0);
      return encoded;
    });
  }
  edit(medium, stateKey, (value) => seal({ ...(unseal(value) as object), lastBatchCrc: previousCrc }));
}

const entry = (sequence: number) => ({ sequence, bytes: 608, crc: 1 });

describe("senseless metadata in a journal's database is refused", () => {
  const senseless: readonly unknown[] = [null, -1, 0.5, 2 ** 60, "1", [], {}];
  const fields = [
    "layout",
    "group",
    "lastBatch",
    "lastBatchCrc",
    "firstBatch",
    "trimmedThrough",
    "markCount",
    "markSum",
  ];
  it.each(fields)("its state with another %s", async (field) => {
    for (const value of [...senseless, undefined]) {
      const media = await filled("closed");
      edit(media.medium, stateKey, (sealed) => seal({ ...(unseal(sealed) as object), [field]: value }));
      const text = await refusal(media.open());
      expect(text, JSON.stringify(value)).toMatch(/^(JOURNAL_DAMAGED|JOURNAL_FOREIGN): .*test/);
    }
  });

  it.each([["null"], ["[]"], ["no JSON"], [""]])("its state as %j", async (text) => {
    const media = await filled("closed");
    edit(media.medium, stateKey, () => {
      const value = Buffer.from(`    ${text}`);
      value.writeUInt32LE(crc32c(value.subarray(4)), 0);
      return value;
    });
    expect(await refusal(media.open())).toMatch(/^JOURNAL_DAMAGED: .*state/);
  });

  it("a mark that is no JSON", async () => {
    const media = await filled("closed");
    edit(media.medium, markKey("n"), () => {
      const value = Buffer.from("    {");
      value.writeUInt32LE(crc32c(value.subarray(4)), 0);
      return value;
    });
    expect(await refusal(media.open())).toMatch(/^JOURNAL_DAMAGED: .*mark n/);
  });

  it.each<[string, Partial<BatchIndex>, RegExp]>([
    ["a record of an earlier batch", { entries: [entry(2)] }, /batch 3 holds record 2 once more/],
    ["records that do not ascend", { entries: [entry(9), entry(3)] }, /the index of batch 3 is not whole/],
    ["record 0", { entries: [entry(0)] }, /the index of batch 3 is not whole/],
    ["a record beyond all numbers", { entries: [entry(2 ** 60)] }, /the index of batch 3 is not whole/],
  ])("a batch with %s", async (_, changes, message) => {
    const media = await filled("closed");
    rewriteBatch(media.medium, 3, changes);
    const text = await refusal(media.open());
    expect(text).toMatch(/^JOURNAL_DAMAGED: the journal in test/);
    expect(text).toMatch(message);
  });

  it("a batch that counts more entries than it has, before memory is made for them", async () => {
    const value = encodeBatchIndex({
      ...{ number: 3, previousCrc: 0, cutAfter: null, inRing: false, ringStart: 0 },
      entries: [entry(3)],
    });
    value.writeUInt32LE(0xffffffff, 20);
    value.writeUInt32LE(crc32c(value.subarray(4)), 0);
    expect(decodeBatchIndex(value)).toBeNull();
  });
});

describe("senseless metadata in and of a journal's ring is refused", () => {
  const open = (media: RingMedia) => refusal(media.open({ tailCacheBytes: 0 }).then((journal) => readAll(journal)));

  it.each([
    ["id", "x"],
    ["id", 7],
    ["lies", "elsewhere"],
    ["lies", null],
    ["sizeBytes", -4096],
    ["sizeBytes", 2 ** 40],
    ["head", 100],
    ["head", "0"],
    ["head", 4096],
    ["preparedThrough", 5],
    ["preparedThrough", null],
  ])("its state with a ring whose %s is %j", async (field, value) => {
    const media = await filled("closed");
    edit(media.medium, stateKey, (sealed) => {
      const state = unseal(sealed) as { readonly ring: object };
      return seal({ ...state, ring: { ...state.ring, [field]: value } });
    });
    expect(await open(media)).toMatch(/^JOURNAL_DAMAGED: the journal in test/);
  });

  it.each<[string, Partial<BatchIndex>]>([
    ["a start behind the ring's head", { ringStart: 2 ** 40 }],
    ["a start before that of the batch before it", { ringStart: 0 }],
    ["a record longer than any group", { entries: [{ ...entry(3), bytes: 0x7fffffff }] }],
  ])("a batch with %s", async (_, changes) => {
    const media = await filled("closed");
    rewriteBatch(media.medium, 3, changes);
    expect(await open(media)).toMatch(/^JOURNAL_DAMAGED: the journal in test .*batch 3 has no place in its ring/);
  });

  it.each([
    ["no ring", 0],
    ["half a block", 2048],
    ["more than there is", 2 ** 40],
  ])("a header that says %s, with and without the index", async (_, ringBytes) => {
    for (const isIndexThere of [true, false]) {
      const media = await filled("closed");
      const { bytes } = media.store;
      bytes.writeUIntLE(ringBytes, 24, 6);
      bytes.writeUInt32LE(crc32c(bytes.subarray(4, blockBytes)), 0);
      if (!isIndexThere) media.medium.entries.clear();
      expect(await open(media)).toMatch(/^JOURNAL_DAMAGED: the journal in test/);
    }
  });

  /** Changes the newest group, and makes its checksums right again: of its head, and of its marks. */
  function rewriteNewest({ store }: RingMedia, change: (group: Buffer, marksStart: number) => void): void {
    const head = store.bytes.subarray(6 * blockBytes, 7 * blockBytes);
    const marksStart = head.indexOf("n", 700) - 6;
    change(head, marksStart);
    const marksBytes = Math.min(head.readUInt32LE(20), blockBytes - marksStart);
    head.writeUInt32LE(crc32c(head.subarray(marksStart, marksStart + marksBytes)), 24);
    head.writeUInt32LE(crc32c(head.subarray(4, 72)), 0);
  }

  it.each<[string, (group: Buffer, marksStart: number) => unknown]>([
    ["longer than any group", (group) => group.writeUInt32LE(0x7ffff000, 16)],
    ["with more entries than fit", (group) => group.writeUInt32LE(0x0fffffff, 32 + 20)],
    ["with more marks than fit", (group) => group.writeUInt32LE(0x7fffffff, 20)],
    ["with a mark that leaves it", (group, marksStart) => group.writeUInt32LE(0x7fffffff, marksStart + 2)],
    ["with a mark that is cut short", (group) => group.writeUInt32LE(3, 20)],
  ])("a whole group %s", async (_, change) => {
    const media = await filled("crashed");
    rewriteNewest(media, change);
    expect(await open(media)).toMatch(/^JOURNAL_DAMAGED: the journal in test .*batch 6 in its ring makes no sense/);
  });
});
