/**
 * What lies where on a member disk; the same on every disk of an array.
 *
 *   0        superblock, copy 0 (4 KiB)
 *   32 KiB   superblock, copy 1
 *   64 KiB   tail of the stripe log, copy 0 (4 KiB)
 *   96 KiB   tail of the stripe log, copy 1
 *   1 MiB    stripe log, on the disks that carry it; reserved on the others
 *   then     checksums of blocks (`checksum-layout.ts`); nothing when the array has none
 *   then     data, from the next multiple of 1 MiB, in whole stripe units
 *
 * Two copies of a block lie apart and are written in turn, so that a torn write leaves the older one.
 */

export const blockBytes = 4096;
export const superblockOffsets: readonly [number, number] = [0, 32 * 1024];
export const tailOffsets: readonly [number, number] = [64 * 1024, 96 * 1024];
export const logOffsetBytes = 1024 * 1024;
export const logBytesDefault = 32 * 1024 * 1024;

const dataAlignmentBytes = 1024 * 1024;

export function checksumOffsetFor(logBytes: number): number {
  return logOffsetBytes + logBytes;
}

export function dataOffsetFor(logBytes: number, checksumBytes: number): number {
  return roundUp(checksumOffsetFor(logBytes) + checksumBytes, dataAlignmentBytes);
}

export function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
