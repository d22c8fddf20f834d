import fc from "fast-check";
import { expect, it } from "vitest";
import { derivedDiskSizeBytes, diskOverheadBytes, minDisksByLevel, neededBytes, usableBytes } from "./array-space.js";
import type { ArrayLevel } from "./cluster.js";

const mib = 2 ** 20;

it("A1: usable space is that of the data disks, in whole stripe units, without the overhead", () => {
  const shape = { diskCount: 4, stripeUnitBytes: mib, diskSizeBytes: 10 * mib + 5000 };
  expect(usableBytes({ ...shape, level: "raid0" }, mib)).toBe(36 * mib);
  expect(usableBytes({ ...shape, level: "raid1" }, mib)).toBe(9 * mib);
  expect(usableBytes({ ...shape, level: "raid5" }, mib)).toBe(27 * mib);
  expect(usableBytes({ ...shape, level: "raid5" }, 11 * mib)).toBe(0);
});

it("a derived disk size always fits the volumes that it was derived from", () => {
  const shape = fc.constantFrom<ArrayLevel>("raid0", "raid1", "raid5").chain((level) =>
    fc.record({
      level: fc.constant(level),
      diskCount: fc.integer({ min: minDisksByLevel[level], max: 64 }),
      stripeUnitBytes: fc.integer({ min: 12, max: 20 }).map((exponent) => 2 ** exponent),
    }),
  );
  fc.assert(
    fc.property(shape, fc.array(fc.integer({ min: 1, max: 2 ** 40 }), { maxLength: 5 }), (array, sizes) => {
      const diskSizeBytes = derivedDiskSizeBytes(array, sizes);
      expect(usableBytes({ ...array, diskSizeBytes }, diskOverheadBytes)).toBeGreaterThanOrEqual(neededBytes(sizes));
    }),
  );
});
