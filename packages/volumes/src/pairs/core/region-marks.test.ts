import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeMarks, encodeMarks, marksBlockBytes, marksBytes, regionsOfBlock } from "./marks-layout.js";
import { createRegionMarks, regionBytesFor, regionFault, regionsOf } from "./region-marks.js";

const regionCount = 8003;
const changes = fc.array(fc.tuple(fc.nat(regionCount - 1), fc.nat(7)), { maxLength: 60 });

describe("the marks of a pair's regions", () => {
  it("A6: come back from disk as they were, and count what they hold", () => {
    fc.assert(
      fc.property(changes, fc.nat(2 ** 32 - 1), (list, epoch) => {
        const marks = createRegionMarks(regionCount, 1);
        for (const [region, mark] of list) marks.setMark(region, mark);
        const again = createRegionMarks(regionCount, 1);
        for (let block = 0; block < marksBytes(regionCount) / marksBlockBytes; block++) {
          const bytes = encodeMarks(marks, block, epoch);
          expect(decodeMarks(again, block, epoch, bytes)).toBe(true);
          expect(decodeMarks(createRegionMarks(regionCount, 1), block, (epoch + 1) % 2 ** 32, bytes)).toBe(false);
        }
        const all = Array.from({ length: regionCount }, (_, region) => region);
        expect(all.map((region) => again.markOf(region))).toEqual(all.map((region) => marks.markOf(region)));
        const [differs, owed] = [
          all.filter((region) => marks.differs(region)).length,
          all.filter((region) => marks.owed(region)).length,
        ];
        expect(marks.counts()).toMatchObject({ differs, owed });
        expect(again.counts()).toEqual(marks.counts());
      }),
      { numRuns: 20 },
    );
  });

  it("a block with any bit changed, or in another's place, is lost and not read", () => {
    const marks = createRegionMarks(regionCount, 0);
    marks.setDiffers(5);
    const bytes = encodeMarks(marks, 0, 7);
    const read = (block: Buffer, at = 0): boolean => decodeMarks(createRegionMarks(regionCount, 0), at, 7, block);
    expect(read(bytes, 1)).toBe(false);
    fc.assert(
      fc.property(fc.nat(marksBlockBytes - 1), fc.nat(7), (at, bit) => {
        const damaged = Buffer.from(bytes);
        damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
        expect(read(damaged)).toBe(false);
      }),
    );
    expect(read(bytes)).toBe(true);
    expect(regionsOfBlock(1, regionCount)).toEqual({ first: 8000, end: regionCount });
  });

  it("A7: what either side wrote is merged, and a swap of planes makes it owed without touching a mark", () => {
    const marks = createRegionMarks(10, 0);
    marks.setDiffers(1);
    marks.setWrittenOnSecondary(1);
    marks.setWrittenOnSecondary(2);
    expect(marks.counts()).toEqual({ differs: 2, owed: 0, writtenOnSecondary: 2 });
    expect(() => marks.swapPlanes()).toThrow("merged");
    expect(marks.merge()).toEqual([1, 2]);
    const before = Array.from({ length: 10 }, (_, region) => marks.markOf(region));
    marks.swapPlanes();
    expect(Array.from({ length: 10 }, (_, region) => marks.markOf(region))).toEqual(before);
    expect(marks.counts()).toEqual({ differs: 0, owed: 2, writtenOnSecondary: 0 });
    marks.setDiffers(2);
    marks.clearOwed(2);
    expect([marks.differs(2), marks.owed(2), marks.owed(1)]).toEqual([true, false, true]);
  });

  it("regions are powers of two, and not too many for any volume", () => {
    expect(regionBytesFor(2 ** 30)).toBe(256 * 1024);
    expect(regionBytesFor(16 * 2 ** 40)).toBe(16 * 2 ** 20);
    expect(regionFault(regionBytesFor(16 * 2 ** 40), 16 * 2 ** 40)).toBeNull();
    for (const bytes of [0, 256, 700, 1000.5]) expect(regionFault(bytes, 2 ** 20)).toContain(String(bytes));
    expect(regionFault(512, 2 ** 40)).toContain("use 1048576");
    expect(regionsOf({ offsetBytes: 1023, lengthBytes: 2 }, 1024)).toEqual({ first: 0, end: 2 });
  });
});
