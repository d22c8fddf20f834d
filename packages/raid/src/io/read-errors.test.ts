/** Disks with sectors that cannot be read until they are written again, as disks have them (SPEC A2). */
import { overlaps, type ByteRange } from "@waystation/contracts/byte-range";
import { createRandom } from "@waystation/contracts/random";
import { describe, expect, it } from "vitest";
import { raidFailure } from "../errors.js";
import { diskOffsetOfStripe, type Geometry } from "../core/geometry.js";
import type { Slot } from "../core/level.js";
import { openArray, type RaidArray } from "./array.js";
import type { BlockDisk, DiskOperation } from "./block-disk.js";
import { readErrorsMax } from "./doubts.js";
import { createPowerSupply } from "./faulty-disk.js";
import { createMemoryDisk, placeOf } from "./memory-disk.js";
import { createSmallArray, mismatchedStripes, type SmallShape } from "./testing-array.js";

interface BadDisk extends BlockDisk {
  /** Sectors in these ranges fail to be read until they have been written. */
  readonly bad: ByteRange[];
  /** Writing does not help. */
  isBeyondRepair: boolean;
}

function createBadDisk(inner: BlockDisk): BadDisk {
  const isBad = (operation: DiskOperation): boolean => {
    if (operation.kind !== "read") return false;
    const range = { offsetBytes: operation.offsetBytes, lengthBytes: operation.into.length };
    return disk.bad.some((bad) => overlaps(bad, range));
  };
  const disk: BadDisk = {
    ...inner,
    bad: [],
    isBeyondRepair: false,
    async submit(batch) {
      const completions = [];
      for (const operation of batch) {
        if (isBad(operation)) {
          completions.push(raidFailure("DISK_IO", `read of ${inner.file} failed: bad sector`));
          continue;
        }
        if (operation.kind === "write" && !disk.isBeyondRepair) {
          const range = { offsetBytes: operation.offsetBytes, lengthBytes: operation.from.length };
          disk.bad.splice(0, disk.bad.length, ...disk.bad.filter((bad) => !overlaps(bad, range)));
        }
        completions.push(...(await inner.submit([operation])));
      }
      return completions;
    },
    readNow: (offsetBytes, into) => !isBad({ kind: "read", offsetBytes, into }) && inner.readNow(offsetBytes, into),
  };
  return disk;
}

const shapes: readonly SmallShape[] = [
  { level: "raid1", diskCount: 2, unitBytes: 4096, stripes: 60 },
  { level: "raid10", diskCount: 4, unitBytes: 8192, stripes: 40, checksums: false },
  { level: "raid5", diskCount: 4, unitBytes: 16_384, stripes: 24 },
  { level: "raid5", diskCount: 3, unitBytes: 16_384, stripes: 24, checksums: false },
  { level: "raid6", diskCount: 5, unitBytes: 4096, stripes: 60 },
];

async function openBad(shape: SmallShape): Promise<{ disks: BadDisk[]; array: RaidArray; content: Buffer }> {
  const disks = (await createSmallArray(shape)).map(createBadDisk);
  const array = await open(disks);
  const content = Buffer.alloc(array.sizeBytes);
  const random = createRandom(1);
  for (let at = 0; at < content.length; at += 4) content.writeUInt32LE(random.below(2 ** 31), at);
  await array.write(0, content);
  return { disks, array, content };
}

const open = (disks: readonly BlockDisk[], spares: readonly BlockDisk[] = []): Promise<RaidArray> =>
  openArray({
    disks: disks.map((disk) => placeOf(disk)),
    spares: spares.map((disk) => placeOf(disk)),
    writeBackBytes: 0,
  });

const sectorOf = (geometry: Geometry, stripe: number, column = 512): ByteRange => {
  return { offsetBytes: diskOffsetOfStripe(geometry, stripe) + column, lengthBytes: 512 };
};

async function settled(array: RaidArray): Promise<void> {
  await array.rebuilt().catch(() => {});
}

