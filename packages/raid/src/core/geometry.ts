/**
 * The pure mapping between an array's bytes and its disks.
 *
 * A *stripe* is one unit on each disk. A *cell* is a window of columns of one stripe: what is planned, locked and
 * committed at once. Parity is columnwise, so the windows of a stripe are independent; cutting large units into windows
 * bounds the memory of one step. `column` is an offset inside a unit, or inside a cell where it says so.
 */
import type { ByteRange } from "@waystation/contracts/byte-range";
import { raidFailure } from "../errors.js";
import { checksumAreaBytes } from "./checksum-layout.js";
import { blockBytes, dataOffsetFor, roundUp } from "./disk-layout.js";
import { survives, type Absent } from "./erasure.js";
import { disksMax, levels, type LevelRules, type RaidLevel, type StripeLayout } from "./level.js";

export interface ArrayShape {
  readonly level: RaidLevel;
  readonly diskCount: number;
  /** Stripe unit: a power of two, 4 KiB to 1 MiB. */
  readonly unitBytes: number;
  /** Bytes of each disk used for data, a multiple of the stripe unit. */
  readonly dataBytesPerDisk: number;
  /** Size of the stripe log; 0 for an array without redundancy and checksums: nothing in it could disagree. */
  readonly logBytes: number;
  /** Each block has a checksum, apart from it (`checksum-layout.ts`). */
  readonly checksums: boolean;
}

export type Cell = number & { readonly __brand: "Cell" };

export interface Geometry extends ArrayShape {
  /** How many disks may be lost, whichever they are. */
  readonly tolerance: number;
  readonly dataUnits: number;
  /** Parity units in a stripe: 0, 1 or 2. */
  readonly parityUnits: number;
  readonly stripeCount: number;
  /** Bytes of user data in a stripe. */
  readonly stripeBytes: number;
  /** Bytes of user data in the array. */
  readonly sizeBytes: number;
  readonly dataOffsetBytes: number;
  /** Columns in a cell: whole blocks. */
  readonly windowBytes: number;
  readonly windowsPerUnit: number;
  /** The most that one record of the stripe log may take. */
  readonly recordBytesMax: number;
  layoutOf(stripe: number): StripeLayout;
  /** True when all data can still be known without the absent disks. */
  survives(absent: Absent): boolean;
}

const unitBytesMin = 4096;
const unitBytesMax = 1024 * 1024;
const logBytesMin = 256 * 1024;
/** A record must hold a cell of whole blocks four times over, so that it fits with whatever parity and entries it takes. */
const logBytesMinPerDisk = 8 * 4 * blockBytes;
/** What the lengths of records, in 32 bits, can fill. */
const logBytesMax = 2 ** 31;
const recordBytesLimit = 4 * 1024 * 1024;
const cellBytesLimit = 512 * 1024;

/** Checks a shape and works out all that follows from it. Throws `ARRAY_SHAPE`. */
export function createGeometry(shape: ArrayShape): Geometry {
  const fault = faultOf(shape);
  if (fault !== null) throw raidFailure("ARRAY_SHAPE", fault);
  const { level, diskCount, unitBytes, dataBytesPerDisk, logBytes, checksums } = shape;
  const rules = levels[level];
  const dataUnits = rules.dataUnits(diskCount);
  const stripeCount = dataBytesPerDisk / unitBytes;
  // An eighth of the log at most, so that there is always room to append while the tail moves on (`stripe-log.ts`).
  const recordBytesMax = Math.min(recordBytesLimit, logBytes === 0 ? recordBytesLimit : floorTo(logBytes / 8));
  const windowBytes = Math.min(unitBytes, powerOfTwoBelow(Math.min(recordBytesMax / 4, cellBytesLimit) / diskCount));
  const layouts = Array.from({ length: diskCount }, (_, turn) => rules.layout(diskCount, turn));
  return Object.freeze({
    ...{ level, diskCount, unitBytes, dataBytesPerDisk, logBytes, checksums },
    tolerance: rules.tolerance(diskCount),
    dataUnits,
    parityUnits: (layouts[0] as StripeLayout).parity.length,
    stripeCount,
    stripeBytes: dataUnits * unitBytes,
    sizeBytes: stripeCount * dataUnits * unitBytes,
    dataOffsetBytes: dataOffsetBytesOf(shape),
    windowBytes,
    windowsPerUnit: unitBytes / windowBytes,
    recordBytesMax,
    layoutOf: (stripe: number) => layouts[stripe % diskCount] as StripeLayout,
    // Every turn of a layout survives the same losses.
    survives: (absent: Absent) => survives(layouts[0] as StripeLayout, absent),
  });
}

