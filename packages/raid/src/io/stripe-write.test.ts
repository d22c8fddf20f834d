import type { ByteRange } from "@waystation/contracts/byte-range";
import { createRandom, type Random } from "@waystation/contracts/random";
import { describe, expect, it } from "vitest";
import type { RaidArray } from "./array.js";
import type { IoPurpose } from "./io-counters.js";
import { createSmallArray, mismatchedStripes, openSmallArray, type SmallShape } from "./testing-array.js";

const shapes: readonly (SmallShape & { readonly gone: readonly number[] })[] = [
  { level: "raid0", diskCount: 3, unitBytes: 4096, stripes: 12, gone: [] },
  { level: "raid10", diskCount: 4, unitBytes: 8192, stripes: 8, gone: [3] },
  { level: "raid4", diskCount: 4, unitBytes: 16_384, stripes: 6, gone: [] },
  { level: "raid5", diskCount: 5, unitBytes: 4096, stripes: 12, gone: [] },
  { level: "raid5", diskCount: 5, unitBytes: 65_536, stripes: 6, gone: [2] },
  { level: "raid6", diskCount: 6, unitBytes: 4096, stripes: 12, gone: [] },
  { level: "raid6", diskCount: 6, unitBytes: 32_768, stripes: 7, gone: [1] },
  { level: "raid6", diskCount: 5, unitBytes: 4096, stripes: 12, gone: [0, 3] },
];

function someRanges(random: Random, within: ByteRange): ByteRange[] {
  return Array.from({ length: 1 + random.below(4) }, () => {
    const start = random.below(within.lengthBytes);
    const lengthBytes = random.chance(0.2) ? within.lengthBytes - start : random.below(20_000);
    return {
      offsetBytes: within.offsetBytes + start,
      lengthBytes: Math.min(lengthBytes, within.lengthBytes - start),
    };
  });
}

/** How many bytes were asked for with these purposes. */
function bytesOf(array: RaidArray, ...purposes: readonly IoPurpose[]): number {
  const counts = array.counters();
  return purposes.reduce((sum, purpose) => sum + counts[purpose].bytes, 0);
}

const reads = ["hostRead", "reconstructionRead", "oldDataRead", "oldParityRead"] as const;

describe.each(shapes)("whole stripes given to $level of $diskCount without $gone", (shape) => {
  const open = async () => {
    const all = await createSmallArray(shape);
    const disks = all.map((disk, slot) => (shape.gone.includes(slot) ? null : disk));
    const array = await openSmallArray(disks.filter((disk) => disk !== null));
    const model = Buffer.from(Array.from({ length: array.sizeBytes }, (_, i) => (i * 7 + (i >> 9)) % 251));
    await array.write(0, model);
    return { disks, array, model };
  };

  it("A7: only what changes is written, redundancy is formed of what is given, and nothing is read", async () => {
    const { disks, array, model } = await open();
    const random = createRandom(shape.unitBytes + shape.diskCount);
    for (let round = 0; round < 25; round++) {
      const first = random.below(array.geometry.stripeCount);
      const count = 1 + random.below(array.geometry.stripeCount - first);
      const range = { offsetBytes: first * array.stripeBytes, lengthBytes: count * array.stripeBytes };
      const changed = someRanges(random, range);
      for (const { offsetBytes, lengthBytes } of changed) {
        for (let at = offsetBytes; at < offsetBytes + lengthBytes; at++) model[at] = (model[at]! * 3 + round) % 256;
      }
      const [readBefore, writtenBefore] = [bytesOf(array, ...reads), bytesOf(array, "dataWrite")];
      const data = Buffer.from(model.subarray(range.offsetBytes, range.offsetBytes + range.lengthBytes));
      await array.writeStripes(range.offsetBytes, data, changed);
      expect(bytesOf(array, ...reads)).toBe(readBefore);
      const copies = shape.level === "raid10" ? 2 : 1;
      // A block is the least that is written.
      const changedBytes = changed.reduce((sum, { lengthBytes }) => sum + lengthBytes + 2 * 4095, 0);
      expect(bytesOf(array, "dataWrite") - writtenBefore).toBeLessThanOrEqual(copies * changedBytes);
    }
    expect((await array.read(0, model.length)).equals(model)).toBe(true);
    expect(await mismatchedStripes(array, disks)).toEqual([]);
  });

  it("a write in the same round as they: redundancy matches whatever is left of both", async () => {
    const { disks, array, model } = await open();
    const whole = Buffer.from(model.subarray(0, array.stripeBytes));
    const changed = [{ offsetBytes: 5000, lengthBytes: 3000 }];
    await Promise.all([array.write(6000, Buffer.alloc(4000, 1)), array.writeStripes(0, whole, changed)]);
    expect(await mismatchedStripes(array, disks)).toEqual([]);
    await Promise.all([array.writeStripes(0, whole, changed), array.write(6000, Buffer.alloc(4000, 1))]);
    whole.fill(1, 6000, 10_000);
    expect((await array.read(0, whole.length)).equals(whole)).toBe(true);
    expect(await mismatchedStripes(array, disks)).toEqual([]);
  });
});

describe("whole stripes", () => {
  it("A7: come after what the write-back buffer holds of them: what is known is on the disks", async () => {
    const disks = await createSmallArray(shapes[3]!);
    const array = await openSmallArray(disks, { writeBackBytes: 2 ** 20 });
    const model = Buffer.alloc(array.stripeBytes, 1);
    await array.writeBatch([{ offsetBytes: 0, lengthBytes: model.length, data: model }]);
    await array.write(4096, model.fill(2, 4096, 6000).subarray(4096, 6000));
    model.fill(3, 100, 200);
    await array.writeStripes(0, Buffer.from(model), [{ offsetBytes: 100, lengthBytes: 100 }]);
    expect(await mismatchedStripes(array, disks)).toEqual([]);
    expect((await array.read(0, model.length)).equals(model)).toBe(true);
    await array.close();
  });

  it("are refused beyond the end; a part of one is a bug", async () => {
    const array = await openSmallArray(await createSmallArray(shapes[3]!));
    const beyond = array.writeStripes(array.sizeBytes, Buffer.alloc(array.stripeBytes), []);
    await expect(beyond).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
    await expect(array.writeStripes(4096, Buffer.alloc(array.stripeBytes), [])).rejects.toThrow("not whole stripes");
    const outside = [{ offsetBytes: array.stripeBytes, lengthBytes: 1 }];
    await expect(array.writeStripes(0, Buffer.alloc(array.stripeBytes), outside)).rejects.toThrow("leaves its stripes");
    await array.writeStripes(0, Buffer.alloc(0), []);
  });
});
