/** Small arrays over memory disks, for the tests of this package. */
import type { ByteRange } from "@waystation/contracts/byte-range";
import type { ArrayShape } from "../core/geometry.js";
import type { BlockDisk } from "./block-disk.js";
import { createArray } from "./create-array.js";
import { openArray, type RaidArray } from "./array.js";
import { createMemoryDisk, placeOf, type MemoryDisk } from "./memory-disk.js";

export type SmallShape = Pick<ArrayShape, "level" | "diskCount" | "unitBytes"> & { readonly stripes: number };

const logBytes = 256 * 1024;
const beforeDataBytes = 2 * 1024 * 1024;

/** Creates an array and returns its disks, closed. */
export async function createSmallArray(shape: SmallShape): Promise<MemoryDisk[]> {
  const sizeBytes = beforeDataBytes + shape.stripes * shape.unitBytes;
  const disks = Array.from({ length: shape.diskCount }, (_, slot) => {
    return createMemoryDisk({ file: `disk-${slot}`, sizeBytes });
  });
  const { level, unitBytes } = shape;
  const places = disks.map((disk) => placeOf(disk));
  await createArray({ name: "small", level, unitBytes, disks: places, diskBytes: sizeBytes, logBytes });
  return disks;
}

export function openSmallArray(disks: readonly BlockDisk[]): Promise<RaidArray> {
  return openArray({ disks: disks.map((disk) => placeOf(disk)) });
}

/** The stripes in which parity, or a copy, does not match the data on disk; all disks must be given, by slot. */
export async function mismatchedStripes(array: RaidArray, disks: readonly BlockDisk[]): Promise<number[]> {
  const { geometry } = array;
  const wrong: number[] = [];
  for (let stripe = 0; stripe < geometry.stripeCount; stripe++) {
    const offsetBytes = geometry.dataOffsetBytes + stripe * geometry.unitBytes;
    const units = await Promise.all(
      disks.map((disk) => readDisk(disk, { offsetBytes, lengthBytes: geometry.unitBytes })),
    );
    const isRight = geometry.level === "raid1" ? areEqual(units) : geometry.level === "raid0" || xorIsZero(units);
    if (!isRight) wrong.push(stripe);
  }
  return wrong;
}

async function readDisk(disk: BlockDisk, { offsetBytes, lengthBytes }: ByteRange): Promise<Buffer> {
  const into = Buffer.alloc(lengthBytes);
  await disk.submit([{ kind: "read", offsetBytes, into }]);
  return into;
}

function areEqual(units: readonly Buffer[]): boolean {
  return units.every((unit) => unit.equals(units[0] as Buffer));
}

function xorIsZero(units: readonly Buffer[]): boolean {
  const [first, ...others] = units.map((unit) => new Uint32Array(unit.buffer, unit.byteOffset, unit.length / 4));
  return (first as Uint32Array).every(
    (word, i) => others.reduce((sum, other) => sum ^ (other[i] as number), word) === 0,
  );
}
