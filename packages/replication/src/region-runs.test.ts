import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { joinNearest, mergeRuns } from "./region-runs.js";

const runs = fc.array(fc.tuple(fc.nat({ max: 60 }), fc.integer({ min: 1, max: 9 })), { maxLength: 12 });

function regionsOf(set: readonly (readonly [number, number])[]): Set<number> {
  return new Set(set.flatMap(([first, count]) => Array.from({ length: count }, (_, index) => first + index)));
}

describe("regions as they travel (B8)", () => {
  it("merged, they name exactly the regions that anybody named, ascending and apart", () => {
    fc.assert(
      fc.property(runs, (named) => {
        const merged = mergeRuns(named);
        expect(regionsOf(merged)).toEqual(regionsOf(named));
        for (const [index, [first]] of merged.slice(1).entries()) {
          const [before, count] = merged[index] ?? [0, 0];
          expect(first).toBeGreaterThan(before + count);
        }
      }),
    );
  });

  it("joined to fewer runs, they name no region less, and are as few as wanted", () => {
    fc.assert(
      fc.property(runs, fc.integer({ min: 1, max: 6 }), (named, runsMax) => {
        const joined = joinNearest(mergeRuns(named), runsMax);
        expect(joined.length).toBeLessThanOrEqual(runsMax);
        const regions = regionsOf(joined);
        for (const region of regionsOf(named)) expect(regions.has(region)).toBe(true);
      }),
    );
  });

  it("joins the nearest first", () => {
    expect(
      joinNearest(
        [
          [0, 1],
          [2, 1],
          [50, 1],
        ],
        2,
      ),
    ).toEqual([
      [0, 3],
      [50, 1],
    ]);
  });
});
