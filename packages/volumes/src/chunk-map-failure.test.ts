/** Disks that fail now and then under chunk maps: what could not be made durable is not told to be. */
import { overlaps } from "@waystation/contracts/byte-range";
import type { VolumeName } from "@waystation/contracts/ids";
import { createFaultyDisk, type FaultyDisk } from "@waystation/raid/io/faulty-disk";
import { createMemoryDisk } from "@waystation/raid/io/memory-disk";
import { describe, expect, it } from "vitest";
import { layoutOf, logOffset } from "./layout.js";
import { arrayOn } from "./testing-array.js";
import type { VolumeArray } from "./volume-array.js";
import { openVolumes, type Volume, type Volumes } from "./volumes.js";

const mebibyte = 2 ** 20;
const chunkBytes = 65_536;
const arrayBytes = 12 * mebibyte;
const sizeBytes = 8 * chunkBytes;
const volume = (name: string): VolumeName => name as VolumeName;
const log = { offsetBytes: logOffset, lengthBytes: layoutOf(arrayBytes).logBytes };
const newDisk = (): FaultyDisk => createFaultyDisk(createMemoryDisk({ file: "disk", sizeBytes: arrayBytes }));

/** One sector of each of these chunks. */
function writeChunks(handle: Volume, chunks: readonly number[], byte: number): Promise<void> {
  const data = Buffer.alloc(512, byte);
  return handle.writeBatch(
    chunks.map((chunk) => ({ offsetBytes: chunk * chunkBytes, lengthBytes: data.length, data })),
  );
}

async function firstBytes(volumes: Volumes, name: string): Promise<number[]> {
  const handle = volumes.open(volume(name));
  const bytes = await handle.read(0, sizeBytes);
  await handle.close();
  return Array.from({ length: sizeBytes / chunkBytes }, (_, chunk) => bytes[chunk * chunkBytes]!);
}

describe("chunk maps over disks that fail", () => {
  it("A3: a write to a chunk whose place could not be made durable is never acknowledged, nor flushed", async () => {
    const disk = newDisk();
    const volumes = await openVolumes(arrayOn(disk));
    await volumes.create(volume("t"), sizeBytes, { thin: true });
    const handle = volumes.open(volume("t"));
    disk.inject({ fault: "fail", on: "write", at: 1, within: log });
    await expect(writeChunks(handle, [0], 1)).rejects.toMatchObject({ code: "IO_ERROR" });
    // The chunk has its place in memory alone: a crash would forget what is written there.
    await expect(writeChunks(handle, [0], 2)).rejects.toMatchObject({
      code: "IO_ERROR",
      message: expect.stringContaining("open the array again") as unknown,
    });
    await expect(handle.flush()).rejects.toMatchObject({ code: "IO_ERROR" });
    const again = await openVolumes(arrayOn(disk));
    expect((await firstBytes(again, "t"))[0]).toBe(0);
    await writeChunks(again.open(volume("t")), [0], 3);
  });

  it("A3: a deletion that failed is finished at the next opening, whatever was deleted and dropped meanwhile", async () => {
    const disk = newDisk();
    const first = await openVolumes(arrayOn(disk));
    const emptyBytes = first.freeBytes();
    for (const name of ["v", "w"]) {
      await first.create(volume(name), sizeBytes, { thin: true });
      await writeChunks(first.open(volume(name)), [0, 1, 2], 1);
      await first.snapshot(volume(`${name}-old`), volume(name));
    }
    const { dataOffset: offsetBytes } = layoutOf(arrayBytes);
    const pool = { offsetBytes, lengthBytes: arrayBytes - offsetBytes };
    const held = holdLogWrite(arrayOn(disk));
    const volumes = await openVolumes(held.array);
    disk.inject({ fault: "fail", on: "read", at: 1, within: pool });
    await expect(volumes.delete(volume("v-old"))).rejects.toMatchObject({ code: "IO_ERROR" });
    // All of the other snapshot has been given back, in memory; what says so is still on its way.
    const deletion = volumes.delete(volume("w-old"));
    await held.reached;
    const handle = volumes.open(volume("v"));
    await handle.zero(0, chunkBytes);
    held.release();
    await deletion;
    await handle.flush();
    await handle.close();
    await volumes.close();
    const again = await openVolumes(arrayOn(disk));
    expect(await firstBytes(again, "v")).toEqual([0, 1, 1, 0, 0, 0, 0, 0]);
    await again.delete(volume("v"));
    await again.delete(volume("w"));
    expect([again.list(), again.freeBytes()]).toEqual([[], emptyBytes]);
  });

  it("A1: a deletion that failed is finished by the next one beside it, which would be in its way", async () => {
    const disk = newDisk();
    const first = await openVolumes(arrayOn(disk));
    const emptyBytes = first.freeBytes();
    await first.create(volume("v"), sizeBytes, { thin: true });
    await writeChunks(first.open(volume("v")), [0, 1, 2], 1);
    await first.snapshot(volume("old"), volume("v"));
    await first.close();
    const volumes = await openVolumes(arrayOn(disk));
    disk.inject({ fault: "fail", on: "read", at: 1, forEver: true });
    await expect(volumes.delete(volume("old"))).rejects.toMatchObject({ code: "IO_ERROR" });
    await expect(volumes.delete(volume("v"))).rejects.toMatchObject({ code: "IO_ERROR" });
    disk.heal();
    await volumes.delete(volume("v"));
    expect([volumes.list(), volumes.freeBytes()]).toEqual([[], emptyBytes]);
  });
});

/** The first write to the log of the chunk maps waits. */
function holdLogWrite(inner: VolumeArray) {
  let release = (): void => {};
  let reach = (): void => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  const reached = new Promise<void>((resolve) => (reach = resolve));
  const array: VolumeArray = {
    ...inner,
    async writeBatch(writes) {
      if (writes.some((write) => overlaps(write, log))) {
        reach();
        await released;
      }
      await inner.writeBatch(writes);
    },
  };
  return { array, reached, release };
}