/** What a disk must hold for this shape. */
export function diskBytesNeeded(shape: Omit<ArrayShape, "unitBytes">): number {
  return dataOffsetBytesOf(shape) + shape.dataBytesPerDisk;
}

function dataOffsetBytesOf(shape: Omit<ArrayShape, "unitBytes">): number {
  const { level, diskCount, dataBytesPerDisk } = shape;
  const tolerance = levels[level].tolerance(diskCount);
  const checksumBytes = shape.checksums ? checksumAreaBytes({ diskCount, tolerance, dataBytesPerDisk }) : 0;
  return dataOffsetFor(shape.logBytes, checksumBytes);
}

/** The data area that fits on a disk of `diskBytes`, in whole stripe units. */
export function dataBytesFitting(diskBytes: number, shape: Omit<ArrayShape, "dataBytesPerDisk">): number {
  // What is kept for checksums grows with the data, in steps: so search for the largest that fits.
  let [fitting, tooMany] = [0, Math.floor(diskBytes / shape.unitBytes) + 1];
  while (tooMany - fitting > 1) {
    const units = Math.floor((fitting + tooMany) / 2);
    const dataBytesPerDisk = units * shape.unitBytes;
    if (diskBytesNeeded({ ...shape, dataBytesPerDisk }) <= diskBytes) fitting = units;
    else tooMany = units;
  }
  return fitting * shape.unitBytes;
}

/** The part of a request that falls into one unit of one stripe. */
export interface UnitPiece {
  readonly stripe: number;
  readonly unit: number;
  /** Column in the unit. */
  readonly columnBytes: number;
  readonly lengthBytes: number;
  /** Where the piece starts in the request. */
  readonly sourceBytes: number;
}

/** Cuts a range of the array at stripe unit borders, in order. */
export function unitPieces(geometry: Geometry, offsetBytes: number, lengthBytes: number): UnitPiece[] {
  const pieces: UnitPiece[] = [];
  let done = 0;
  while (done < lengthBytes) {
    const piece = unitPieceAt(geometry, { offsetBytes, lengthBytes }, done);
    pieces.push(piece);
    done += piece.lengthBytes;
  }
  return pieces;
}

/** The piece of `range` that starts `sourceBytes` into it. */
export function unitPieceAt(geometry: Geometry, range: ByteRange, sourceBytes: number): UnitPiece {
  const at = range.offsetBytes + sourceBytes;
  const unitIndex = Math.floor(at / geometry.unitBytes);
  const columnBytes = at - unitIndex * geometry.unitBytes;
  const lengthBytes = Math.min(geometry.unitBytes - columnBytes, range.lengthBytes - sourceBytes);
  const stripe = Math.floor(unitIndex / geometry.dataUnits);
  const unit = unitIndex - stripe * geometry.dataUnits;
  return { stripe, unit, columnBytes, lengthBytes, sourceBytes };
}

/** The part of a request that falls into one unit of one cell. Columns count from the start of the cell. */
export interface CellPiece {
  readonly unit: number;
  readonly columnBytes: number;
  readonly lengthBytes: number;
  readonly sourceBytes: number;
}

export interface CellPieces {
  readonly cell: Cell;
  readonly pieces: readonly CellPiece[];
}

/** Cuts a range of the array into cells, all of a cell's pieces together, so that whole stripes stay whole. */
export function* cellPieces(geometry: Geometry, offsetBytes: number, lengthBytes: number): Generator<CellPieces> {
  let done = 0;
  while (done < lengthBytes) {
    const at = offsetBytes + done;
    const stripe = Math.floor(at / geometry.stripeBytes);
    const length = Math.min((stripe + 1) * geometry.stripeBytes - at, lengthBytes - done);
    yield* stripeCells(geometry, unitPieces(geometry, at, length), done);
    done += length;
  }
}

function* stripeCells(geometry: Geometry, units: readonly UnitPiece[], sourceBase: number): Generator<CellPieces> {
  const { windowBytes, windowsPerUnit } = geometry;
  for (let window = 0; window < windowsPerUnit; window++) {
    const windowStart = window * windowBytes;
    const pieces: CellPiece[] = [];
    for (const piece of units) {
      const start = Math.max(piece.columnBytes, windowStart);
      const end = Math.min(piece.columnBytes + piece.lengthBytes, windowStart + windowBytes);
      if (start >= end) continue;
      pieces.push({
        unit: piece.unit,
        columnBytes: start - windowStart,
        lengthBytes: end - start,
        sourceBytes: sourceBase + piece.sourceBytes + start - piece.columnBytes,
      });
    }
    const stripe = units[0]?.stripe ?? 0;
    if (pieces.length > 0) yield { cell: (stripe * windowsPerUnit + window) as Cell, pieces };
  }
}

