import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addRange, coarsen, meets, removeRange, type RangeSet } from "./range-set.js";

const size = 60;
const anyRange = fc
  .record({ offsetBytes: fc.nat(size - 1), lengthBytes: fc.integer({ min: 1, max: 20 }) })
  .map(({ offsetBytes, lengthBytes }) => ({ offsetBytes, lengthBytes: Math.min(lengthBytes, size - offsetBytes) }));
const steps = fc.array(fc.record({ adds: fc.boolean(), range: anyRange }), { maxLength: 15 });

function bytesOf(set: RangeSet): boolean[] {
  return Array.from({ length: size }, (_, at) => meets(set, { offsetBytes: at, lengthBytes: 1 }));
}

describe("a range set", () => {
  it("holds the bytes that a naive set holds, in sorted ranges that never touch", () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 4 }), (list, countMax) => {
        let set: RangeSet = [];
        const model = new Array<boolean>(size).fill(false);
        for (const { adds, range } of list) {
          set = adds ? addRange(set, range) : removeRange(set, range);
          model.fill(adds, range.offsetBytes, range.offsetBytes + range.lengthBytes);
        }
        expect(bytesOf(set)).toEqual(model);
        for (const [index, range] of set.entries()) {
          const previous = set[index - 1];
          if (previous) expect(range.offsetBytes).toBeGreaterThan(previous.offsetBytes + previous.lengthBytes);
        }
        const coarse = coarsen(set, countMax);
        expect(coarse.length).toBeLessThanOrEqual(countMax);
        for (const [at, held] of bytesOf(coarse).entries()) if (model[at]) expect(held).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