describe.each(shapes)("A2: $level of $diskCount, checksums $checksums", (shape) => {
  it("reads what a disk does not give, writes it again, and keeps the disk", async () => {
    const { disks, array, content } = await openBad(shape);
    for (const [slot, disk] of disks.entries()) {
      for (let stripe = slot; stripe < 10; stripe += disks.length) disk.bad.push(sectorOf(array.geometry, stripe));
    }
    expect((await array.read(0, content.length)).equals(content)).toBe(true);
    await settled(array);
    // Parity is not read by hosts: what is bad there is found by whoever needs it.
    await array.writeBatch([{ offsetBytes: 0, lengthBytes: content.length, data: content }]);
    expect(array.state().status).toBe("optimal");
    expect(array.state().disks.some(({ readErrors }) => readErrors > 0)).toBe(true);
    expect(disks.flatMap(({ bad }) => bad)).toEqual([]);
    expect(await mismatchedStripes(array, disks)).toEqual([]);
    await array.close();
  });

  it("writes beside what cannot be read, and loses none of it", async () => {
    const { disks, array, content } = await openBad(shape);
    for (const disk of disks) disk.bad.push(sectorOf(array.geometry, 3 + disks.indexOf(disk)));
    const random = createRandom(2);
    for (let round = 0; round < 60; round++) {
      const at = random.below(array.geometry.stripeBytes * 10 - 2000);
      const data = Buffer.alloc(1 + random.below(2000), round + 1);
      data.copy(content, at);
      await array.write(at, data);
    }
    expect((await array.read(0, content.length)).equals(content)).toBe(true);
    await settled(array);
    expect(array.state().status).toBe("optimal");
    for (const disk of disks) disk.bad.splice(0);
    expect(await mismatchedStripes(array, disks)).toEqual([]);
    await array.close();
  });

  it("ejects a disk that has too many, or that does not keep what is written again", async () => {
    const { disks, array, content } = await openBad({ ...shape, stripes: 120 });
    const { stripeCount } = array.geometry;
    expect(stripeCount).toBeGreaterThan(readErrorsMax);
    for (let stripe = 0; stripe < stripeCount; stripe++) disks[0]!.bad.push(sectorOf(array.geometry, stripe));
    for (let at = 0; at < content.length; at += 4096) await array.read(at, 4096);
    await settled(array);
    expect(array.state().disks[0]!.state).toBe("absent");
    expect((await array.read(0, content.length)).equals(content)).toBe(true);
    await array.close();

    const other = await openBad(shape);
    other.disks[1]!.isBeyondRepair = true;
    for (let stripe = 0; stripe < 4; stripe++) other.disks[1]!.bad.push(sectorOf(other.array.geometry, stripe));
    expect(
      (await other.array.read(0, content.length).catch(() => other.array.read(0, other.content.length))).length,
    ).toBe(other.content.length);
    await settled(other.array);
    expect(other.array.state().disks[1]).toMatchObject({
      state: "absent",
      reason: expect.stringContaining("read") as string,
    });
    await other.array.close();
  });
});

