import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { carriersOf, columnsOn, coveredByPageBytes, pageOffsetBytes, pagesPerColumn } from "./checksum-layout.js";
import { blockBytes, checksumOffsetFor } from "./disk-layout.js";
import { createGeometry } from "./geometry.js";
import { levels, slots, type RaidLevel, type Slot } from "./level.js";

const anyGeometry = fc
  .record({
    level: fc.constantFrom(...(Object.keys(levels) as RaidLevel[])),
    diskCount: fc.integer({ min: 1, max: 16 }).map((half) => 2 * half),
    odd: fc.boolean(),
    units: fc.integer({ min: 1, max: 20 }),
  })
  .map(({ level, diskCount: even, odd, units }) => {
    const rules = levels[level];
    const diskCount = Math.max(odd && level !== ("raid10" as RaidLevel) ? even - 1 : even, rules.disksMin);
    const unitBytes = 2 ** 20;
    const rest = { logBytes: 8 * 2 ** 20, checksums: true };
    return createGeometry({ level, diskCount, unitBytes, dataBytesPerDisk: units * unitBytes, ...rest });
  });

describe("A4: where checksums lie", () => {
  it("every page of every column has tolerance + 1 places, in the checksum area, none of them shared", () => {
    fc.assert(
      fc.property(anyGeometry, (geometry) => {
        const taken = new Set<string>();
        const pages = pagesPerColumn(geometry);
        expect(pages * coveredByPageBytes).toBeGreaterThanOrEqual(geometry.dataBytesPerDisk);
        for (const column of slots(geometry.diskCount)) {
          const carriers = carriersOf(geometry, column);
          expect(new Set(carriers).size).toBe(Math.min(geometry.tolerance + 1, geometry.diskCount));
          for (const carrier of carriers) {
            expect(columnsOn(geometry, carrier)).toContain(column);
            for (let page = 0; page < pages; page++) {
              const offset = pageOffsetBytes(geometry, { column, carrier, page });
              expect(offset).toBeGreaterThanOrEqual(checksumOffsetFor(geometry.logBytes));
              expect(offset + blockBytes).toBeLessThanOrEqual(geometry.dataOffsetBytes);
              expect(taken.has(`${carrier}:${offset}`)).toBe(false);
              taken.add(`${carrier}:${offset}`);
            }
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it("another disk is believed first; whichever disks are lost, every block left has its checksum", () => {
    fc.assert(
      fc.property(anyGeometry, fc.infiniteStream(fc.nat()), (geometry, random) => {
        const { diskCount, tolerance } = geometry;
        const gone = new Set<Slot>();
        for (let i = 0; i < tolerance; i++) gone.add((random.next().value! % diskCount) as Slot);
        for (const column of slots(diskCount)) {
          const carriers = carriersOf(geometry, column);
          if (diskCount > 1) expect(carriers[0]).not.toBe(column);
          if (!gone.has(column)) expect(carriers.some((carrier) => !gone.has(carrier))).toBe(true);
        }
      }),
      { numRuns: 100 },
    );
  });
});
