/** Space: what is promised, what is refused, and what large volumes cost. */
import type { VolumeName } from "@waystation/contracts/ids";
import { createRandom } from "@waystation/contracts/random";
import { createMemoryDisk } from "@waystation/raid/io/memory-disk";
import { describe, expect, it } from "vitest";
import { createBlockCache } from "./block-cache.js";
import { arrayOn } from "./testing-array.js";
import type { VolumeArray } from "./volume-array.js";
import { openVolumes, type Volumes } from "./volumes.js";

const mebibyte = 2 ** 20;
const tebibyte = 2 ** 40;
const chunkBytes = 65_536;
const volume = (name: string): VolumeName => name as VolumeName;
const newArray = (sizeBytes: number): VolumeArray => arrayOn(createMemoryDisk({ file: "disk", sizeBytes }));
const noSpace = { code: "NO_SPACE" };

/** Takes all but so many chunks that nothing is reserved of. */
async function fill(volumes: Volumes, name: string, freeChunks: number): Promise<void> {
  await volumes.create(volume(name), 64 * mebibyte, { thin: true });
  const handle = volumes.open(volume(name));
  for (let at = 0; volumes.freeBytes() > freeChunks * chunkBytes; at += chunkBytes) {
    await handle.writeBatch([{ offsetBytes: at, lengthBytes: chunkBytes, data: Buffer.alloc(chunkBytes, 9) }]);
  }
  await handle.close();
}

describe("room on an array", () => {
  it("A1: a thick volume with a snapshot can be overwritten whole, however full the array gets", async () => {
    const volumes = await openVolumes(newArray(8 * mebibyte));
    const chunks = 20;
    await volumes.create(volume("v"), chunks * chunkBytes);
    const handle = volumes.open(volume("v"));
    await handle.write(0, Buffer.alloc(handle.sizeBytes, 1));
    await volumes.snapshot(volume("s"), volume("v"));
    expect(volumes.space().reservedBytes).toBe((chunks + 1) * chunkBytes);
    await fill(volumes, "f", 0);
    const other = volumes.open(volume("f"));
    await expect(other.write(40 * mebibyte, Buffer.alloc(512, 9))).rejects.toMatchObject(noSpace);
    await expect(volumes.create(volume("w"), mebibyte)).rejects.toMatchObject(noSpace);
    // All at once: each counts on the node that only one of them makes.
    const writes = Array.from({ length: chunks }, (_, index) =>
      handle.write(index * chunkBytes + 512, Buffer.alloc(512, 2)),
    );
    await Promise.all(writes);
    await handle.flush();
    expect(volumes.space()).toMatchObject({ freeBytes: 0, reservedBytes: 0 });
    await expect(volumes.snapshot(volume("s2"), volume("v"))).rejects.toMatchObject(noSpace);
    const expected = Buffer.alloc(chunkBytes, 1).fill(2, 512, 1024);
    expect((await handle.read(7 * chunkBytes, chunkBytes)).equals(expected)).toBe(true);
    expect((await volumes.open(volume("s")).read(0, handle.sizeBytes)).every((byte) => byte === 1)).toBe(true);
    expect((await other.read(0, chunkBytes)).every((byte) => byte === 9)).toBe(true);
  });

  it("A1: a snapshot says what it cannot promise; without the promise writes fail before anything is lost", async () => {
    const volumes = await openVolumes(newArray(8 * mebibyte));
    const sizeBytes = 3 * mebibyte + 512;
    await volumes.create(volume("v"), sizeBytes);
    const handle = volumes.open(volume("v"));
    await handle.write(0, Buffer.alloc(sizeBytes, 1));
    await expect(volumes.snapshot(volume("s"), volume("v"))).rejects.toMatchObject({
      code: "NO_SPACE",
      message: expect.stringContaining("reservation") as unknown,
      details: { neededBytes: 50 * chunkBytes, freeBytes: 2 * mebibyte },
    });
    expect(volumes.list()).toMatchObject([{ name: "v", kind: "thick" }]);
    await volumes.snapshot(volume("s"), volume("v"), { reserve: false });
    expect(volumes.list()[0]).toMatchObject({ kind: "mapped", isReserved: false });
    let written = 0;
    const writeNext = () =>
      handle.writeBatch([{ offsetBytes: written * chunkBytes, lengthBytes: 512, data: Buffer.alloc(512, 2) }]);
    const end = await (async () => {
      for (; ; written++) await writeNext();
    })().catch((error: unknown) => error);
    expect(end).toMatchObject(noSpace);
    // The extent's last grain was not all the volume's: 15 chunks of it are free, besides two grains, less one node.
    expect(written).toBe(15 + 32 - 1);
    const content = await handle.read(0, sizeBytes);
    for (let at = 0; at < sizeBytes; at += 512) {
      expect(content[at]).toBe(at % chunkBytes === 0 && at / chunkBytes < written ? 2 : 1);
    }
    await volumes.delete(volume("s"));
    await writeNext();
    expect(await handle.read(written * chunkBytes, 1)).toEqual(Buffer.from([2]));
  });

  it("A1: out of space at every place is refused with nothing changed, and works when there is room again", async () => {
    for (let freeChunks = 0; freeChunks <= 8; freeChunks++) {
      const volumes = await openVolumes(newArray(6 * mebibyte));
      const content = new Map<string, number>();
      await volumes.create(volume("t"), 4 * chunkBytes, { thin: true });
      const thin = volumes.open(volume("t"));
      await thin.writeBatch([{ offsetBytes: 0, lengthBytes: 2 * chunkBytes, data: Buffer.alloc(2 * chunkBytes, 1) }]);
      await volumes.snapshot(volume("s"), volume("t"));
      await volumes.clone(volume("c"), volume("s"));
      content.set("t", 1).set("s", 1).set("c", 1);
      await fill(volumes, "f", freeChunks);
      const attempt = async (name: string, work: () => Promise<void>, byte: number): Promise<void> => {
        const error = await work().catch((reason: unknown) => reason);
        if (error === undefined) content.set(name, byte);
        else expect(error).toMatchObject(noSpace);
        for (const [each, expected] of content) {
          const bytes = await volumes.open(volume(each)).read(512, 2 * chunkBytes - 512);
          expect(bytes.every((found) => found === expected)).toBe(true);
        }
      };
      const all = (byte: number) => [
        { offsetBytes: 512, lengthBytes: 2 * chunkBytes - 512, data: Buffer.alloc(2 * chunkBytes - 512, byte) },
      ];
      const clone = volumes.open(volume("c"));
      const steps: [string, () => Promise<void>, number][] = [
        ["t", () => thin.writeBatch(all(2)), 2],
        ["c", () => clone.write(512, all(3)[0]!.data), 3],
        ["t", () => thin.zero(0, 4 * chunkBytes), 0],
        ["t", () => thin.writeBatch(all(4)), 4],
        ["s2", () => volumes.snapshot(volume("s2"), volume("c")), content.get("c")!],
        ["c", () => clone.zero(0, 2 * chunkBytes), 0],
      ];
      for (const [name, work, byte] of steps) await attempt(name, work, name === "s2" ? content.get("c")! : byte);
      await volumes.delete(volume("f"));
      for (const [name, work, byte] of steps.slice(0, 4)) {
        await work();
        content.set(name, byte);
      }
    }
  });
});

