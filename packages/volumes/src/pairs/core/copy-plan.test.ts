import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { endOf } from "@waystation/contracts/byte-range";
import { around, nextStep, partsWhere, rangeOf, widen, wholeStripes, type CopySpace } from "./copy-plan.js";

const spaces = fc
  .record({
    sectors: fc.integer({ min: 1, max: 400 }),
    regionLog: fc.integer({ min: 9, max: 14 }),
    stripeSectors: fc.integer({ min: 1, max: 40 }),
    offsetSectors: fc.nat(39),
    hasGrid: fc.boolean(),
  })
  .map(({ sectors, regionLog, stripeSectors, offsetSectors, hasGrid }): CopySpace => {
    const stripeBytes = stripeSectors * 512;
    const grid = hasGrid ? { stripeBytes, stripeOffsetBytes: (offsetSectors * 512) % stripeBytes } : null;
    return { sizeBytes: sectors * 512, regionBytes: 2 ** regionLog, grid };
  });

describe("the planner of copies", () => {
  it("A7, A9: steps cover all that is wanted, each region once, within the volume, by whole stripes", () => {
    const inputs = fc.tuple(
      spaces,
      fc.array(fc.boolean(), { minLength: 400, maxLength: 400 }),
      fc.integer({ min: 1, max: 60_000 }),
    );
    fc.assert(
      fc.property(inputs, ([space, flags, bytesMax]) => {
        const regionCount = Math.ceil(space.sizeBytes / space.regionBytes);
        const wants = (region: number): boolean => flags[region] === true;
        const done: number[] = [];
        for (let from = 0; ;) {
          const step = nextStep(space, { from, bytesMax, wants });
          if (step === null) break;
          const { regions, range } = step;
          for (let region = regions.first; region < regions.end; region++) done.push(region);
          const exact = rangeOf(space, regions);
          expect(range.offsetBytes).toBeLessThanOrEqual(exact.offsetBytes);
          expect(endOf(range)).toBeGreaterThanOrEqual(endOf(exact));
          expect(range.offsetBytes).toBeGreaterThanOrEqual(0);
          expect(endOf(range)).toBeLessThanOrEqual(space.sizeBytes);
          expect(widen(space, range)).toEqual(range);
          expect(regions.end - regions.first).toBeLessThanOrEqual(Math.max(1, bytesMax / space.regionBytes));
          from = regions.end;
        }
        expect(done).toEqual(Array.from({ length: regionCount }, (_, region) => region).filter(wants));
      }),
    );
  });

  it("cuts a range into whole stripes and what is around them, without gap or overlap", () => {
    fc.assert(
      fc.property(spaces, fc.nat(400), fc.nat(400), (space, a, b) => {
        const [start, end] = [a, b].map((sector) => Math.min(sector * 512, space.sizeBytes)).sort((x, y) => x - y);
        const range = { offsetBytes: start!, lengthBytes: end! - start! };
        const whole = wholeStripes(space, range);
        if (whole === null) return;
        const { stripeBytes, stripeOffsetBytes } = space.grid!;
        expect((whole.offsetBytes - stripeOffsetBytes) % stripeBytes).toBe(0);
        expect(whole.lengthBytes % stripeBytes).toBe(0);
        const rest = around(range, whole);
        expect(rest.every(({ lengthBytes }) => lengthBytes < stripeBytes)).toBe(true);
        expect(rest.reduce((sum, { lengthBytes }) => sum + lengthBytes, whole.lengthBytes)).toBe(range.lengthBytes);
      }),
    );
  });

  it("ends a run that is too long for one step at a stripe border where there is one", () => {
    const space = { sizeBytes: 2 ** 20, regionBytes: 4096, grid: { stripeBytes: 12_288, stripeOffsetBytes: 0 } };
    const step = nextStep(space, { from: 0, bytesMax: 40_000, wants: () => true });
    expect(step).toEqual({ regions: { first: 0, end: 9 }, range: { offsetBytes: 0, lengthBytes: 36_864 } });
  });

  it("joins the parts that are wanted", () => {
    const space = { sizeBytes: 10_000, regionBytes: 1024, grid: null };
    const parts = partsWhere(space, { offsetBytes: 500, lengthBytes: 9500 }, (region) => region !== 2 && region < 5);
    expect(parts).toEqual([
      { offsetBytes: 500, lengthBytes: 1548 },
      { offsetBytes: 3072, lengthBytes: 2048 },
    ]);
  });
});
