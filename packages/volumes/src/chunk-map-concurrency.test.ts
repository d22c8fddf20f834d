/** Many writers at once on shared chunks, while snapshots and clones come and go. */
import { setImmediate as immediate } from "node:timers/promises";
import type { VolumeName } from "@waystation/contracts/ids";
import { createRandom, type Random } from "@waystation/contracts/random";
import { createPowerSupply } from "@waystation/raid/io/faulty-disk";
import { createMemoryDisk } from "@waystation/raid/io/memory-disk";
import { describe, expect, it } from "vitest";
import { arrayOn, delayBy } from "./testing-array.js";
import type { VolumeArray } from "./volume-array.js";
import { openVolumes, type Volumes } from "./volumes.js";

const mebibyte = 2 ** 20;
const pageBytes = 4096;
const pages = 40;
const writers = 8;
const sizeBytes = pages * pageBytes;
const volume = (name: string): VolumeName => name as VolumeName;
const head = volume("v");

/** What each page was last told to hold, and last promised to hold: a count that rises with each write. */
interface Told {
  readonly issued: number[];
  readonly acknowledged: number[];
}

const pageOf = (count: number): Buffer => {
  const page = Buffer.alloc(pageBytes);
  for (let at = 0; at < pageBytes; at += 4) page.writeUInt32LE(count, at);
  return page;
};

async function counts(volumes: Volumes, name: VolumeName): Promise<number[]> {
  const handle = volumes.open(name);
  const bytes = await handle.read(0, sizeBytes);
  await handle.close();
  return Array.from({ length: pages }, (_, page) => bytes.readUInt32LE(page * pageBytes));
}

/** Writes its own pages, which lie in the same chunks as everybody's. */
async function writer(volumes: Volumes, told: Told, { mine, random }: { mine: number; random: Random }): Promise<void> {
  const handle = volumes.open(head);
  for (let round = 0; round < 12; round++) {
    const page = mine + writers * random.below(pages / writers);
    const count = ++told.issued[page]!;
    if (random.chance(0.5)) {
      await handle.writeBatch([{ offsetBytes: page * pageBytes, lengthBytes: pageBytes, data: pageOf(count) }]);
    } else {
      await handle.write(page * pageBytes, pageOf(count));
      if (random.chance(0.5)) await handle.flush();
      else
        await handle.writeBatch([
          { offsetBytes: page * pageBytes, lengthBytes: 512, data: pageOf(count).subarray(512, 1024) },
        ]);
    }
    told.acknowledged[page] = count;
    expect((await handle.read(page * pageBytes, pageBytes)).equals(pageOf(count))).toBe(true);
  }
  await handle.close();
}

const churned = volume("d");
const chunkBytes = 65_536;
const churnedChunks = 6;

/** Fills whole chunks of a thin volume, and drops them, so that they come and go. */
async function churner(volumes: Volumes, random: Random): Promise<void> {
  const handle = volumes.open(churned);
  for (let round = 0; round < 40; round++) {
    const chunk = random.below(churnedChunks);
    const [offsetBytes, data] = [chunk * chunkBytes, Buffer.alloc(chunkBytes, 200 + chunk)];
    if (random.chance(0.5)) await handle.zero(offsetBytes, chunkBytes);
    else if (random.chance(0.5)) await handle.write(offsetBytes, data);
    else await handle.writeBatch([{ offsetBytes, lengthBytes: chunkBytes, data }]);
    if (random.chance(0.3)) await handle.flush();
  }
  await handle.close();
}

/** Whatever is under way, a chunk holds what was written to it, or zeros, and never somebody else's data. */
async function reader(volumes: Volumes, random: Random): Promise<void> {
  const handle = volumes.open(churned);
  for (let round = 0; round < 60; round++) {
    const chunk = random.below(churnedChunks);
    const bytes = await handle.read(chunk * chunkBytes, chunkBytes);
    // Sector by sector: a write may be under way.
    const [zeros, mine] = [Buffer.alloc(512), Buffer.alloc(512, 200 + chunk)];
    for (let at = 0; at < chunkBytes; at += 512) {
      const isRight = [zeros, mine].some((sector) => sector.equals(bytes.subarray(at, at + 512)));
      if (!isRight) throw new Error(`chunk ${chunk} holds ${bytes[at]} at ${at}`);
    }
  }
  await handle.close();
}

