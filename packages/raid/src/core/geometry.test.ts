import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { coverageOf, coversCell, createCellUpdate, layOver, type Segment } from "./cell-update.js";
import {
  arrayOffsetOfCell,
  cellAt,
  cellPieces,
  createGeometry,
  dataBytesFitting,
  diskBytesNeeded,
  diskOffsetOfCell,
  diskOffsetOfStripe,
  stripeOfCell,
  unitPieces,
  type Cell,
} from "./geometry.js";
import { levels, type RaidLevel } from "./level.js";

const anyGeometry = fc
  .record({
    level: fc.constantFrom<RaidLevel>("raid0", "raid1", "raid5"),
    diskCount: fc.integer({ min: 3, max: 32 }),
    unitBytes: fc.integer({ min: 12, max: 20 }).map((power) => 2 ** power),
    units: fc.integer({ min: 1, max: 50 }),
    logBytes: fc.constantFrom(256 * 1024, 32 * 1024 * 1024),
    checksums: fc.boolean(),
  })
  .map(({ units, ...rest }) => createGeometry({ ...rest, dataBytesPerDisk: units * rest.unitBytes }));

describe("geometry", () => {
  it("A1: cuts any range into pieces that cover it once, each inside its unit and cell", () => {
    const withRange = anyGeometry.chain((geometry) =>
      fc.record({
        geometry: fc.constant(geometry),
        start: fc.nat(geometry.sizeBytes - 1),
        length: fc.oneof(fc.nat(20_000), fc.nat(60 * geometry.windowBytes)),
      }),
    );
    fc.assert(
      fc.property(withRange, ({ geometry, start, length: wanted }) => {
        const length = Math.min(wanted, geometry.sizeBytes - start);
        let at = start;
        for (const piece of unitPieces(geometry, start, length)) {
          const unitStart = piece.stripe * geometry.stripeBytes + piece.unit * geometry.unitBytes;
          expect(unitStart + piece.columnBytes).toBe(at);
          expect(piece.sourceBytes).toBe(at - start);
          expect(piece.columnBytes + piece.lengthBytes).toBeLessThanOrEqual(geometry.unitBytes);
          const cell = cellAt(geometry, piece.stripe, piece.columnBytes);
          const column = piece.columnBytes % geometry.windowBytes;
          expect(diskOffsetOfCell(geometry, cell) + column).toBe(
            diskOffsetOfStripe(geometry, piece.stripe) + piece.columnBytes,
          );
          at += piece.lengthBytes;
        }
        expect(at).toBe(start + length);
        const covered: [number, number][] = [];
        const seen = new Set<Cell>();
        for (const { cell, pieces } of cellPieces(geometry, start, length)) {
          expect(seen.has(cell)).toBe(false);
          seen.add(cell);
          expect(stripeOfCell(geometry, cell)).toBeLessThan(geometry.stripeCount);
          for (const piece of pieces) {
            const offset = arrayOffsetOfCell(geometry, cell, piece.unit) + piece.columnBytes;
            expect(offset).toBe(start + piece.sourceBytes);
            expect(piece.columnBytes + piece.lengthBytes).toBeLessThanOrEqual(geometry.windowBytes);
            covered.push([piece.sourceBytes, piece.lengthBytes]);
          }
        }
        covered.sort(([a], [b]) => a - b);
        let end = 0;
        for (const [source, pieceLength] of covered) {
          expect(source).toBe(end);
          end += pieceLength;
        }
        expect(end).toBe(length);
      }),
      { numRuns: 100 },
    );
  });

  it("bounds what one cell takes, for every legal shape", () => {
    fc.assert(
      fc.property(anyGeometry, (geometry) => {
        const { windowBytes, unitBytes, diskCount, recordBytesMax, logBytes } = geometry;
        expect(unitBytes % windowBytes).toBe(0);
        expect(windowBytes * diskCount).toBeLessThanOrEqual(recordBytesMax / 4);
        expect(recordBytesMax * 8).toBeLessThanOrEqual(logBytes);
      }),
    );
  });

  it("A1: refuses what is no array, and says what would be", () => {
    const good = {
      level: "raid5",
      diskCount: 3,
      unitBytes: 65_536,
      dataBytesPerDisk: 65_536,
      logBytes: 2 ** 20,
      checksums: true,
    } as const;
    createGeometry(good);
    const bad = [
      { diskCount: 2 },
      { diskCount: 33 },
      { diskCount: 3.5 },
      { unitBytes: 2048 },
      { unitBytes: 3 * 4096, dataBytesPerDisk: 3 * 4096 },
      { unitBytes: 2 ** 21, dataBytesPerDisk: 2 ** 21 },
      { dataBytesPerDisk: 0 },
      { dataBytesPerDisk: 65_537 },
      { logBytes: 4096 },
      { level: "raid1", diskCount: 1 },
      { level: "raid0", logBytes: 0 },
    ] as const;
    for (const change of bad) {
      expect(() => createGeometry({ ...good, ...change })).toThrow(expect.objectContaining({ code: "ARRAY_SHAPE" }));
    }
  });

  it("a disk of the size asked for holds what fits on it", () => {
    fc.assert(
      fc.property(anyGeometry, (geometry) => {
        expect(dataBytesFitting(diskBytesNeeded(geometry), geometry)).toBe(geometry.dataBytesPerDisk);
      }),
    );
  });

  it("levels tell how many disks they need and survive", () => {
    expect(levels.raid0.tolerance(4)).toBe(0);
    expect(levels.raid1.tolerance(4)).toBe(3);
    expect(levels.raid5.tolerance(4)).toBe(1);
  });
});

describe("the update of a cell", () => {
  const length = 40;
  const writes = fc.array(
    fc.record({ unit: fc.nat(2), start: fc.nat(length), size: fc.nat(length), fill: fc.integer({ min: 1, max: 255 }) }),
    { maxLength: 8 },
  );

  it("keeps the later of overlapping writes, in sorted, disjoint segments; bands agree with them column by column", () => {
    fc.assert(
      fc.property(writes, (list) => {
        const update = createCellUpdate(0 as Cell, 3);
        const model = [0, 1, 2].map(() => new Uint8Array(length));
        for (const { unit, start, size, fill } of list) {
          const end = Math.min(start + size, length);
          if (start >= end) continue;
          const source = Buffer.from([99, 99, ...Array<number>(end - start).fill(fill)]);
          const segment: Segment = { startBytes: start, endBytes: end, source, sourceBytes: 2 };
          update.units[unit] = layOver(update.units[unit]!, segment);
          model[unit]!.fill(fill, start, end);
        }
        for (const [unit, segments] of update.units.entries()) {
          const shown = new Uint8Array(length);
          let previous = 0;
          for (const { startBytes, endBytes, source, sourceBytes } of segments) {
            expect(startBytes).toBeGreaterThanOrEqual(previous);
            shown.set(source!.subarray(sourceBytes, sourceBytes + endBytes - startBytes), startBytes);
            previous = endBytes;
          }
          expect(shown).toEqual(model[unit]);
        }
        const written = Array.from({ length }, () => [] as number[]);
        for (const band of coverageOf(update)) {
          for (let column = band.startBytes; column < band.endBytes; column++) written[column] = [...band.written];
        }
        const expected = written.map((_, column) => [0, 1, 2].filter((unit) => model[unit]![column] !== 0));
        expect(written).toEqual(expected);
        expect(coversCell(update, length)).toBe(expected.every((units) => units.length === 3));
      }),
      { numRuns: 500 },
    );
  });
});
