/**
 * Where replay starts. Two copies per log disk, written in turn.
 *
 *   0   "WSLT"                  24  array id, 16 bytes
 *   4   u32 format version      40  u32 CRC32C of the 4 KiB block, this field as zero
 *   8   u48 position
 *   16  u48 session
 */
import { isSealed, sealBlock } from "./checksum.js";
import { blockBytes } from "./disk-layout.js";
import type { LogPlace } from "./log-record.js";

const magic = 0x544c5357; // "WSLT"
const version = 1;
const crcOffset = 40;

export function encodeTail(place: LogPlace): Buffer {
  const block = Buffer.alloc(blockBytes);
  block.writeUInt32LE(magic, 0);
  block.writeUInt32LE(version, 4);
  block.writeUIntLE(place.position, 8, 6);
  block.writeUIntLE(place.session, 16, 6);
  block.write(place.arrayId, 24, "hex");
  sealBlock(block, crcOffset);
  return block;
}

export function decodeTail(block: Buffer, arrayId: string): LogPlace | null {
  if (block.readUInt32LE(0) !== magic || block.readUInt32LE(4) !== version || !isSealed(block, crcOffset)) return null;
  if (block.toString("hex", 24, 40) !== arrayId) return null;
  const [session, position] = [block.readUIntLE(16, 6), block.readUIntLE(8, 6)];
  return position % blockBytes === 0 ? { arrayId, session, position } : null;
}

/** The later of two tails: a later session, or further on in the same one. */
export function laterTail(a: LogPlace | null, b: LogPlace | null): LogPlace | null {
  if (a === null || b === null) return a ?? b;
  const order = a.session - b.session || a.position - b.position;
  return order >= 0 ? a : b;
}