/** Makes snapshots and clones, looks at them twice, and deletes some. */
async function keeper(volumes: Volumes, told: Told, random: Random): Promise<void> {
  for (let round = 0; round < 5; round++) {
    const [name, copy] = [volume(`s${round}`), volume(`c${round}`)];
    const least = [...told.acknowledged];
    await volumes.snapshot(name, head, { reserve: random.chance(0.5) });
    const most = [...told.issued];
    const seen = await counts(volumes, name);
    seen.forEach((count, page) => expect(count >= least[page]! && count <= most[page]!).toBe(true));
    await volumes.clone(copy, name);
    const clone = volumes.open(copy);
    await clone.write(pageBytes, pageOf(7));
    await clone.close();
    if (round > 1 && random.chance(0.7)) {
      const old = round - 1 - random.below(2);
      await volumes.delete(volume(`c${old}`)).catch(mustBeGone);
      await volumes.delete(volume(`s${old}`)).catch(mustBeGone);
    }
    expect(await counts(volumes, name)).toEqual(seen);
    expect(await counts(volumes, copy)).toEqual(seen.map((count, page) => (page === 1 ? 7 : count)));
  }
}

function mustBeGone(error: unknown): void {
  if ((error as { code?: string }).code !== "VOLUME_NOT_FOUND") throw error;
}

async function workAtOnce(volumes: Volumes, told: Told, random: Random): Promise<void> {
  const work = Array.from({ length: writers }, (_, mine) => writer(volumes, told, { mine, random: random.fork() }));
  const churn = [churner(volumes, random.fork()), reader(volumes, random.fork()), reader(volumes, random.fork())];
  await Promise.all([...work, keeper(volumes, told, random.fork()), ...churn]);
}

async function createBoth(volumes: Volumes, random: Random): Promise<void> {
  await volumes.create(head, sizeBytes, { thin: random.chance(0.5) });
  await volumes.create(churned, churnedChunks * chunkBytes, { thin: true });
}

async function deleteAll(volumes: Volumes): Promise<void> {
  await expect(volumes.delete(volume("none"))).rejects.toMatchObject({ code: "VOLUME_NOT_FOUND" });
  for (const { name } of [...volumes.list()].reverse()) await volumes.delete(name);
}

const nothingTold = (): Told => ({ issued: Array<number>(pages).fill(0), acknowledged: Array<number>(pages).fill(0) });