describe("large volumes", () => {
  it("A1: a sparse volume of 16 TiB opens without reading its map, and its map is read through a bounded cache", async () => {
    const disk = createMemoryDisk({ file: "disk", sizeBytes: 16 * tebibyte });
    let readBytes = 0;
    const inner = arrayOn(disk);
    const array: VolumeArray = {
      ...inner,
      readNow: () => false,
      read(offsetBytes, lengthBytes) {
        readBytes += lengthBytes;
        return inner.read(offsetBytes, lengthBytes);
      },
    };
    const first = await openVolumes(array, { cacheBytes: mebibyte });
    await first.create(volume("t"), 16 * tebibyte, { thin: true });
    const random = createRandom(5);
    const places = Array.from({ length: 120 }, () => chunkBytes * random.below((16 * tebibyte) / chunkBytes));
    const written = first.open(volume("t"));
    for (const [index, at] of places.entries()) await written.write(at, Buffer.alloc(4096, 1 + (index % 250)));
    await written.flush();
    await first.close();
    readBytes = 0;
    const volumes = await openVolumes(array, { cacheBytes: mebibyte });
    // Table, log, and the bitmap of a pool that is small.
    expect(readBytes).toBeLessThan(6 * mebibyte);
    const handle = volumes.open(volume("t"));
    for (const [index, at] of places.entries()) expect((await handle.read(at, 1))[0]).toBe(1 + (index % 250));
    expect((await handle.read(places[0]! + 4096, 4096)).every((byte) => byte === 0)).toBe(true);
    // Discarding all of it looks at what is there, not at 16 TiB.
    const before = volumes.freeBytes();
    await handle.zero(0, 16 * tebibyte);
    await handle.flush();
    expect(volumes.freeBytes() - before).toBe(places.length * chunkBytes);
    expect((await handle.read(places[3]!, 4096)).every((byte) => byte === 0)).toBe(true);
    await handle.close();
    const [keptBytes, { totalBytes }] = [volumes.freeBytes(), volumes.space()];
    expect(keptBytes).toBeLessThan(totalBytes);
    await volumes.delete(volume("t"));
    expect(volumes.freeBytes()).toBe(totalBytes);
  });

  it("A1: a thick volume of 1 TiB gets a snapshot, and is deleted, by the words of its bitmap", async () => {
    const volumes = await openVolumes(newArray(2 * tebibyte + 64 * mebibyte));
    const { totalBytes } = volumes.space();
    await volumes.create(volume("v"), tebibyte - 512);
    await volumes.snapshot(volume("s"), volume("v"), { reserve: false });
    const handle = volumes.open(volume("v"));
    await handle.writeBatch([{ offsetBytes: tebibyte - 1024, lengthBytes: 512, data: Buffer.alloc(512, 1) }]);
    await handle.close();
    expect(await volumes.usage(volume("s"))).toMatchObject({ usedBytes: tebibyte, exclusiveBytes: chunkBytes });
    await volumes.delete(volume("s"));
    await volumes.delete(volume("v"));
    expect(volumes.freeBytes()).toBe(totalBytes);
  });

  it("keeps the cache within its bound, but for what must stay", async () => {
    const cache = createBlockCache(newArray(8 * mebibyte), 256);
    const kept = () => Array.from({ length: 2048 }, (_, at) => at).filter((at) => cache.now(at * 4096) !== undefined);
    for (let at = 0; at < 600; at++) await cache.load(at * 4096);
    cache.change(4096 * 3).writeUInt8(7);
    cache.adopt(4096 * 1000, Buffer.alloc(16_384, 1));
    cache.evict();
    expect(kept()).toHaveLength(224);
    expect(kept()).toEqual(expect.arrayContaining([3, 1000, 1001, 1002, 1003]));
    cache.adopt(4096 * 1100, Buffer.alloc(300 * 4096, 1));
    cache.evict();
    // Those that stay, and those that a step needs.
    expect(kept()).toHaveLength(305 + 128);
    cache.unpin(4096 * 1000, 400 * 4096);
    cache.allWritten();
    for (let at = 1500; at < 2000; at++) await cache.load(at * 4096);
    cache.evict();
    expect(kept()).toHaveLength(224);
  });
});
