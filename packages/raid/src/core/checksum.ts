/** CRC32C over structures that carry their own checksum in a field, which counts as zero while it is formed. */
import { crc32c } from "@node-rs/crc32";

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