describe("A2: with nothing to put it right from", () => {
  const shape: SmallShape = { level: "raid5", diskCount: 3, unitBytes: 16_384, stripes: 24 };

  /** The array offsets, by block, of what the slot holds of data in a stripe, at a column. */
  function dataAt(geometry: Geometry, stripe: number, slot: Slot, column: number): number | null {
    const unit = geometry.layoutOf(stripe).data.findIndex((copies) => copies.includes(slot));
    return unit < 0 ? null : stripe * geometry.stripeBytes + unit * geometry.unitBytes + column;
  }

  it.each([true, false])("a block is an I/O error, the array goes on (checksums %s)", async (checksums) => {
    const { disks, array, content } = await openBad({ ...shape, checksums });
    await array.failDisk(2);
    disks[0]!.bad.push(sectorOf(array.geometry, 4));
    const errors = await unreadable(array, content);
    const expected = [0, 2].flatMap((slot) => dataAt(array.geometry, 4, slot as Slot, 0) ?? []);
    expect(errors.sort()).toEqual(expected.sort());
    expect(array.state().status).toBe("degraded");
    expect(array.state().disks[0]!.state).toBe("active");
    // As often as one likes.
    for (let round = 0; round < readErrorsMax; round++) expect(await unreadable(array, content, 4)).toEqual(errors);
    expect(array.state().status).toBe("degraded");
    const far = array.geometry.stripeBytes * 9 + 100;
    await array.write(far, Buffer.alloc(3000, 5));
    expect(await array.read(far, 3000)).toEqual(Buffer.alloc(3000, 5));
    await array.close();
  });

  it.each([true, false])(
    "a rebuild gives up those blocks alone, until they are written (checksums %s)",
    async (checksums) => {
      const { disks, array, content } = await openBad({ ...shape, checksums });
      const { geometry } = array;
      await array.close();
      const spare = createMemoryDisk({ file: "spare", sizeBytes: disks[0]!.sizeBytes });
      for (const stripe of [2, 5, 6]) disks[0]!.bad.push(sectorOf(geometry, stripe));
      const again = await open(disks.slice(0, 2), [spare]);
      await again.rebuilt();
      expect(again.state().status).toBe("optimal");
      const lost = [2, 5, 6].flatMap((stripe) =>
        [0, 2].flatMap((slot) => dataAt(geometry, stripe, slot as Slot, 0) ?? []),
      );
      expect(await unreadable(again, content)).toEqual([...lost].sort((a, b) => a - b));
      expect(again.state().lostBytes).toBe(lost.length * 4096);
      const now = [disks[0]!, disks[1]!, spare];
      expect(disks[0]!.bad).toEqual([]);
      expect(await mismatchedStripes(again, now)).toEqual([]);
      // It is remembered over power loss.
      for (const disk of now) if ("crash" in disk) disk.crash();
      const after = await open(now);
      expect(await unreadable(after, content)).toEqual([...lost].sort((a, b) => a - b));
      for (const at of lost) await after.write(at, content.subarray(at, at + 4096));
      expect(after.state().lostBytes).toBe(0);
      expect((await after.read(0, content.length)).equals(content)).toBe(true);
      expect(await mismatchedStripes(after, now)).toEqual([]);
      await after.close();
    },
  );

  /** The blocks that are an I/O error; the others are what they were. Of one stripe, or of all. */
  async function unreadable(array: RaidArray, content: Buffer, stripe?: number): Promise<number[]> {
    const found: number[] = [];
    const { stripeBytes } = array.geometry;
    const [start, end] =
      stripe === undefined ? [0, content.length] : [stripe * stripeBytes, (stripe + 1) * stripeBytes];
    for (let at = start; at < end; at += 4096) {
      const block = await array.read(at, 4096).catch((error: unknown) => {
        expect(error).toMatchObject({ code: "IO_ERROR" });
        return null;
      });
      if (block === null) found.push(at);
      else expect(block.equals(content.subarray(at, at + 4096)), `at ${at}`).toBe(true);
    }
    return found;
  }
});

describe("A2, A3: power lost at any I/O while read errors are put right", () => {
  const shape: SmallShape = { level: "raid5", diskCount: 3, unitBytes: 4096, stripes: 8 };

  it("everything acknowledged is there, and redundancy matches", async () => {
    const fresh = await createSmallArray(shape);
    const first = await open(fresh);
    const content = Buffer.alloc(first.sizeBytes, 9);
    await first.write(0, content);
    await first.close();
    for (let cutAt = 1; ; cutAt += 5) {
      const disks = fresh.map((disk) => disk.clone());
      let onCut = (): void => {};
      const cut = new Promise<false>((resolve) => (onCut = () => resolve(false)));
      const power = createPowerSupply(cutAt, onCut);
      const bad = disks.map((disk) => createBadDisk(power.connect(disk)));
      const acknowledged = Buffer.from(content);
      let written = Buffer.from(content);
      const run = async (): Promise<true> => {
        const array = await open(bad);
        for (const [slot, disk] of bad.entries()) disk.bad.push(sectorOf(array.geometry, 2 * slot));
        for (let at = 1024; at < content.length - 2048; at += 5120) {
          written = Buffer.from(acknowledged).fill(at % 251, at, at + 1536);
          await array.write(at, written.subarray(at, at + 1536));
          written.copy(acknowledged);
          await array.read(0, array.sizeBytes);
        }
        await array.close();
        return true;
      };
      const done = await Promise.race([run(), cut]);
      for (const disk of disks) disk.crash(createRandom(cutAt));
      const array = await open(disks);
      const found = await array.read(0, array.sizeBytes);
      const wrong: number[] = [];
      for (let at = 0; at < found.length; at += 512) {
        const sector = found.subarray(at, at + 512);
        const isRight = [acknowledged, written].some((model) => sector.equals(model.subarray(at, at + 512)));
        if (!isRight) wrong.push(at);
      }
      expect(wrong, `cut at ${cutAt}`).toEqual([]);
      expect(array.state().status, `cut at ${cutAt}`).toBe("optimal");
      expect(await mismatchedStripes(array, disks), `cut at ${cutAt}`).toEqual([]);
      await array.close();
      if (done) break;
    }
  });
});
