/**
 * How much of an array volumes can use. An estimate on the safe side: the daemon that forms the array knows exactly,
 * but a cluster file that cannot fit is refused before any disk is touched.
 */
import type { ArrayLevel } from "./cluster.js";

/** Kept free on each disk for superblock, write intent, checksums and the like. At least what `raid` uses. */
export const diskOverheadBytes = 64 * 2 ** 20;
/** What each disk gets beyond its volumes' data when `diskSize` is left out. */
const spareBytesPerDisk = 256 * 2 ** 20;
/** Volumes are handed out in units of this size. */
export const volumeGrainBytes = 2 ** 20;

export const minDisksByLevel: Readonly<Record<ArrayLevel, number>> = { raid0: 1, raid1: 2, raid5: 3 };

export interface ArrayShape {
  readonly level: ArrayLevel;
  readonly diskCount: number;
  readonly stripeUnitBytes: number;
}

/** How many disks' worth of user data an array holds. */
export function dataDisks(level: ArrayLevel, diskCount: number): number {
  switch (level) {
    case "raid0":
      return diskCount;
    case "raid1":
      return 1;
    case "raid5":
      return diskCount - 1;
  }
}

/** Bytes that volumes can use on an array of disks of `diskSizeBytes`, whole stripe units only. */
export function usableBytes(shape: ArrayShape & { readonly diskSizeBytes: number }, overheadBytes: number): number {
  const perDisk = Math.max(0, shape.diskSizeBytes - overheadBytes);
  const units = Math.floor(perDisk / shape.stripeUnitBytes);
  return units * shape.stripeUnitBytes * dataDisks(shape.level, shape.diskCount);
}

/** The room that volumes of these sizes take on an array. */
export function neededBytes(volumeSizesBytes: readonly number[]): number {
  return volumeSizesBytes.reduce((sum, size) => sum + roundUp(size, volumeGrainBytes), 0);
}

/** The disk size for an array that must hold `volumeSizesBytes` and names none: generous, since disks are sparse. */
export function derivedDiskSizeBytes(shape: ArrayShape, volumeSizesBytes: readonly number[]): number {
  const perDisk = neededBytes(volumeSizesBytes) / Math.max(1, dataDisks(shape.level, shape.diskCount));
  return roundUp(Math.ceil(perDisk) + spareBytesPerDisk, volumeGrainBytes);
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
