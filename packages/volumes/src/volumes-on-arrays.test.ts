/** Snapshots on real arrays of every level: power lost along the way, also with disks gone. */
import type { VolumeName } from "@waystation/contracts/ids";
import { createRandom } from "@waystation/contracts/random";
import type { RaidLevel } from "@waystation/raid/core/level";
import { openArray, type RaidArray } from "@waystation/raid/io/array";
import type { BlockDisk } from "@waystation/raid/io/block-disk";
import { createArray, diskBytesFor } from "@waystation/raid/io/create-array";
import { createPowerSupply } from "@waystation/raid/io/faulty-disk";
import { createMemoryDisk, placeOf, type MemoryDisk } from "@waystation/raid/io/memory-disk";
import { describe, expect, it } from "vitest";
import { openVolumes, type Volumes } from "./volumes.js";

const mebibyte = 2 ** 20;
const unitBytes = 16_384;
const pageBytes = 4096;
const pages = 40;
const volume = (name: string): VolumeName => name as VolumeName;
const [head, old] = [volume("v"), volume("s")];

/** Disks of each level, how many of them are gone in the second half of the test, and every how many I/Os it is cut. */
const shapes: readonly { level: RaidLevel; diskCount: number; gone: number; every: number }[] = [
  { level: "raid0", diskCount: 2, gone: 0, every: 19 },
  { level: "raid1", diskCount: 2, gone: 1, every: 35 },
  { level: "raid10", diskCount: 4, gone: 1, every: 47 },
  { level: "raid4", diskCount: 4, gone: 1, every: 59 },
  { level: "raid5", diskCount: 4, gone: 1, every: 59 },
  { level: "raid6", diskCount: 5, gone: 2, every: 75 },
];

function open(disks: readonly BlockDisk[]): Promise<RaidArray> {
  return openArray({ disks: disks.map((disk) => placeOf(disk)) });
}

async function prepare({ level, diskCount }: { level: RaidLevel; diskCount: number }): Promise<MemoryDisk[]> {
  const shape = { level, diskCount, unitBytes, logBytes: mebibyte };
  const diskBytes = diskBytesFor(shape, 6 * mebibyte);
  const disks = Array.from({ length: diskCount }, (_, slot) => {
    return createMemoryDisk({ file: `disk-${slot}`, sizeBytes: diskBytes });
  });
  await createArray({
    name: "a",
    level,
    unitBytes,
    logBytes: mebibyte,
    diskBytes,
    disks: disks.map((disk) => placeOf(disk)),
  });
  const array = await open(disks);
  const volumes = await openVolumes(array);
  await volumes.create(head, pages * pageBytes);
  const handle = volumes.open(head);
  await handle.writeBatch([{ offsetBytes: 0, lengthBytes: handle.sizeBytes, data: Buffer.alloc(handle.sizeBytes, 1) }]);
  await volumes.close();
  await array.close();
  return disks;
}

/** A snapshot, writes after it, its deletion; `done` counts what has ended. */
async function work(volumes: Volumes, done: { count: number }): Promise<void> {
  await volumes.snapshot(old, head);
  done.count++;
  const handle = volumes.open(head);
  for (const page of [3, 17, 18]) {
    await handle.writeBatch([
      { offsetBytes: page * pageBytes, lengthBytes: pageBytes, data: Buffer.alloc(pageBytes, 2) },
    ]);
    done.count++;
  }
  await volumes.delete(old);
  done.count++;
}

/** Each sector of the volume is as it was or as it was written, and of the snapshot as it was. */
async function check(array: RaidArray, done: number): Promise<void> {
  const volumes = await openVolumes(array);
  await expect(volumes.delete(volume("none"))).rejects.toMatchObject({ code: "VOLUME_NOT_FOUND" });
  const content = await volumes.open(head).read(0, pages * pageBytes);
  for (let at = 0; at < content.length; at += 512) {
    const place = [3, 17, 18].indexOf(Math.floor(at / pageBytes));
    const legal = place < 0 ? [1] : place + 1 < done ? [2] : [1, 2];
    if (!legal.includes(content[at]!)) throw new Error(`${content[at]} at ${at} after ${done} steps`);
  }
  const isThere = volumes.list().some(({ name }) => name === old);
  if (done > 0 && done < 4) expect(isThere).toBe(true);
  if (isThere) {
    const snapshot = volumes.open(old);
    expect((await snapshot.read(0, snapshot.sizeBytes)).every((byte) => byte === 1)).toBe(true);
    await snapshot.close();
    await volumes.delete(old);
  }
}

describe("snapshots on arrays", () => {
  for (const { level, diskCount, gone, every } of shapes) {
    it(`A3: ${level}: power lost amid a snapshot, writes after it and its deletion, and disks lost then`, async () => {
      const original = await prepare({ level, diskCount });
      for (let cutAt = 1, end = "cut"; end === "cut"; cutAt += every) {
        const disks = original.map((disk) => disk.clone());
        let onCut = (): void => {};
        const cut = new Promise<"cut">((resolve) => (onCut = () => resolve("cut")));
        const power = createPowerSupply(cutAt, onCut);
        const done = { count: 0 };
        const run = async (): Promise<"done"> => {
          await work(await openVolumes(await open(disks.map((disk) => power.connect(disk)))), done);
          return "done";
        };
        end = await Promise.race([run(), cut]);
        const { count } = done;
        const random = createRandom(cutAt);
        for (const disk of disks) disk.crash(random);
        const recovered = await open(disks);
        const copies = disks.map((disk) => disk.clone());
        await check(recovered, count);
        // What recovery left is whole without some of the disks too.
        if (gone > 0) await check(await open(copies.slice(gone)), count);
      }
    });
  }
});
