/**
 * Where the checksums of an array's blocks lie (SPEC A4, PROTOCOL 11).
 *
 * Every 4 KiB block of a disk's data area, data and parity alike, has an entry of 4 bytes; the entries of one disk, in the
 * order of its blocks, are its *column*, in pages of 1024. A column is stored tolerance + 1 times: on the disks that follow
 * its own, and on its own last. So a write that a disk lost, or put somewhere else, is contradicted by another disk; and
 * whatever disks are lost, every block that is left has its entry.
 *
 *   checksum area of a disk, each column in whole pages:
 *   tolerance 1:  | own column | column of the disk before |
 *   tolerance 0:  | column of the disk before (a single disk: its own) |
 *
 * Pages have no seal: which entries are right shows against the blocks and against the other copies.
 */
import { blockBytes, checksumOffsetFor } from "./disk-layout.js";
import type { Slot } from "./level.js";

export const entryBytes = 4;
export const entriesPerPage = blockBytes / entryBytes;
/** Bytes of a disk's data area whose entries fill one page. */
export const coveredByPageBytes = entriesPerPage * blockBytes;

/** What of an array's shape decides where its checksums lie. */
export interface ChecksumShape {
  readonly diskCount: number;
  readonly tolerance: number;
  readonly dataBytesPerDisk: number;
  readonly logBytes: number;
}

/** What each disk keeps free for checksums. */
export function checksumAreaBytes(shape: Omit<ChecksumShape, "logBytes">): number {
  return copiesOf(shape) * pagesPerColumn(shape) * blockBytes;
}

export function pagesPerColumn({ dataBytesPerDisk }: Pick<ChecksumShape, "dataBytesPerDisk">): number {
  return Math.ceil(dataBytesPerDisk / coveredByPageBytes);
}

/** The disks that store a column, the one to believe first: its own disk comes last, or not at all. */
export function carriersOf(shape: Pick<ChecksumShape, "diskCount" | "tolerance">, column: Slot): Slot[] {
  return Array.from({ length: copiesOf(shape) }, (_, copy) => ((column + 1 + copy) % shape.diskCount) as Slot).map(
    (slot, copy) => (copy === shape.tolerance && shape.tolerance > 0 ? column : slot),
  );
}

/** The columns that a disk stores. */
export function columnsOn(shape: Pick<ChecksumShape, "diskCount" | "tolerance">, carrier: Slot): Slot[] {
  const all = Array.from({ length: shape.diskCount }, (_, slot) => slot as Slot);
  return all.filter((column) => carriersOf(shape, column).includes(carrier));
}

/** Where a page of a column lies on one of its carriers. */
export function pageOffsetBytes(shape: ChecksumShape, place: { column: Slot; carrier: Slot; page: number }): number {
  const { column, carrier, page } = place;
  // How far the column's disk is behind the carrier; with one copy there is no choice.
  const distance = shape.tolerance === 0 ? 0 : (carrier - column + shape.diskCount) % shape.diskCount;
  return checksumOffsetFor(shape.logBytes) + (distance * pagesPerColumn(shape) + page) * blockBytes;
}

function copiesOf({ diskCount, tolerance }: Pick<ChecksumShape, "diskCount" | "tolerance">): number {
  return Math.min(diskCount, tolerance + 1);
}
