/** Small arrays over memory disks, for the tests of this package. */
import type { ByteRange } from "@waystation/contracts/byte-range";
import { diskBytesNeeded, smallestLog, type ArrayShape } from "../core/geometry.js";
import type { Slot, StripeLayout } from "../core/level.js";
import { multiply, powerOfTwo } from "../parity/galois-field.js";
import type { BlockDisk } from "./block-disk.js";
import { createArray } from "./create-array.js";
import { openArray, type OpenArrayOptions, type RaidArray } from "./array.js";
import { createMemoryDisk, placeOf, type MemoryDisk } from "./memory-disk.js";

export type SmallShape = Pick<ArrayShape, "level" | "diskCount" | "unitBytes"> & {
  readonly stripes: number;
  /** True when left out. */
  readonly checksums?: boolean;
};

/** Creates an array and returns its disks, closed. */
export async function createSmallArray(shape: SmallShape): Promise<MemoryDisk[]> {
  const { level, diskCount, unitBytes, checksums = true } = shape;
  const logBytes = smallestLog({ level, diskCount, checksums });
  const dataBytesPerDisk = shape.stripes * unitBytes;
  const sizeBytes = diskBytesNeeded({ level, diskCount, logBytes, checksums, dataBytesPerDisk });
  const disks = Array.from({ length: diskCount }, (_, slot) => {
    return createMemoryDisk({ file: `disk-${slot}`, sizeBytes });
  });
  const places = disks.map((disk) => placeOf(disk));
  await createArray({ name: "small", level, unitBytes, disks: places, diskBytes: sizeBytes, logBytes, checksums });
  return disks;
}

/** Unless the options have a buffer for it, every write is durable when it completes. */
export function openSmallArray(
  disks: readonly BlockDisk[],
  options: Omit<OpenArrayOptions, "disks"> = {},
): Promise<RaidArray> {
  return openArray({ writeBackBytes: 0, ...options, disks: disks.map((disk) => placeOf(disk)) });
}

/**
 * The stripes in which redundancy does not match the data on disk, as far as what is there can tell. Disks by slot, null
 * for one that is gone.
 */
export async function mismatchedStripes(array: RaidArray, disks: readonly (BlockDisk | null)[]): Promise<number[]> {
  const { geometry } = array;
  const wrong: number[] = [];
  for (let stripe = 0; stripe < geometry.stripeCount; stripe++) {
    const offsetBytes = geometry.dataOffsetBytes + stripe * geometry.unitBytes;
    const { unitBytes: lengthBytes } = geometry;
    const readUnit = async (disk: BlockDisk | null): Promise<Buffer | null> =>
      disk === null ? null : readDisk(disk, { offsetBytes, lengthBytes });
    const units = await Promise.all(disks.map(readUnit));
    if (!agrees(geometry.layoutOf(stripe), units)) wrong.push(stripe);
  }
  return wrong;
}

function agrees({ data, parity }: StripeLayout, units: readonly (Buffer | null)[]): boolean {
  if (parity.length === 0) return data.every((copies) => areEqual(copies.flatMap((slot) => units[slot] ?? [])));
  const content = data.map((copies) => units[copies[0] as Slot] ?? null);
  const [p, q] = parity.map((slot) => units[slot] ?? null);
  const gone = content.filter((unit) => unit === null).length;
  if (gone > 1 || (gone === 1 && !(p && q))) return true;
  // What is gone is taken to be what P says; then Q must say the same.
  if (gone === 1) content[content.indexOf(null)] = sum([...(content.filter(Boolean) as Buffer[]), p as Buffer]);
  const known = content as Buffer[];
  return (
    (!p || p.equals(sum(known))) && (!q || q.equals(sum(known.map((unit, index) => scaled(unit, powerOfTwo(index))))))
  );
}

async function readDisk(disk: BlockDisk, { offsetBytes, lengthBytes }: ByteRange): Promise<Buffer> {
  const into = Buffer.alloc(lengthBytes);
  await disk.submit([{ kind: "read", offsetBytes, into }]);
  return into;
}

function areEqual(units: readonly Buffer[]): boolean {
  return units.every((unit) => unit.equals(units[0] as Buffer));
}

function sum(units: readonly Buffer[]): Buffer {
  const result = Buffer.alloc((units[0] as Buffer).length);
  const words = wordsOf(result);
  for (const unit of units.map(wordsOf)) {
    for (let i = 0; i < words.length; i++) words[i] = (words[i] as number) ^ (unit[i] as number);
  }
  return result;
}

function wordsOf(bytes: Buffer): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}

function scaled(unit: Buffer, factor: number): Buffer {
  const products = Uint8Array.from({ length: 256 }, (_, byte) => multiply(byte, factor));
  const result = Buffer.alloc(unit.length);
  for (let i = 0; i < unit.length; i++) result[i] = products[unit[i] as number] as number;
  return result;
}
