/** A volume whose map has several nodes, written while its snapshots are deleted in many steps. */
import type { VolumeName } from "@waystation/contracts/ids";
import { createRandom, type Random } from "@waystation/contracts/random";
import { createPowerSupply } from "@waystation/raid/io/faulty-disk";
import { createMemoryDisk, type MemoryDisk } from "@waystation/raid/io/memory-disk";
import { describe, expect, it } from "vitest";
import { arrayOn, delayBy } from "./testing-array.js";
import type { VolumeArray } from "./volume-array.js";
import { openVolumes, type Volume, type Volumes } from "./volumes.js";

const chunkBytes = 65_536;
const sectorBytes = 512;
const sizeBytes = 2 ** 31;
const volume = (name: string): VolumeName => name as VolumeName;
const head = volume("v");

/** In three nodes of 8192 chunks; each worker has one of each. */
const places = [0, 5, 9, 8190, 8191, 8192, 16_384, 16_390, 20_000];
const workers = 3;

/** By place: the count that was last issued, and the last that is durable. A count is in the chunk's first sector. */
interface Told {
  readonly issued: number[];
  readonly durable: number[];
}

const sectorOf = (count: number): Buffer => Buffer.alloc(sectorBytes, count % 251);
const offsetOf = (place: number): number => places[place]! * chunkBytes;

async function read(handle: Volume): Promise<number[]> {
  const counts: number[] = [];
  for (const place of places.keys()) counts.push((await handle.read(offsetOf(place), sectorBytes))[0]!);
  return counts;
}

/** Writes two of its chunks at once, which are in different nodes, or drops one and writes it anew. */
async function work(volumes: Volumes, told: Told, { mine, random }: { mine: number; random: Random }): Promise<void> {
  const handle = volumes.open(head);
  const own = [...places.keys()].filter((place) => place % workers === mine);
  for (let round = 0; round < 10; round++) {
    const chosen = random.chance(0.5) ? own.slice(1) : own.slice(0, 2);
    for (const place of chosen) told.issued[place]!++;
    const writes = chosen.map((place) => {
      return { offsetBytes: offsetOf(place), lengthBytes: sectorBytes, data: sectorOf(told.issued[place]!) };
    });
    if (random.chance(0.6)) await handle.writeBatch(writes);
    else {
      for (const { offsetBytes, data } of writes) await handle.write(offsetBytes, data);
      await handle.flush();
    }
    for (const place of chosen) told.durable[place] = told.issued[place]!;
    if (random.chance(0.3)) await handle.zero(offsetOf(own[0]!) + chunkBytes * 100, chunkBytes);
    else if (random.chance(0.5)) await handle.write(offsetOf(own[0]!) + chunkBytes * 100, sectorOf(round));
  }
  await handle.close();
}

async function keep(volumes: Volumes, random: Random): Promise<void> {
  for (let round = 0; round < 4; round++) {
    const name = volume(`s${round}`);
    await volumes.snapshot(name, head);
    const handle = volumes.open(name);
    const seen = await read(handle);
    expect(await read(handle)).toEqual(seen);
    await handle.close();
    // The newest, while its volume is written; or an older one, while there is a younger.
    if (random.chance(0.6)) await volumes.delete(name);
  }
}

async function start(array: VolumeArray): Promise<Volumes> {
  const volumes = await openVolumes(array);
  await volumes.create(head, sizeBytes, { thin: true });
  const handle = volumes.open(head);
  for (const place of places.keys()) await handle.write(offsetOf(place), sectorOf(1));
  await handle.flush();
  await handle.close();
  await volumes.snapshot(volume("first"), head);
  await volumes.close();
  return volumes;
}

const allOnce = (): Told => ({ issued: places.map(() => 1), durable: places.map(() => 1) });

async function together(array: VolumeArray, told: Told, random: Random): Promise<Volumes> {
  const volumes = await openVolumes(array);
  const each = Array.from({ length: workers }, (_, mine) => work(volumes, told, { mine, random: random.fork() }));
  await Promise.all([...each, keep(volumes, random.fork())]);
  return volumes;
}

async function expectNothingLeft(volumes: Volumes): Promise<void> {
  await expect(volumes.delete(volume("none"))).rejects.toMatchObject({ code: "VOLUME_NOT_FOUND" });
  for (const { name } of [...volumes.list()].reverse()) {
    const { exclusiveBytes } = await volumes.usage(name);
    const before = volumes.freeBytes();
    await volumes.delete(name);
    expect(volumes.freeBytes() - before).toBe(exclusiveBytes);
  }
  expect(volumes.freeBytes()).toBe(volumes.space().totalBytes);
}

/** Some never give anything before they return, so that maps are waited for as well. */
function slowArray(disk: Parameters<typeof arrayOn>[0], random: Random): VolumeArray {
  const array = arrayOn(disk, { delay: delayBy(random.fork()) });
  return random.chance(0.5) ? array : { ...array, readNow: () => false };
}

describe("a volume with several nodes, written while snapshots go", () => {
  it("A1: holds what was written, and every chunk is somebody's or free", async () => {
    for (let seed = 1; seed <= 2; seed++) {
      const random = createRandom(seed);
      const disk = createMemoryDisk({ file: "disk", sizeBytes: 2 ** 25 });
      await start(arrayOn(disk));
      const told = allOnce();
      const volumes = await together(slowArray(disk, random), told, random);
      const handle = volumes.open(head);
      expect(await read(handle)).toEqual(told.issued);
      await handle.close();
      await expectNothingLeft(volumes);
    }
  });

  it("A3: the same after power loss at any moment", async () => {
    const original: MemoryDisk = createMemoryDisk({ file: "disk", sizeBytes: 2 ** 25 });
    await start(arrayOn(original));
    original.crash();
    for (let seed = 1; seed <= 10; seed++) {
      const random = createRandom(seed);
      const disk = original.clone();
      let onCut = (): void => {};
      const cut = new Promise<void>((resolve) => (onCut = resolve));
      const power = createPowerSupply(20 + random.below(1500), onCut);
      const told = allOnce();
      await Promise.race([together(slowArray(power.connect(disk), random), told, random), cut]);
      const durable = [...told.durable];
      disk.crash(random);
      const volumes = await openVolumes(arrayOn(disk));
      const handle = volumes.open(head);
      const found = await read(handle);
      await handle.close();
      found.forEach((count, place) => expect(count >= durable[place]! && count <= told.issued[place]!).toBe(true));
      await expectNothingLeft(volumes);
    }
  });
});
