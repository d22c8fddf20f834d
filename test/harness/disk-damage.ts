/** What disks do to arrays behind their backs: rot where they are, and go away. */
import { randomBytes } from "node:crypto";
import { open, rm, stat, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Random } from "@waystation/contracts/random";
import { createGeometry } from "@waystation/raid/core/geometry";
import { readSuperblock } from "@waystation/raid/core/superblock";

const blockBytes = 4096;
const superblockPlaces = [0, 32 * 1024];
const triesMax = 100_000;

export interface RottenBlock {
  readonly offsetBytes: number;
  /** What was there before. */
  readonly content: Buffer;
}

export interface RotOptions {
  readonly blocks: number;
  readonly random: Random;
  /** Only blocks that hold what this says yes to. */
  readonly where: (content: Buffer) => boolean;
}

/** Writes garbage over data or parity blocks of a member disk, in place, while the array may be using it. */
export async function rotDisk(disk: string, { blocks, random, where }: RotOptions): Promise<RottenBlock[]> {
  const file = await open(await imageOf(disk), "r+");
  try {
    const { firstBlock, blockCount } = await dataAreaOf(file, disk);
    const rotten = new Map<number, RottenBlock>();
    for (let tries = 0; rotten.size < blocks; tries++) {
      if (tries > triesMax) throw new Error(`found only ${rotten.size} of ${blocks} blocks to damage on ${disk}`);
      const offsetBytes = (firstBlock + random.below(blockCount)) * blockBytes;
      const content = await readBlock(file, offsetBytes);
      if (rotten.has(offsetBytes) || !where(content)) continue;
      await file.write(randomBytes(blockBytes), 0, blockBytes, offsetBytes);
      rotten.set(offsetBytes, { offsetBytes, content });
    }
    return [...rotten.values()];
  } finally {
    await file.close();
  }
}

/** How many of the blocks hold again what they held before. */
export async function countHealed(disk: string, rotten: readonly RottenBlock[]): Promise<number> {
  const file = await open(await imageOf(disk), "r");
  try {
    let healed = 0;
    for (const { offsetBytes, content } of rotten) if ((await readBlock(file, offsetBytes)).equals(content)) healed++;
    return healed;
  } finally {
    await file.close();
  }
}

/** The disk is gone, with its folder. */
export async function deleteDisk(disk: string): Promise<void> {
  await rm(dirname(await imageOf(disk)), { recursive: true });
}

async function imageOf(disk: string): Promise<string> {
  return (await stat(disk)).isDirectory() ? join(disk, "disk.img") : disk;
}

async function readBlock(file: FileHandle, offsetBytes: number): Promise<Buffer> {
  const into = Buffer.alloc(blockBytes);
  await file.read(into, 0, blockBytes, offsetBytes);
  return into;
}

async function dataAreaOf(file: FileHandle, disk: string): Promise<{ firstBlock: number; blockCount: number }> {
  const copies = await Promise.all(superblockPlaces.map((offsetBytes) => readBlock(file, offsetBytes)));
  const reading = readSuperblock(copies);
  if (reading.kind !== "valid") throw new Error(`${disk} has no superblock`);
  const { dataOffsetBytes, dataBytesPerDisk } = createGeometry(reading.superblock.shape);
  return { firstBlock: dataOffsetBytes / blockBytes, blockCount: dataBytesPerDisk / blockBytes };
}
