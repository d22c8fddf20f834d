/** For tests of corruption (SPEC A4): arrays of every level that hold known bytes, and a hand that damages their disks. */
import type { Random } from "@waystation/contracts/random";
import { blockBytes } from "../core/disk-layout.js";
import type { RaidArray } from "./array.js";
import type { BlockDisk } from "./block-disk.js";
import type { MemoryDisk } from "./memory-disk.js";
import { createSmallArray, openSmallArray, type SmallShape } from "./testing-array.js";

/** One of each level with redundancy. */
export const redundantShapes: readonly SmallShape[] = [
  { level: "raid1", diskCount: 3, unitBytes: 8192, stripes: 12 },
  { level: "raid10", diskCount: 4, unitBytes: 8192, stripes: 12 },
  { level: "raid4", diskCount: 4, unitBytes: 8192, stripes: 12 },
  { level: "raid5", diskCount: 4, unitBytes: 16_384, stripes: 8 },
  { level: "raid6", diskCount: 5, unitBytes: 8192, stripes: 12 },
];

/** An array full of known bytes. */
export interface Rig {
  readonly disks: MemoryDisk[];
  array: RaidArray;
  readonly model: Buffer;
}

export async function createRig(shape: SmallShape, random: Random): Promise<Rig> {
  const disks = await createSmallArray(shape);
  const array = await openSmallArray(disks);
  const model = Buffer.alloc(array.sizeBytes);
  for (let at = 0; at < model.length; at += 512) model.fill(1 + random.below(255), at, at + 512);
  await array.write(0, model);
  return { disks, array, model };
}

/** Edits a block of a disk behind the array's back. */
export async function change(disk: BlockDisk, offsetBytes: number, edit: (block: Buffer) => void): Promise<void> {
  const block = Buffer.alloc(blockBytes);
  await disk.submit([{ kind: "read", offsetBytes, into: block }]);
  edit(block);
  await disk.submit([{ kind: "write", offsetBytes, from: block, durable: true }]);
}