export function stripeOfCell(geometry: Geometry, cell: Cell): number {
  return Math.floor(cell / geometry.windowsPerUnit);
}

/** The cell in which a column of a unit lies. */
export function cellAt(geometry: Geometry, stripe: number, columnBytes: number): Cell {
  return (stripe * geometry.windowsPerUnit + Math.floor(columnBytes / geometry.windowBytes)) as Cell;
}

/** Where a cell starts, on every disk. */
export function diskOffsetOfCell(geometry: Geometry, cell: Cell): number {
  return geometry.dataOffsetBytes + cell * geometry.windowBytes;
}

/** Where a unit of a stripe starts, on every disk. */
export function diskOffsetOfStripe(geometry: Geometry, stripe: number): number {
  return geometry.dataOffsetBytes + stripe * geometry.unitBytes;
}

/** Where column 0 of a cell's data unit lies in the array. */
export function arrayOffsetOfCell(geometry: Geometry, cell: Cell, unit: number): number {
  const stripe = stripeOfCell(geometry, cell);
  const window = cell - stripe * geometry.windowsPerUnit;
  return stripe * geometry.stripeBytes + unit * geometry.unitBytes + window * geometry.windowBytes;
}

/** Why a shape is none that an array can have; null when it is one. Its level is known, its numbers may be anything. */
export function faultOf(shape: ArrayShape): string | null {
  const { level, diskCount, unitBytes, dataBytesPerDisk, logBytes, checksums } = shape;
  const rules = levels[level];
  if (typeof checksums !== "boolean") return `An array has checksums or not: true or false, not ${String(checksums)}.`;
  const countFault = diskCountFault(level, rules, diskCount);
  if (countFault !== null) return countFault;
  const isPowerOfTwo = Number.isInteger(unitBytes) && unitBytes > 0 && (unitBytes & (unitBytes - 1)) === 0;
  if (!isPowerOfTwo || unitBytes < unitBytesMin || unitBytes > unitBytesMax) {
    return `The stripe unit must be a power of two from 4 KiB to 1 MiB, not ${unitBytes}.`;
  }
  const [dataMin, dataMax] = [unitBytes, Number.MAX_SAFE_INTEGER / disksMax];
  if (!isWithin(dataBytesPerDisk, dataMin, dataMax) || dataBytesPerDisk % unitBytes !== 0) {
    return (
      `The data area of a disk must be one or more whole stripe units of ${unitBytes} bytes, not ${dataBytesPerDisk}: ` +
      `make the disks larger.`
    );
  }
  const logMin = smallestLog(shape);
  if (!isWithin(logBytes, logMin, logBytesMax) || logBytes % blockBytes !== 0) {
    return `The stripe log must be ${logMin} to ${logBytesMax} bytes, in 4 KiB, not ${logBytes}.`;
  }
  return null;
}

/**
 * With redundancy, a crash could leave half of a stripe written; with checksums, a block without its checksum, which would
 * pass for corruption.
 */
export function needsLog({ level, diskCount, checksums }: LogNeeds): boolean {
  return checksums || levels[level].tolerance(diskCount) > 0;
}

type LogNeeds = Pick<ArrayShape, "level" | "diskCount" | "checksums">;

/** The smallest stripe log of an array: a record of it must hold a cell. 0 for one that needs no log. */
export function smallestLog(shape: LogNeeds): number {
  return needsLog(shape) ? Math.max(logBytesMin, logBytesMinPerDisk * shape.diskCount) : 0;
}

function diskCountFault(level: RaidLevel, { disksMin, disksStep }: LevelRules, diskCount: number): string | null {
  if (isWithin(diskCount, disksMin, disksMax) && diskCount % disksStep === 0) return null;
  const kind = disksStep === 1 ? "" : `, in multiples of ${disksStep}`;
  return `${level} takes ${disksMin} to ${disksMax} disks${kind}, not ${diskCount}.`;
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= min && value <= max;
}

function floorTo(bytes: number): number {
  return roundUp(bytes - blockBytes + 1, blockBytes);
}

function powerOfTwoBelow(value: number): number {
  return 2 ** Math.floor(Math.log2(value));
}
