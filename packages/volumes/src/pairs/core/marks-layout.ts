/**
 * The marks of a pair's regions on disk. Sectors of 512 bytes, each with its own checksum, because a power cut tears a
 * block at sectors at worst: each is then old or new. They are written in blocks of 4 KiB, which arrays need not read
 * first.
 *
 *   sector:  0    u32 LE  CRC32C of the sector, this field as zero
 *            4    u32 LE  epoch: which marking of which pair this belongs to; the pair's record has it
 *            8    u32 LE  number of the sector
 *            12   1000 marks of 4 bits, the lower half of a byte first
 *
 * A sector that is not whole, or of another epoch, means that the marks are lost: nothing is read around it.
 */
import { isSealed, sealBlock } from "@waystation/raid/core/checksum";
import type { RegionMarks } from "./region-marks.js";

export const marksBlockBytes = 4096;
const sectorBytes = 512;
const headerBytes = 12;
const marksPerSector = (sectorBytes - headerBytes) * 2;
const sectorsPerBlock = marksBlockBytes / sectorBytes;
const marksPerBlock = marksPerSector * sectorsPerBlock;

/** What the store of a pair's marks must hold. */
export function marksBytes(regionCount: number): number {
  return Math.ceil(regionCount / marksPerBlock) * marksBlockBytes;
}

export function blockOfRegion(region: number): number {
  return Math.floor(region / marksPerBlock);
}

/** The regions whose marks lie in a block. */
export function regionsOfBlock(block: number, regionCount: number): { readonly first: number; readonly end: number } {
  return { first: block * marksPerBlock, end: Math.min(regionCount, (block + 1) * marksPerBlock) };
}

export function encodeMarks(marks: RegionMarks, block: number, epoch: number): Buffer {
  const bytes = Buffer.alloc(marksBlockBytes);
  const { first, end } = regionsOfBlock(block, marks.regionCount);
  for (let region = first; region < end; region++) {
    const [at, shift] = placeOf(region - first);
    bytes[at] = (bytes[at] as number) | (marks.markOf(region) << shift);
  }
  for (let sector = 0; sector < sectorsPerBlock; sector++) {
    const part = bytes.subarray(sector * sectorBytes, (sector + 1) * sectorBytes);
    part.writeUInt32LE(epoch, 4);
    part.writeUInt32LE(block * sectorsPerBlock + sector, 8);
    sealBlock(part, 0);
  }
  return bytes;
}

/** False when the marks of this block are lost; `marks` then holds anything. */
export function decodeMarks(marks: RegionMarks, block: number, epoch: number, bytes: Buffer): boolean {
  for (let sector = 0; sector < sectorsPerBlock; sector++) {
    const part = bytes.subarray(sector * sectorBytes, (sector + 1) * sectorBytes);
    if (part.readUInt32LE(4) !== epoch || part.readUInt32LE(8) !== block * sectorsPerBlock + sector) return false;
    if (!isSealed(part, 0)) return false;
  }
  const { first, end } = regionsOfBlock(block, marks.regionCount);
  for (let region = first; region < end; region++) {
    const [at, shift] = placeOf(region - first);
    const mark = ((bytes[at] as number) >> shift) & 0xf;
    if (mark > 7) return false;
    marks.setMark(region, mark);
  }
  return true;
}

/** Byte and shift of a block's n-th mark. */
function placeOf(index: number): [number, number] {
  const sector = Math.floor(index / marksPerSector);
  const inSector = index - sector * marksPerSector;
  return [sector * sectorBytes + headerBytes + (inSector >> 1), (inSector & 1) * 4];
}
