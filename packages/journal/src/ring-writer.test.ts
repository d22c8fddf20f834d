import { setImmediate } from "node:timers/promises";
import type { BlockWrite } from "@waystation/contracts/block-device";
import { toSequence, type GroupName } from "@waystation/contracts/ids";
import { recordBytes, type Journal } from "@waystation/contracts/journal";
import { createRandom } from "@waystation/contracts/random";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { assertSameRecords, makeRecord, readAll } from "./conformance-harness.js";
import type { DatabaseOperation } from "./level-database.js";
import { openVolumeJournal } from "./volume-journal.js";
import { createRingMedia, type RingMedia } from "./ring-media.js";

const kib = 1024;

function range(from: number, through: number, payloadBytes = 100) {
  const payload = Buffer.alloc(payloadBytes, 7);
  return Array.from({ length: through - from + 1 }, (_, index) => makeRecord(from + index, { payload }));
}

const recordsInDatabase = ({ medium }: RingMedia): number =>
  [...medium.entries.values()].filter(([key]) => key.toString("latin1").startsWith("r")).length;

/** Commits single records, as long as the journal says that it has room; returns the last. */
async function fill(journal: Journal, payloadBytes: number): Promise<number> {
  let last: number = journal.last();
  for (;;) {
    const [record] = range(last + 1, last + 1, payloadBytes);
    const { usedBytes, capacityBytes } = journal.usage();
    if (usedBytes + recordBytes(record!) > capacityBytes) return last;
    await journal.commit({ records: [record!] });
    last += 1;
  }
}

/** The ring is written once by zeros when nothing else is to do: what follows counts writes. */
async function whenPrepared({ store }: RingMedia): Promise<void> {
  let batches = -1;
  await vi.waitFor(() => {
    const before = batches;
    batches = store.batches();
    expect(batches).toBe(before);
  });
}

