/**
 * CRC32C: over structures that carry their own checksum in a field, which counts as zero while it is formed; and over the
 * 4 KiB blocks of the disks, whose checksums lie apart from them.
 *
 * The *entry* of a block is its CRC32C XOR the CRC32C of 4 KiB of zeros: so zeros have the entry 0, and the checksums of a
 * fresh sparse disk are right before anything was written.
 */
import { crc32c } from "@node-rs/crc32";
import { blockBytes } from "./disk-layout.js";

/** Sets the checksum field of `block` to the CRC32C of all of `block`. */
export function sealBlock(block: Buffer, fieldOffset: number): void {
  block.writeUInt32LE(0, fieldOffset);
  block.writeUInt32LE(crc32c(block), fieldOffset);
}

/** True when the checksum field of `block` is right. Leaves the block as it was. */
export function isSealed(block: Buffer, fieldOffset: number): boolean {
  const stored = block.readUInt32LE(fieldOffset);
  block.writeUInt32LE(0, fieldOffset);
  const actual = crc32c(block);
  block.writeUInt32LE(stored, fieldOffset);
  return stored === actual;
}

/** CRC32C of bytes that come in several parts. */
export function checksumOf(parts: Iterable<Uint8Array>): number {
  let crc = 0;
  for (const part of parts) crc = crc32c(part, crc);
  return crc;
}

const crcOfZeros = crc32c(Buffer.alloc(blockBytes));

/** Entries of blocks that follow each other, in the form in which they are stored: u32, little-endian. */
export interface EntryList {
  readonly entries: DataView;
  /** The first one's index in `entries`. */
  readonly first: number;
}

export function entryAt({ entries, first }: EntryList, index: number): number {
  return entries.getUint32((first + index) * 4, true);
}

/** The entry of one block. */
export function blockEntry(block: Uint8Array): number {
  return (crc32c(block) ^ crcOfZeros) >>> 0;
}

/** Stores the entries of the whole blocks of `run`. */
export function setEntries({ entries, first }: EntryList, run: Uint8Array): void {
  if (run.length === blockBytes) {
    entries.setUint32(first * 4, crc32c(run) ^ crcOfZeros, true);
    return;
  }
  for (let at = 0, index = first; at < run.length; at += blockBytes, index++) {
    entries.setUint32(index * 4, crc32c(run.subarray(at, at + blockBytes)) ^ crcOfZeros, true);
  }
}

/**
 * True when every whole block of `run` has its entry. One pass over the bytes in one call, whatever the number of blocks:
 * what the CRC of all of it must be follows from the entries.
 */
export function matchEntries(list: EntryList, run: Uint8Array): boolean {
  let expected = 0;
  for (let index = 0; index < run.length / blockBytes; index++) {
    expected = pastBlock(expected) ^ entryAt(list, index) ^ crcOfZeros;
  }
  return crc32c(run) === expected >>> 0;
}

/** The CRC of the bytes of all blocks of a list, behind bytes of which it is `before`. */
export function joinedChecksum(list: EntryList, blocks: number, before = 0): number {
  let crc = before;
  for (let index = 0; index < blocks; index++) crc = pastBlock(crc) ^ entryAt(list, index) ^ crcOfZeros;
  return crc >>> 0;
}

/**
 * What a CRC contributes to that of the same bytes with one more block behind them. Linear over GF(2), so it is a 32 x 32
 * matrix, kept as the images of the four bytes. (Mark Adler's crc32_combine, for a fixed length.)
 */
function pastBlock(crc: number): number {
  return (
    (pastBlockOfByte[0][crc & 255] as number) ^
    (pastBlockOfByte[1][(crc >>> 8) & 255] as number) ^
    (pastBlockOfByte[2][(crc >>> 16) & 255] as number) ^
    (pastBlockOfByte[3][crc >>> 24] as number)
  );
}

const pastBlockOfByte = [0, 8, 16, 24].map((shift) => {
  const zeros = Buffer.alloc(blockBytes);
  // Behind what has the CRC c, a block of zeros: its part that depends on c is what is left without that of c = 0.
  return Int32Array.from({ length: 256 }, (_, byte) => crc32c(zeros, (byte << shift) >>> 0) ^ crcOfZeros);
}) as [Int32Array, Int32Array, Int32Array, Int32Array];
