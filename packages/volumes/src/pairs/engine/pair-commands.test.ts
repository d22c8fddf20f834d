import { describe, expect, it } from "vitest";
import type { Clock } from "@waystation/contracts/clock";
import { createRandom } from "@waystation/contracts/random";
import { openSite, stillClock, type Site } from "./testing-pairs.js";

const sizeBytes = 64 * 1024;
const regionBytes = 2048;
/** S's stripes are no multiple of the regions, nor the regions of them. */
const volumes = { p: 4096, s: 3 * 1024, s2: 4096, s3: 4096, s4: 4096 };

async function newPair(options: Partial<Parameters<typeof openSite>[0]> = {}): Promise<Site> {
  const site = await openSite({ sizeBytes, volumes, ...options });
  const front = site.pairs.volume("p");
  await front.writeBatch([{ offsetBytes: 0, lengthBytes: sizeBytes, data: Buffer.alloc(sizeBytes, 1) }]);
  await site.pairs.create({ primary: "p", secondary: "s", regionBytes });
  return site;
}

async function inSync(options: Partial<Parameters<typeof openSite>[0]> = {}): Promise<Site> {
  const site = await newPair(options);
  await site.pairs.wait(m);
  return site;
}

const m = { primary: "p", secondary: "s" };
const m2 = { primary: "p", secondary: "s2" };
const m3 = { primary: "p", secondary: "s3" };

const write = (site: Site, volume: string, offsetBytes: number, data: Buffer) =>
  site.pairs.volume(volume).writeBatch([{ offsetBytes, lengthBytes: data.length, data }]);