describe("chunk maps under many writers", () => {
  it("A1: every page holds its last write, every snapshot what it held, and nothing leaks", async () => {
    for (const seed of [1, 2, 3]) {
      const random = createRandom(seed);
      const disk = createMemoryDisk({ file: "disk", sizeBytes: 24 * mebibyte });
      const volumes = await openVolumes(arrayOn(disk, { delay: delayBy(random.fork()) }));
      const emptyBytes = volumes.freeBytes();
      await createBoth(volumes, random);
      const told = nothingTold();
      await workAtOnce(volumes, told, random);
      expect(await counts(volumes, head)).toEqual(told.issued);
      await deleteAll(volumes);
      expect(volumes.freeBytes()).toBe(emptyBytes);
    }
  });

  it("A3: what was acknowledged survives power loss at any moment of it, and nothing leaks", async () => {
    for (let seed = 1; seed <= 16; seed++) {
      const random = createRandom(seed);
      const disk = createMemoryDisk({ file: "disk", sizeBytes: 24 * mebibyte });
      let onCut = (): void => {};
      const cut = new Promise<void>((resolve) => (onCut = resolve));
      const power = createPowerSupply(100 + random.below(2500), onCut);
      const told = nothingTold();
      let emptyBytes = 0;
      const work = async (): Promise<void> => {
        const volumes = await openVolumes(arrayOn(power.connect(disk), { delay: delayBy(random.fork()) }));
        emptyBytes = volumes.freeBytes();
        await createBoth(volumes, random);
        await workAtOnce(volumes, told, random.fork());
      };
      await Promise.race([work(), cut]);
      const acknowledged = [...told.acknowledged];
      disk.crash(random);
      const again = await openVolumes(arrayOn(disk));
      const found = await counts(again, head);
      found.forEach((count, page) => {
        const isRight = count >= acknowledged[page]! && count <= told.issued[page]!;
        expect({ seed, page, isRight }).toEqual({ seed, page, isRight: true });
      });
      await deleteAll(again);
      expect({ seed, free: again.freeBytes() }).toEqual({ seed, free: emptyBytes });
    }
  });

  it("A1: a chunk that a read has looked up is given to nobody else before the read has ended", async () => {
    const inner = arrayOn(createMemoryDisk({ file: "disk", sizeBytes: 4 * mebibyte }));
    let held: Promise<void> | null = null;
    const array: VolumeArray = {
      ...inner,
      async read(offsetBytes, lengthBytes) {
        if (lengthBytes === chunkBytes) await held;
        return inner.read(offsetBytes, lengthBytes);
      },
    };
    const volumes = await openVolumes(array);
    const all = Math.floor(volumes.freeBytes() / chunkBytes) - 1;
    await volumes.create(churned, (all + 1) * chunkBytes, { thin: true });
    const handle = volumes.open(churned);
    for (let chunk = 0; chunk < all; chunk++) await handle.write(chunk * chunkBytes, Buffer.alloc(chunkBytes, 1));
    await handle.flush();
    expect(volumes.freeBytes()).toBe(0);
    let letGo = (): void => {};
    held = new Promise((resolve) => (letGo = resolve));
    const reading = handle.read(0, chunkBytes);
    await handle.zero(0, chunkBytes);
    await handle.flush();
    // There is room for it, once the chunk may be used again.
    const writing = handle.write(all * chunkBytes, Buffer.alloc(chunkBytes, 2));
    for (let turns = 0; turns < 50; turns++) await immediate();
    letGo();
    expect((await reading).equals(Buffer.alloc(chunkBytes, 1))).toBe(true);
    await writing;
    expect((await handle.read(all * chunkBytes, chunkBytes)).equals(Buffer.alloc(chunkBytes, 2))).toBe(true);
  });

  it("A1: a volume that was closed amid a write is deleted when the write has ended, and gets none later", async () => {
    for (const thin of [false, true]) {
      const disk = createMemoryDisk({ file: "disk", sizeBytes: 4 * mebibyte });
      const inner = arrayOn(disk);
      let held: Promise<void> | null = null;
      const array: VolumeArray = {
        ...inner,
        async writeBatch(writes) {
          if (writes[0]?.data?.length === chunkBytes) await held;
          await inner.writeBatch(writes);
        },
      };
      const volumes = await openVolumes(array);
      await volumes.create(churned, mebibyte, { thin });
      const handle = volumes.open(churned);
      let letGo = (): void => {};
      held = new Promise((resolve) => (letGo = resolve));
      const write = () =>
        handle.writeBatch([{ offsetBytes: 0, lengthBytes: chunkBytes, data: Buffer.alloc(chunkBytes, 1) }]);
      const writing = write();
      await immediate();
      const deleting = volumes.delete(churned).catch((error: unknown) => error);
      expect(await deleting).toMatchObject({ code: "VOLUME_IN_USE" });
      await handle.close();
      let isDeleted = false;
      const gone = volumes.delete(churned).then(() => (isDeleted = true));
      for (let turns = 0; turns < 20; turns++) await immediate();
      expect(isDeleted).toBe(false);
      letGo();
      await Promise.all([writing, gone]);
      expect(volumes.freeBytes()).toBe(volumes.space().totalBytes);
      await volumes.create(head, mebibyte);
      expect((await volumes.open(head).read(0, mebibyte)).every((byte) => byte === 0)).toBe(true);
    }
  });
});
