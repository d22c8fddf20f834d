/** What opening an array costs, counted in I/O: it must not grow with the array. */
import { describe, expect, it } from "vitest";
import { openArray } from "./array.js";
import { createArray, diskBytesFor } from "./create-array.js";
import { createPowerSupply } from "./faulty-disk.js";
import { createMemoryDisk, placeOf, type MemoryDisk } from "./memory-disk.js";

const tebibyte = 2 ** 40;
const shape = { level: "raid6", diskCount: 6, unitBytes: 65_536, logBytes: 2 ** 21, checksums: true } as const;

async function create(usableBytes: number): Promise<MemoryDisk[]> {
  const sizeBytes = diskBytesFor(shape, usableBytes);
  const disks = Array.from({ length: shape.diskCount }, (_, slot) => {
    return createMemoryDisk({ file: `disk-${slot}`, sizeBytes });
  });
  await createArray({ name: "large", ...shape, disks: disks.map((disk) => placeOf(disk)), diskBytes: sizeBytes });
  return disks;
}

/** I/Os of opening it after a power cut, and of closing it. */
async function costOf(disks: readonly MemoryDisk[], spares: readonly MemoryDisk[] = []): Promise<number> {
  const counter = createPowerSupply(Infinity);
  const connect = (disk: MemoryDisk) => placeOf(counter.connect(disk));
  const array = await openArray({ disks: disks.map(connect), spares: spares.map(connect) });
  const opened = counter.count();
  await array.writeBatch([{ offsetBytes: array.sizeBytes - 4096, lengthBytes: 4096, data: Buffer.alloc(4096, 1) }]);
  expect(await array.read(array.sizeBytes - 4096, 4096)).toEqual(Buffer.alloc(4096, 1));
  await array.close();
  return opened;
}

describe("A1: opening an array", () => {
  it("of 16 TiB asks its disks for no more than opening one of 16 MiB, and for little", async () => {
    const [small, large] = [await create(2 ** 24), await create(16 * tebibyte)];
    const cost = await costOf(large);
    expect(cost).toBe(await costOf(small));
    expect(cost).toBeLessThan(30 * shape.diskCount);
  });

  it("A2: of 16 TiB with a disk gone, the same", async () => {
    const [small, large] = [await create(2 ** 24), await create(16 * tebibyte)];
    expect(await costOf(large.slice(1))).toBe(await costOf(small.slice(1)));
  });
});