/** Until what the media were called to do is done. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await setImmediate();
}

describe("acknowledging", () => {
  it("PROTOCOL 7: a commit costs one durable write, and none of LevelDB; marks ride along", async () => {
    const media = createRingMedia(1024 * kib);
    const journal = await media.open();
    await whenPrepared(media);
    const [batches, syncs] = [media.store.batches(), media.medium.syncs.length];
    await journal.commit({ records: range(1, 3) });
    await journal.commit({ marks: new Map([["a", 1]]) });
    await journal.commit({ cutAfter: toSequence(2), marks: new Map([["a", 2]]) });
    expect([media.store.batches() - batches, media.medium.syncs.length - syncs]).toEqual([3, 0]);
    media.crash(createRandom(1));
    const again = await media.open();
    expect([again.last(), again.marks().get("a")]).toEqual([2, 2]);
  });

  it("commits that wait together share one write, up to the limit of a batch", async () => {
    const media = createRingMedia(1024 * kib);
    const journal = await media.open({ batchBytesMax: 10_000 });
    await whenPrepared(media);
    const batches = media.store.batches();
    await Promise.all(range(1, 100).map((record) => journal.commit({ records: [record] })));
    expect(media.store.batches() - batches).toBeLessThanOrEqual(3);
  });

  it("every checkpoint is synced, and a clean close leaves nothing to search", async () => {
    const media = createRingMedia(1024 * kib);
    const journal = await media.open({ tuning: { checkpointBytes: 8 * kib, checkpointBatches: 3 } });
    for (const record of range(1, 50)) await journal.commit({ records: [record] });
    await journal.close();
    expect(media.medium.syncs.length).toBeGreaterThan(5);
    expect(media.medium.syncs).not.toContain(false);
    const writes = media.medium.syncs.length;
    await (await media.open()).close();
    expect(media.medium.syncs.length).toBe(writes);
  });
});

describe("a ring that is full", () => {
  it("has no room left in `usage` before it is: who keeps to that never has records in LevelDB", async () => {
    for (const payloadBytes of [1, 512, 4000, 4096, 6000]) {
      const media = createRingMedia(520 * kib);
      const journal = await media.open();
      const last = await fill(journal, payloadBytes);
      expect(last).toBeGreaterThan(50);
      expect(recordsInDatabase(media)).toBe(0);
      // What is held fills most of the ring: a group takes whole blocks.
      const blocks = last * Math.ceil((payloadBytes + 216) / 4096);
      expect(blocks * 4096).toBeGreaterThan(0.85 * 516 * kib);
    }
  });

  it("still takes marks and cuts, any number of them, and loses none", async () => {
    const media = createRingMedia(132 * kib);
    let journal = await media.open();
    const last = await fill(journal, 4000);
    for (let n = 1; n <= 200; n++) await journal.commit({ marks: new Map([["n", n]]) });
    await journal.commit({ cutAfter: toSequence(last - 1), marks: new Map([["n", "cut"]]) });
    media.crash(createRandom(3));
    journal = await media.open();
    expect([journal.first(), journal.last(), journal.marks().get("n")]).toEqual([1, last - 1, "cut"]);
    assertSameRecords(await readAll(journal), range(1, last - 1, 4000));
  });

  it("takes what callers had promised to take in LevelDB, and gives that back when it is trimmed", async () => {
    const media = createRingMedia(132 * kib);
    let journal = await media.open({ tailCacheBytes: 0 });
    const last = await fill(journal, 4000);
    await journal.commit({ records: range(last + 1, last + 40, 4000) });
    expect(recordsInDatabase(media)).toBe(40);
    media.crash(createRandom(4));
    journal = await media.open({ tailCacheBytes: 0 });
    assertSameRecords(await readAll(journal), range(1, last + 40, 4000));
    journal.trimThrough(toSequence(last + 39));
    await journal.close();
    expect(recordsInDatabase(media)).toBe(1);
    expect(media.medium.entries.size).toBeLessThan(5);
  });

  it("is not written over before the checkpoint that let the tail go is durable", async () => {
    const media = createRingMedia(132 * kib);
    const database = media.medium.open();
    let release: (() => void) | undefined;
    let isHeld = false;
    const held = {
      ...database,
      async write(operations: Iterable<DatabaseOperation>, options: { readonly sync: boolean }) {
        const list = [...operations];
        if (isHeld) await new Promise<void>((resolve) => (release = resolve));
        await database.write(list, options);
      },
    };
    const options = { group: "g1" as GroupName, place: "test", batchBytesMax: 1 };
    const journal = await openVolumeJournal({ database: held, store: media.store.open() }, options);
    const last = await fill(journal, 4000);
    isHeld = true;
    journal.trimThrough(toSequence(last));
    const done: number[] = [];
    const commits = range(last + 1, last + 20, 4000).map((record) =>
      journal.commit({ records: [record] }).then(() => done.push(record.sequence)),
    );
    await vi.waitFor(() => expect(release).not.toBe(undefined));
    // What was there when the power goes now is there again: nothing of it was written over.
    const bytes = Buffer.from(media.store.bytes);
    const copy = createRingMedia(132 * kib);
    bytes.copy(copy.store.bytes);
    for (const [key, entry] of media.medium.entries) copy.medium.entries.set(key, entry);
    const again = await copy.open();
    assertSameRecords(await readAll(again, { through: toSequence(last) }), range(1, last, 4000));
    isHeld = false;
    await vi.waitFor(() => {
      release?.();
      expect(done).toHaveLength(20);
    });
    await Promise.all(commits);
    expect(recordsInDatabase(media)).toBeLessThan(20);
  });
});

describe("a cut that waits while what it cuts is written", () => {
  it("leaves each number with the record that was put there last, in the ring or in LevelDB", async () => {
    const media = createRingMedia(132 * kib);
    let journal = await media.open({ tailCacheBytes: 0, batchBytesMax: 1 });
    const others = range(3, 7, 4500);
    const last = range(5, 6, 300);
    const done = [
      journal.commit({ records: range(1, 5) }),
      // Larger than a group may be here: it goes to LevelDB.
      journal.commit({ cutAfter: toSequence(2), records: others }),
      journal.commit({ cutAfter: toSequence(4), records: last }),
    ];
    const expected = [...range(1, 2), ...others.slice(0, 2), ...last];
    await done[1];
    await Promise.all(done);
    assertSameRecords(await readAll(journal), expected);
    media.crash(createRandom(6));
    journal = await media.open({ tailCacheBytes: 0 });
    assertSameRecords(await readAll(journal), expected);
    await journal.close();
    expect(recordsInDatabase(media)).toBe(2);
  });

  it("is not overtaken by a trim that speaks of the numbers it gives out anew", async () => {
    const media = createRingMedia(132 * kib);
    const [database, store] = [media.medium.open(), media.store.open()];
    let writesLeft = Infinity;
    const stopping = {
      ...store,
      async writeBatch(writes: readonly BlockWrite[]) {
        if (writesLeft-- <= 0) await new Promise(() => {});
        await store.writeBatch(writes);
      },
    };
    const tuning = { checkpointBytes: 1, checkpointBatches: 1 };
    const options = { group: "g1" as GroupName, place: "test", batchBytesMax: 1, tuning };
    const journal = await openVolumeJournal({ database, store: stopping }, options);
    await whenPrepared(media);
    await journal.commit({ records: range(1, 5) });
    await turns(10);
    const syncs = media.medium.syncs.length;
    writesLeft = 1;
    const before = journal.commit({ records: range(6, 6) });
    void journal.commit({ cutAfter: toSequence(3) });
    void journal.commit({ records: range(4, 4) });
    journal.trimThrough(toSequence(4));
    await before;
    // A checkpoint is taken while the cut waits.
    await vi.waitFor(() => expect(media.medium.syncs.length).toBeGreaterThan(syncs));
    await turns(10);
    media.crash(createRandom(1));
    const again = await media.open();
    expect([again.first(), again.last()]).toEqual([1, 6]);
  });

  it("leaves it so, too, when the last word is LevelDB's", async () => {
    const media = createRingMedia(132 * kib);
    const journal = await media.open({ tailCacheBytes: 0, batchBytesMax: 1 });
    const others = range(3, 7, 4500);
    await Promise.all([
      journal.commit({ records: range(1, 5) }),
      journal.commit({ cutAfter: toSequence(2), records: others }),
    ]);
    assertSameRecords(await readAll(journal), [...range(1, 2), ...others]);
  });
});

describe("reading", () => {
  it("what is trimmed while it is read is not written over until it has been read", async () => {
    const media = createRingMedia(132 * kib);
    const [database, store] = [media.medium.open(), media.store.open()];
    let release: (() => void) | undefined;
    let isSlow = false;
    const slow = {
      ...store,
      async read(offsetBytes: number, lengthBytes: number) {
        if (isSlow) await new Promise<void>((resolve) => (release = resolve));
        isSlow = false;
        return store.read(offsetBytes, lengthBytes);
      },
    };
    const options = { group: "g1" as GroupName, place: "test", tailCacheBytes: 0, batchBytesMax: 1 };
    const journal = await openVolumeJournal({ database, store: slow }, options);
    const last = await fill(journal, 4000);
    isSlow = true;
    const reading = journal.read({ from: toSequence(2), through: toSequence(last), maxBytes: 2 ** 20 });
    await vi.waitFor(() => expect(release).toBeDefined());
    journal.trimThrough(toSequence(last));
    for (const record of range(last + 1, last + 60, 4000)) {
      await journal.commit({ records: [record] });
      journal.trimThrough(record.sequence);
    }
    release?.();
    const { records } = await reading;
    assertSameRecords(records, range(2, last, 4000).slice(0, records.length));
    expect(records.length).toBeGreaterThan(3);
  });
});

describe("laps of the ring", () => {
  it("any commits, trims and crashes over many laps leave a prefix that holds all that was acknowledged", async () => {
    const step = fc.oneof(
      { weight: 20, arbitrary: fc.record({ commit: fc.array(fc.integer({ min: 0, max: 9000 }), { maxLength: 3 }) }) },
      { weight: 5, arbitrary: fc.record({ keep: fc.integer({ min: 0, max: 12 }) }) },
      { weight: 1, arbitrary: fc.record({ crash: fc.integer() }) },
    );
    const property = fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 120 }), async (steps) => {
      const media = createRingMedia(132 * kib);
      const options = { tailCacheBytes: 0, tuning: { checkpointBytes: 32 * kib, checkpointBatches: 8 } };
      let journal = await media.open(options);
      let next = 1;
      let acknowledged = 0;
      const sizes = new Map<number, number>();
      for (const one of steps) {
        if ("commit" in one) {
          const records = one.commit.map((size) => {
            sizes.set(next, size);
            return makeRecord(next++, { payload: Buffer.alloc(size, (next - 1) % 251) });
          });
          const last = next - 1;
          const done = journal.commit({ records, marks: new Map([["last", last]]) });
          void done.then(() => (acknowledged = Math.max(acknowledged, last)));
          if (records.length !== 2) await done;
        } else if ("keep" in one) {
          journal.trimThrough(toSequence(Math.max(0, next - 1 - one.keep)));
        } else {
          media.crash(createRandom(one.crash));
          journal = await media.open(options);
          const last = journal.marks().get("last") ?? 0;
          expect(last).toBeGreaterThanOrEqual(acknowledged);
          next = (last as number) + 1;
        }
        const from = journal.first();
        if (from === 0) continue;
        const expected = Array.from({ length: next - from }, (_, index) => from + index).map((sequence) =>
          makeRecord(sequence, { payload: Buffer.alloc(sizes.get(sequence) ?? 0, sequence % 251) }),
        );
        assertSameRecords(await readAll(journal, { from }), expected);
      }
    });
    await fc.assert(property, { numRuns: 60 });
  });

  it("a new ring is written once by zeros when there is nothing else to do, never over a group", async () => {
    const media = createRingMedia(1024 * kib);
    media.store.bytes.fill(0xee, 8 * kib);
    const journal = await media.open();
    await journal.commit({ records: range(1, 20, 5000) });
    await vi.waitFor(() => expect(media.store.bytes.includes(Buffer.alloc(64, 0xee))).toBe(false));
    media.crash(createRandom(5));
    assertSameRecords(await readAll(await media.open()), range(1, 20, 5000));
  });
});

describe("media that fail", () => {
  async function openFailing(media: RingMedia, which: "store" | "database"): Promise<[Journal, () => void]> {
    let fails = false;
    const [database, store] = [media.medium.open(), media.store.open()];
    const failure = () => Promise.reject(new Error(`${which} is broken`));
    const journal = await openVolumeJournal(
      {
        database: {
          ...database,
          write: (...call) => (fails && which === "database" ? failure() : database.write(...call)),
        },
        store: {
          ...store,
          writeBatch: (writes) => (fails && which === "store" ? failure() : store.writeBatch(writes)),
        },
      },
      { group: "g1" as GroupName, place: "test", tuning: { checkpointBytes: 1, checkpointBatches: 1 } },
    );
    return [journal, () => (fails = true)];
  }

  it.each(["store", "database"] as const)(
    "a %s that fails ends the journal, and what was acknowledged is kept",
    async (which) => {
      const media = createRingMedia(132 * kib);
      const [journal, breakIt] = await openFailing(media, which);
      await journal.commit({ records: range(1, 2) });
      breakIt();
      let last = 2;
      const failing = async (): Promise<void> => {
        for (; last < 20; last++) await journal.commit({ records: range(last + 1, last + 1) });
      };
      await expect(failing()).rejects.toMatchObject({
        code: "JOURNAL_FAILED",
        cause: { message: `${which} is broken` },
      });
      await expect(journal.commit({})).rejects.toMatchObject({ code: "JOURNAL_FAILED" });
      await journal.close();
      expect((await media.open()).last()).toBe(last);
    },
  );

  it("a volume too small for a ring is refused", async () => {
    await expect(createRingMedia(32 * kib).open()).rejects.toMatchObject({ code: "JOURNAL_FAILED" });
  });
});
