import fc from "fast-check";
import { expect, it } from "vitest";
import {
  derivedDiskSizeBytes,
  diskCountMax,
  diskOverheadBytes,
  levelSpaces,
  neededBytes,
  usableBytes,
} from "./array-space.js";
import type { ArrayLevel } from "./cluster.js";

const mib = 2 ** 20;

it("A1: usable space is that of the data disks, in whole stripe units, without the overhead", () => {
  const shape = { diskCount: 4, stripeUnitBytes: mib, diskSizeBytes: 10 * mib + 5000 };
  const usable = (level: ArrayLevel) => usableBytes({ ...shape, level }, mib) / mib;
  expect(["raid0", "raid1", "raid10", "raid4", "raid5", "raid6"].map((level) => usable(level as ArrayLevel))).toEqual([
    32, 8, 16, 24, 24, 16,
  ]);
  expect(usableBytes({ ...shape, level: "raid5" }, 11 * mib)).toBe(0);
  // 1026 bytes for each 1024 of data: that is what two copies of the checksums take.
  expect(usableBytes({ ...shape, level: "raid5", diskSizeBytes: 1026 * mib }, 0)).toBe(3 * 1024 * mib);
});

it("a derived disk size always fits the volumes that it was derived from", () => {
  const shape = fc.constantFrom(...(Object.keys(levelSpaces) as ArrayLevel[])).chain((level) =>
    fc.record({
      level: fc.constant(level),
      diskCount: fc.integer({ min: levelSpaces[level].disksMin, max: diskCountMax }),
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