describe("a mirror pair", () => {
  it("A9: the initial copy goes by whole stripes of the target and reads nothing there", async () => {
    const site = await newPair();
    expect(site.pairs.show(m)).toMatchObject({ state: "COPY", phase: "initial-copy" });
    const seen: number[] = [];
    const end = await site.pairs.wait(m, ({ copy }) => seen.push(copy?.doneBytes ?? sizeBytes));
    expect(end).toMatchObject({ state: "PAIR", phase: "duplex", differingRegions: 0, copy: null });
    expect(seen[0]).toBe(0);
    expect(new Set(seen).size).toBeGreaterThan(4);
    const { counters } = site.volume("s");
    expect(site.volume("s").content().equals(site.volume("p").content())).toBe(true);
    expect(counters.readBytes).toBe(0);
    // All but the last, partial, stripe.
    expect(counters.ordinaryWrites).toBe(1);
  });

  it("A5: host writes in PAIR go to both; A6: while split each side is recorded; A7: resync copies only that", async () => {
    const site = await inSync();
    await write(site, "p", 1000, Buffer.alloc(3000, 2));
    expect(site.volume("s").content().equals(site.volume("p").content())).toBe(true);
    await site.pairs.split(m);
    expect(site.pairs.show(m)).toMatchObject({ state: "PSUS", phase: "split", differingRegions: 0 });
    await write(site, "p", 10_000, Buffer.alloc(100, 3));
    await write(site, "s", 30_000, Buffer.alloc(100, 4));
    expect(site.pairs.show(m)).toMatchObject({
      differingRegions: 2,
      writtenOnSecondaryRegions: 1,
    });
    const before = { ...site.volume("s").counters };
    await site.pairs.resync(m);
    await site.pairs.wait(m);
    const { readBytes, writtenBytes } = site.volume("s").counters;
    expect(writtenBytes - before.writtenBytes).toBe(2 * regionBytes);
    expect(readBytes).toBe(before.readBytes);
    expect(site.volume("s").content().equals(site.volume("p").content())).toBe(true);
    expect(site.volume("p").content()[10_000]).toBe(3);
  });

  it("A10: a quick split shows S's image at once; P overwrites copy first", async () => {
    const site = await newPair();
    await site.pairs.split(m, { quick: true });
    expect(site.pairs.show(m)).toMatchObject({ state: "PSUS", phase: "quick-split" });
    const [p, s] = [site.pairs.volume("p"), site.pairs.volume("s")];
    await write(site, "p", 60_000, Buffer.alloc(100, 5));
    await write(site, "s", 50_000, Buffer.alloc(100, 6));
    expect((await s.read(60_000, 100)).equals(Buffer.alloc(100, 1))).toBe(true);
    expect((await p.read(50_000, 100)).equals(Buffer.alloc(100, 1))).toBe(true);
    expect((await s.read(50_000, 100)).equals(Buffer.alloc(100, 6))).toBe(true);
    await site.pairs.wait(m);
    expect(site.pairs.show(m)).toMatchObject({ state: "PSUS", phase: "split" });
    const expected = Buffer.alloc(sizeBytes, 1).fill(6, 50_000, 50_100);
    expect(site.volume("s").content().equals(expected)).toBe(true);
  });

  it("A10: a quick resync shows PAIR at once; a restore shows S's bytes on P at once", async () => {
    const site = await inSync();
    await site.pairs.split(m);
    await write(site, "p", 0, Buffer.alloc(sizeBytes, 2));
    await site.pairs.resync(m, { quick: true });
    expect(site.pairs.show(m)).toMatchObject({ state: "PAIR", phase: "quick-resync" });
    expect((await site.pairs.volume("s").read(40_000, 10_000)).equals(Buffer.alloc(10_000, 2))).toBe(true);
    await site.pairs.wait(m);
    await site.pairs.split(m);
    await write(site, "s", 0, Buffer.alloc(sizeBytes, 3));
    await write(site, "p", 100, Buffer.alloc(10, 4));
    await site.pairs.restore(m);
    expect(site.pairs.show(m)).toMatchObject({ state: "COPY", phase: "restore" });
    expect((await site.pairs.volume("p").read(0, sizeBytes)).equals(Buffer.alloc(sizeBytes, 3))).toBe(true);
    await write(site, "p", 60_001, Buffer.alloc(10, 5));
    await site.pairs.wait(m);
    expect(site.pairs.show(m)).toMatchObject({ state: "PAIR", phase: "duplex" });
    const expected = Buffer.alloc(sizeBytes, 3).fill(5, 60_001, 60_011);
    expect(site.volume("p").content().equals(expected)).toBe(true);
    expect(site.volume("s").content().equals(expected)).toBe(true);
  });

  it("A10: three secondaries of one primary, each for itself; a fourth is refused", async () => {
    const site = await inSync();
    await site.pairs.create({ ...m2, regionBytes: 4096 });
    await site.pairs.create(m3);
    await expect(site.pairs.create({ primary: "p", secondary: "s4" })).rejects.toMatchObject({
      code: "VOLUME_IN_USE",
      message: expect.stringContaining("p/s, p/s2, p/s3") as unknown,
    });
    await Promise.all([m2, m3].map((name) => site.pairs.wait(name)));
    await site.pairs.split(m);
    await site.pairs.split(m2);
    await write(site, "p", 5000, Buffer.alloc(5000, 9));
    await write(site, "s", 20_000, Buffer.alloc(5000, 8));
    expect(site.volume("s3").content().equals(site.volume("p").content())).toBe(true);
    // A restore changes P: the pair that is in sync must be apart first, and both others must hear of it.
    await expect(site.pairs.restore(m)).rejects.toMatchObject({
      code: "PAIR_STATE",
      message: expect.stringContaining("first wayctl pair split p s3") as unknown,
    });
    await site.pairs.split(m3);
    await site.pairs.restore(m);
    await expect(site.pairs.resync(m2)).rejects.toMatchObject({
      message: expect.stringContaining("first wayctl pair wait p s") as unknown,
    });
    await site.pairs.wait(m);
    const expected = Buffer.alloc(sizeBytes, 1).fill(8, 20_000, 25_000);
    expect((await site.pairs.volume("p").read(0, sizeBytes)).equals(expected)).toBe(true);
    for (const name of [m2, m3]) {
      await site.pairs.resync(name);
      await site.pairs.wait(name);
    }
    for (const name of ["s", "s2", "s3"]) expect(site.volume(name).content().equals(expected)).toBe(true);
  });

  it("refuses with the pair, its state and the legal command, and changes nothing", async () => {
    const site = await inSync();
    const { pairs } = site;
    const message = async (command: Promise<unknown>): Promise<string> =>
      command.then(
        () => "done",
        (error: unknown) => (error as Error).message,
      );
    expect(await message(pairs.restore(m))).toBe(
      "Pair p/s is in PAIR (in sync): restore is not legal now; legal: first wayctl pair split p s.",
    );
    expect(await message(write(site, "s", 0, Buffer.alloc(1)))).toContain("first wayctl pair split p s");
    expect(await message(pairs.split({ primary: "x", secondary: "y" }))).toBe("No pair x/y on this node; it has: p/s.");
    expect(await message(pairs.create(m))).toContain("p/s, which is in PAIR (in sync), is there already");
    expect(await message(pairs.create({ primary: "s", secondary: "s2" }))).toContain("first wayctl pair delete p s");
    expect(await message(pairs.create({ primary: "s2", secondary: "p" }))).toContain("part of pair p/s");
    expect(await message(pairs.create({ primary: "s2", secondary: "s2" }))).toContain("its own copy");
    expect(await message(pairs.create({ primary: "s2", secondary: "none" }))).toContain("no volume none");
    expect(await message(pairs.create({ primary: "s2", secondary: "s3", regionBytes: 700 }))).toContain("700");
    expect(pairs.list().map(({ secondary, state }) => [secondary, state])).toEqual([["s", "PAIR"]]);
    await pairs.split(m);
    expect(await message(pairs.split(m))).toBe("done");
  });

  it("A5: a failing S suspends the pair and never a host; resync copies what was written meanwhile", async () => {
    const site = await inSync();
    site.volume("s").failing = "the cable is out";
    await write(site, "p", 7000, Buffer.alloc(100, 2));
    await write(site, "p", 17_000, Buffer.alloc(100, 2));
    expect(site.pairs.show(m)).toMatchObject({ state: "PSUE", reason: expect.stringContaining("cable") as unknown });
    await expect(site.pairs.volume("s").read(0, 1)).rejects.toMatchObject({ code: "VOLUME_NOT_OPEN" });
    await expect(site.pairs.resync(m)).rejects.toMatchObject({ code: "IO_ERROR" });
    site.volume("s").failing = null;
    const before = site.volume("s").counters.writtenBytes;
    await site.pairs.resync(m);
    await site.pairs.wait(m);
    expect(site.volume("s").counters.writtenBytes - before).toBeLessThan(4 * regionBytes);
    expect(site.volume("s").content().equals(site.volume("p").content())).toBe(true);
  });

  it("A5: a write that P failed and S may have taken is copied again, and S is read from P until then", async () => {
    const site = await inSync();
    site.volume("p").failing = "bad sector";
    await expect(write(site, "p", 7000, Buffer.alloc(100, 2))).rejects.toMatchObject({ code: "IO_ERROR" });
    site.volume("p").failing = null;
    expect(site.volume("s").content()[7000]).toBe(2);
    expect((await site.pairs.volume("s").read(7000, 1))[0]).toBe(1);
    expect((await site.pairs.wait(m)).state).toBe("PAIR");
    expect(site.volume("s").content().equals(site.volume("p").content())).toBe(true);
  });

  it("A10: S lost during a restore: what P has stays readable, the rest fails and comes with the next restore", async () => {
    const site = await inSync();
    await site.pairs.split(m);
    await write(site, "s", 0, Buffer.alloc(sizeBytes, 3));
    await site.pairs.restore(m);
    site.volume("s").failing = "the cable is out";
    await site.pairs.wait(m);
    expect(site.pairs.show(m)).toMatchObject({ state: "PSUE", phase: "restore-suspended" });
    await expect(site.pairs.volume("p").read(0, sizeBytes)).rejects.toMatchObject({ code: "IO_ERROR" });
    await expect(write(site, "p", 60_000, Buffer.alloc(10, 7))).rejects.toMatchObject({ code: "IO_ERROR" });
    const again = await site.restart(createRandom(1));
    await expect(again.pairs.volume("p").read(0, sizeBytes)).rejects.toMatchObject({ code: "IO_ERROR" });
    await expect(again.pairs.delete(m)).rejects.toMatchObject({ code: "PAIR_STATE" });
    await again.pairs.restore(m);
    await again.pairs.wait(m);
    expect(again.volume("p").content().equals(Buffer.alloc(sizeBytes, 3))).toBe(true);
  });

  it("A10: a host's write that waited for the pair to be made is the pair's to judge", async () => {
    const site = await openSite({ sizeBytes, volumes });
    const fronts = [site.pairs.volume("s"), site.pairs.volume("p")];
    const making = site.pairs.create({ ...m, regionBytes });
    let isMade = false;
    void making.then(() => (isMade = true));
    const refused: unknown[] = [];
    for (let round = 0; round < 30; round++) {
      const requests = fronts.map((front, index) => front.write(round * 512, Buffer.alloc(512, 10 * round + index)));
      const late = requests[0]!.then(
        () => isMade,
        () => false,
      );
      for (const end of await Promise.allSettled(requests)) if (end.status === "rejected") refused.push(end.reason);
      expect(await late).toBe(false);
    }
    await making;
    await site.pairs.wait(m);
    expect(refused.length).toBeGreaterThan(0);
    for (const reason of refused) expect(reason).toMatchObject({ code: "READ_ONLY" });
    expect(site.volume("s").content().equals(site.volume("p").content())).toBe(true);
  });

  it("A9: copies yield to hosts, and form redundancy of what hosts' caches hold only once it is written", async () => {
    const timers: (() => void)[] = [];
    const setTimer: Clock["setTimer"] = (_, callback) => {
      timers.push(callback);
      return () => timers.splice(timers.indexOf(callback), 1);
    };
    const pace = { stepBytes: regionBytes, busyBytesPerSecond: 1 };
    const site = await inSync({ clock: { ...stillClock, setTimer }, pace });
    await site.pairs.split(m);
    const changed = [0, 4, 8, 10];
    for (const region of changed) await write(site, "p", region * regionBytes, Buffer.alloc(10, 2));
    await site.pairs.resync(m);
    timers.length = 0;
    // Cached, next to region 10 in the same stripe of S. It is a host's request: the copy holds back after its step.
    await site.pairs.volume("p").write(9 * regionBytes + 1536, Buffer.alloc(100, 3));
    while (timers.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(site.pairs.show(m)).toMatchObject({ state: "COPY" });
    expect(site.pairs.show(m).differingRegions).toBeGreaterThan(0);
    for (const fire of timers.splice(0)) fire();
    await site.pairs.wait(m);
    expect(site.volume("s").content().equals(site.volume("p").content())).toBe(true);
  });

  it("marks that are lost mean a full copy, said aloud", async () => {
    const site = await inSync();
    await site.pairs.split(m);
    await write(site, "p", 0, Buffer.alloc(10, 9));
    const [id] = site.home.marks.ids();
    await site.home.marksStores.get(id!)!.writeBatch([{ offsetBytes: 600, lengthBytes: 1, data: Buffer.from([255]) }]);
    const again = await site.restart(createRandom(1));
    expect(again.pairs.show(m)).toMatchObject({
      phase: "split",
      differingRegions: sizeBytes / regionBytes,
      reason: expect.stringContaining("lost") as unknown,
    });
    await again.pairs.resync(m);
    await again.pairs.wait(m);
    expect(again.volume("s").counters.writtenBytes).toBeGreaterThanOrEqual(sizeBytes);
    expect(again.volume("s").content().equals(again.volume("p").content())).toBe(true);
  });

  it("a secondary whose array was made anew holds nothing: suspended, and copied in full; nothing of it is restored", async () => {
    const site = await inSync();
    await site.pairs.split(m);
    await write(site, "p", 0, Buffer.alloc(10, 9));
    await site.pairs.restore(m);
    const [claim] = site.home.documents.names().filter((name) => name.startsWith("pair-secondaries/"));
    await site.home.documents.delete(claim!);
    const again = await site.restart(createRandom(1));
    expect(again.pairs.show(m)).toMatchObject({
      ...{ state: "PSUE", differingRegions: sizeBytes / regionBytes },
      reason: expect.stringContaining("made anew") as unknown,
    });
    await expect(again.pairs.restore(m)).rejects.toMatchObject({ code: "PAIR_STATE" });
    await again.volume("s").writeBatch([{ offsetBytes: 0, lengthBytes: sizeBytes, data: null }]);
    const third = await again.restart(createRandom(2));
    await third.pairs.resync(m);
    await third.pairs.wait(m);
    expect(third.volume("s").content().equals(third.volume("p").content())).toBe(true);
  });

  it("marks that cannot be written suspend the pair, hosts go on, and the next resync copies all", async () => {
    const site = await inSync();
    const [id] = site.home.marks.ids();
    const marks = site.home.marksStores.get(id!)!;
    marks.failing = "no room";
    await write(site, "p", 0, Buffer.alloc(10, 9));
    expect(site.pairs.show(m)).toMatchObject({ state: "PSUE", differingRegions: sizeBytes / regionBytes });
    const again = await site.restart(createRandom(1));
    expect(again.pairs.show(m)).toMatchObject({ state: "PSUE", differingRegions: sizeBytes / regionBytes });
    await again.pairs.resync(m);
    expect(again.pairs.show(m)).toMatchObject({ phase: expect.stringMatching(/initial-copy|resync/) as unknown });
    await again.pairs.wait(m);
    expect(again.volume("s").content().equals(again.volume("p").content())).toBe(true);
  });

  it("a deleted pair leaves two volumes of their own, and nothing behind", async () => {
    const site = await inSync();
    const [p, s] = [site.pairs.volume("p"), site.pairs.volume("s")];
    await expect(s.write(0, Buffer.alloc(1))).rejects.toMatchObject({ code: "READ_ONLY" });
    await site.pairs.delete(m);
    expect(site.pairs.list()).toEqual([]);
    expect([site.home.documents.names(), site.home.marks.ids()]).toEqual([[], []]);
    await s.write(0, Buffer.alloc(1, 7));
    await p.write(0, Buffer.alloc(1, 8));
    expect([site.volume("p").content()[0], site.volume("s").content()[0]]).toEqual([8, 7]);
    await site.pairs.create({ primary: "s", secondary: "p", regionBytes });
    await site.pairs.wait({ primary: "s", secondary: "p" });
    expect(site.volume("p").content()[0]).toBe(7);
  });

  it("a record that makes no sense is refused by name", async () => {
    const site = await inSync();
    await site.home.documents.put("pairs/1234", { version: 1, id: "1234", phase: "none" });
    await expect(site.restart(createRandom(1))).rejects.toMatchObject({
      code: "PAIR_RECORD_DAMAGED",
      message: expect.stringContaining("pairs/1234") as unknown,
    });
  });
});
