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
  smallestLog,
  stripeOfCell,
  unitPieces,
  type Cell,
} from "./geometry.js";
import { levels, type RaidLevel } from "./level.js";

const anyGeometry = fc
  .record({
    level: fc.constantFrom(...(Object.keys(levels) as RaidLevel[])),
    diskCount: fc.integer({ min: 2, max: 16 }).map((half) => 2 * half),
    isOdd: fc.boolean(),
    unitBytes: fc.integer({ min: 12, max: 20 }).map((power) => 2 ** power),
    units: fc.integer({ min: 1, max: 50 }),
    hasSmallLog: fc.boolean(),
    checksums: fc.boolean(),
  })
  .map(({ level, diskCount: even, isOdd, unitBytes, units, hasSmallLog, checksums }) => {
    const diskCount = isOdd && levels[level].disksStep === 1 ? Math.max(levels[level].disksMin, even - 1) : even;
    const logBytes = hasSmallLog ? smallestLog({ level, diskCount, checksums }) : 32 * 1024 * 1024;
    return createGeometry({ level, diskCount, unitBytes, logBytes, checksums, dataBytesPerDisk: units * unitBytes });
  });

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
        expect(windowBytes % 4096).toBe(0);
        expect(windowBytes * diskCount).toBeLessThanOrEqual(recordBytesMax / 4);
        if (logBytes > 0) expect(recordBytesMax * 8).toBeLessThanOrEqual(logBytes);
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
      { diskCount: 9 },
      { level: "raid1", diskCount: 1 },
      { level: "raid0", logBytes: 0 },
      { level: "raid6", diskCount: 3 },
      { level: "raid10", diskCount: 5 },
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

  it("A1: levels tell how many disks they survive, whichever they are", () => {
    const tolerances = Object.entries(levels).map(([level, rules]) => `${level} ${rules.tolerance(4)}`);
    expect(tolerances).toEqual(["raid0 0", "raid1 3", "raid10 1", "raid4 1", "raid5 1", "raid6 2"]);
  });

  it("A2: a mirror of pairs survives one disk of each, and no pair", () => {
    const geometry = createGeometry({
      level: "raid10",
      diskCount: 6,
      unitBytes: 4096,
      dataBytesPerDisk: 4096,
      logBytes: 2 ** 20,
      checksums: false,
    });
    const survives = (...gone: number[]): boolean => geometry.survives((slot) => gone.includes(slot));
    expect(survives()).toBe(true);
    expect(survives(0, 3, 5)).toBe(true);
    expect(survives(2, 3)).toBe(false);
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
