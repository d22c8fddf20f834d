/** Repairs while rounds are on their way: whoever looks at a row amid its writes in place would judge it by halves. */
import { describe, expect, it } from "vitest";
import { logOffsetBytes } from "../core/disk-layout.js";
import type { BlockDisk, DiskOperation } from "./block-disk.js";
import { noFaults } from "./row-repair.js";
import { createSmallArray, mismatchedStripes, openSmallArray } from "./testing-array.js";

interface GatedDisk extends BlockDisk {
  /** From now on writes from this offset on wait until `open`. */
  shut(fromBytes: number): void;
  open(): void;
  waiting(): number;
}

function createGatedDisk(inner: BlockDisk): GatedDisk {
  let shutFrom = Infinity;
  const waiting: (() => void)[] = [];
  const mustWait = (operation: DiskOperation): boolean =>
    operation.kind === "write" && operation.offsetBytes >= shutFrom;
  return {
    file: inner.file,
    sizeBytes: inner.sizeBytes,
    async submit(batch) {
      if (batch.some(mustWait)) await new Promise<void>((resolve) => waiting.push(resolve));
      return inner.submit(batch);
    },
    readNow: (offsetBytes, into) => inner.readNow(offsetBytes, into),
    close: () => inner.close(),
    shut: (fromBytes) => void (shutFrom = fromBytes),
    open() {
      shutFrom = Infinity;
      for (const resume of waiting.splice(0)) resume();
    },
    waiting: () => waiting.length,
  };
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const unitBytes = 16_384;

describe("A4: a row that is being written", () => {
  it("can be read: what does not match yet is no corruption", async () => {
    const disks = await createSmallArray({ level: "raid5", diskCount: 3, unitBytes, stripes: 4 });
    const gated = disks.map(createGatedDisk);
    const array = await openSmallArray(gated);
    const before = Buffer.alloc(array.geometry.stripeBytes, 1);
    await array.writeBatch([{ offsetBytes: 0, lengthBytes: before.length, data: before }]);
    for (const disk of gated) disk.shut(array.geometry.dataOffsetBytes);
    const data = Buffer.alloc(4096, 2);
    const writing = array.writeBatch([{ offsetBytes: 0, lengthBytes: data.length, data }]);
    await turns();
    expect(gated.filter((disk) => disk.waiting() > 0)).toHaveLength(2);
    const reading = array.read(0, before.length);
    const outcome = reading.then(
      () => "read",
      (error: unknown) => error,
    );
    await turns();
    for (const disk of gated) disk.open();
    await writing;
    expect(await outcome).toBe("read");
    expect(array.state().disks.map(({ corrupt }) => corrupt)).toEqual(disks.map(() => noFaults()));
    await array.close();
  });

  it("is scrubbed when the round that has read its parity is done", async () => {
    const disks = await createSmallArray({ level: "raid5", diskCount: 5, unitBytes, stripes: 1, checksums: false });
    const gated = disks.map(createGatedDisk);
    const array = await openSmallArray(gated);
    const { geometry } = array;
    // Rot of parity, from which a write of one unit forms the new one.
    const parity = disks[geometry.layoutOf(0).parity[0]!]!;
    await parity.submit([
      { kind: "write", offsetBytes: geometry.dataOffsetBytes, from: Buffer.alloc(4096, 9), durable: true },
    ]);
    for (const disk of gated) disk.shut(logOffsetBytes);
    const writing = array.writeBatch([{ offsetBytes: 0, lengthBytes: 4096, data: Buffer.alloc(4096, 3) }]);
    await turns();
    const { done } = array.scrub();
    await turns();
    for (const disk of gated) disk.open();
    await writing;
    expect((await done).found).toEqual({ ...noFaults(), parity: 1 });
    expect(await mismatchedStripes(array, disks)).toEqual([]);
    await array.close();
  });
});
