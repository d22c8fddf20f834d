import { describe, expect, it } from "vitest";
import { createRandom } from "@waystation/contracts/random";
import type { ByteRange } from "@waystation/contracts/byte-range";
import { freeBetween, largestBytes, totalBytes, withoutRanges, withRange } from "./extents.js";
import { blockBytes, layoutOf } from "./layout.js";

const unitsIn = (ranges: readonly ByteRange[]): Set<number> =>
  new Set(
    ranges.flatMap(({ offsetBytes, lengthBytes }) => Array.from({ length: lengthBytes }, (_, i) => offsetBytes + i)),
  );

describe("runs of grains", () => {
  it("A1: free, added and removed runs agree with a naive set", () => {
    const random = createRandom(7);
    for (let round = 0; round < 500; round++) {
      let ranges: ByteRange[] = [];
      const naive = new Set<number>();
      for (let step = 0; step < 12; step++) {
        const range = { offsetBytes: random.below(40), lengthBytes: 1 + random.below(9) };
        const units = unitsIn([range]);
        if (random.chance(0.5) && [...units].every((unit) => !naive.has(unit))) {
          ranges = withRange(ranges, range);
          for (const unit of units) naive.add(unit);
        } else {
          ranges = withoutRanges(ranges, [range]);
          for (const unit of units) naive.delete(unit);
        }
        expect(unitsIn(ranges)).toEqual(naive);
        expect(totalBytes(ranges)).toBe(naive.size);
        const free = freeBetween({ offsetBytes: 0, lengthBytes: 50 }, ranges);
        expect(totalBytes(free)).toBe(50 - naive.size);
        expect(unitsIn([...free, ...ranges]).size).toBe(50);
        expect(largestBytes(free)).toBe(Math.max(0, ...free.map(({ lengthBytes }) => lengthBytes)));
      }
    }
  });
});

describe("the layout of an array with volumes", () => {
  it("A1: has whole stripes and chunks as grains, its parts apart, for any stripe and size", () => {
    for (const unitBytes of [4096, 65_536, 1_048_576]) {
      for (const dataUnits of [1, 2, 3, 5, 7, 14]) {
        for (const arrayBytes of [8 * 2 ** 20, 10 ** 9, 16 * 2 ** 40, 2 ** 50]) {
          const layout = layoutOf(arrayBytes, unitBytes * dataUnits);
          const { grainBytes, chunkBytes, logBytes, bitmapOffset, bitmapBytes, dataOffset } = layout;
          expect([grainBytes % (unitBytes * dataUnits), grainBytes % chunkBytes, dataOffset % grainBytes]).toEqual([
            0, 0, 0,
          ]);
          expect(logBytes % blockBytes).toBe(0);
          expect(bitmapBytes * 8 * chunkBytes).toBeGreaterThanOrEqual(arrayBytes);
          expect(dataOffset).toBeGreaterThanOrEqual(bitmapOffset + bitmapBytes);
          expect(arrayBytes / chunkBytes).toBeLessThan(2 ** 32);
          expect(arrayBytes - layout.dataEnd).toBeLessThan(grainBytes);
        }
      }
    }
  });
});
