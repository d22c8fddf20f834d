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

interface LevelSpace {
  readonly disksMin: number;
  /** The number of disks is a multiple of this. */
  readonly disksStep: number;
  /** How many disks' worth of user data an array holds. */
  dataDisks(diskCount: number): number;
  /** How many disks it survives, whichever they are. */
  tolerance(diskCount: number): number;
}

const none = (): number => 0;
const one = (): number => 1;
const allBut = (count: number) => (diskCount: number) => diskCount - count;

/** As `raid` has them. */
export const levelSpaces: Readonly<Record<ArrayLevel, LevelSpace>> = {
  raid0: { disksMin: 1, disksStep: 1, dataDisks: allBut(0), tolerance: none },
  raid1: { disksMin: 2, disksStep: 1, dataDisks: one, tolerance: allBut(1) },
  raid10: { disksMin: 4, disksStep: 2, dataDisks: (diskCount) => Math.floor(diskCount / 2), tolerance: one },
  raid4: { disksMin: 3, disksStep: 1, dataDisks: allBut(1), tolerance: one },
  raid5: { disksMin: 3, disksStep: 1, dataDisks: allBut(1), tolerance: one },
  raid6: { disksMin: 4, disksStep: 1, dataDisks: allBut(2), tolerance: () => 2 },
};

export const diskCountMax = 32;

/** Of the data on a disk, each copy of the checksums of its blocks takes so much. */
const checksumShare = 1 / 1024;

export interface ArrayShape {
  readonly level: ArrayLevel;
  readonly diskCount: number;
  readonly stripeUnitBytes: number;
}

/** Bytes that volumes can use on an array of disks of `diskSizeBytes`, whole stripe units only. */
export function usableBytes(shape: ArrayShape & { readonly diskSizeBytes: number }, overheadBytes: number): number {
  const perDisk = Math.max(0, shape.diskSizeBytes - overheadBytes) / (1 + checksumsPerByte(shape));
  const units = Math.floor(perDisk / shape.stripeUnitBytes);
  return units * shape.stripeUnitBytes * levelSpaces[shape.level].dataDisks(shape.diskCount);
}

/** The room that volumes of these sizes take on an array. */
export function neededBytes(volumeSizesBytes: readonly number[]): number {
  return volumeSizesBytes.reduce((sum, size) => sum + roundUp(size, volumeGrainBytes), 0);
}

/** The disk size for an array that must hold `volumeSizesBytes` and names none: generous, since disks are sparse. */
export function derivedDiskSizeBytes(shape: ArrayShape, volumeSizesBytes: readonly number[]): number {
  const perDisk = neededBytes(volumeSizesBytes) / Math.max(1, levelSpaces[shape.level].dataDisks(shape.diskCount));
  return roundUp(Math.ceil(perDisk * (1 + checksumsPerByte(shape))) + spareBytesPerDisk, volumeGrainBytes);
}

function checksumsPerByte({ level, diskCount }: Pick<ArrayShape, "level" | "diskCount">): number {
  return (levelSpaces[level].tolerance(diskCount) + 1) * checksumShare;
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
