/**
 * Records of the stripe log. A record is what one round of writes makes durable at once; it counts whole or not at all.
 *
 *   0   "WSLR"                               24  array id, 16 bytes
 *   4   u32  format version                  40  u32  length of the record in the log, a multiple of 4 KiB
 *   8   u48  position in the log             44  u32  where the directory starts
 *   16  u48  session                         48  u32  entries in the directory
 *                                            52  u32  bytes in use, from the start of the record
 *                                            56  u32  CRC32C of the bytes in use, this field as zero
 *   64  payloads, then the directory
 *
 * Entries of the directory, each a multiple of 8 bytes:
 *   redo    u32 1, u32 slots (mask), u64 disk offset, u32 length, u32 payload offset
 *   intent  u32 2, u32 n, u64 disk offset, u32 length, u32 1 if unsynced, then n x u32 CRC32C of the new content per slot, padded
 *   lost    u32 3, u32 n, then n x (u64 offset, u64 length)
 *
 * Positions only grow (the place is the position modulo the size of the log), and the session changes with every
 * opening, so nothing left from an earlier lap or an earlier life can pass for a record.
 */
import type { ByteRange } from "@waystation/contracts/byte-range";
import { isSealed, sealBlock } from "./checksum.js";
import { blockBytes, roundUp } from "./disk-layout.js";

export type LogEntry =
  /** These bytes belong at `diskOffsetBytes` of each disk in the mask. */
  | {
      readonly kind: "redo";
      readonly slotMask: number;
      readonly diskOffsetBytes: number;
      readonly lengthBytes: number;
      readonly payloadOffsetBytes: number;
    }
  /** This range of all disks is being written in place as a whole; `checksums` are of what is written, by slot. */
  | {
      readonly kind: "intent";
      readonly diskOffsetBytes: number;
      readonly lengthBytes: number;
      readonly checksums: readonly number[];
      /** It need not be on the disks when its round has ended: what does not match may be torn until the log forgets it. */
      readonly isUnsynced?: true;
    }
  /** From here on exactly these ranges of the array are unreadable. */
  | { readonly kind: "lost"; readonly ranges: readonly ByteRange[] };

export interface LogPlace {
  readonly arrayId: string;
  readonly session: number;
  readonly position: number;
}

export const recordHeaderBytes = 64;
/** What one entry takes at most, apart from checksums and ranges. */
export const entryBytesMax = 32;
const entryHeadBytes = 8;
const magic = 0x524c5357; // "WSLR"
const version = 1;
const crcOffset = 56;

/** Writes the directory and the header around payloads that are in `record` already. Returns the record's length. */
export function sealRecord(
  record: Buffer,
  place: LogPlace,
  content: { readonly payloadEndBytes: number; readonly entries: readonly LogEntry[]; readonly lengthBytes?: number },
): number {
  const directoryOffset = roundUp(content.payloadEndBytes, 8);
  record.fill(0, content.payloadEndBytes, directoryOffset);
  record.fill(0, 0, recordHeaderBytes);
  let end = directoryOffset;
  for (const entry of content.entries) end = writeEntry(record, end, entry);
  const lengthBytes = content.lengthBytes ?? roundUp(end, blockBytes);
  record.writeUInt32LE(magic, 0);
  record.writeUInt32LE(version, 4);
  record.writeUIntLE(place.position, 8, 6);
  record.writeUIntLE(place.session, 16, 6);
  record.write(place.arrayId, 24, "hex");
  record.writeUInt32LE(lengthBytes, 40);
  record.writeUInt32LE(directoryOffset, 44);
  record.writeUInt32LE(content.entries.length, 48);
  record.writeUInt32LE(end, 52);
  sealBlock(record.subarray(0, end), crcOffset);
  if (content.lengthBytes === undefined) record.fill(0, end, lengthBytes);
  return lengthBytes;
}

/** A record that only fills the log up to its end, where the next one would not fit. One block long. */
export function padRecord(place: LogPlace, lengthBytes: number): Buffer {
  const block = Buffer.alloc(blockBytes);
  sealRecord(block, place, { payloadEndBytes: recordHeaderBytes, entries: [], lengthBytes });
  return block;
}

/** What a header claims, before the rest is read; null when it is not the header of the record expected here. */
export function peekRecord(header: Buffer, expected: LogPlace): { lengthBytes: number; usedBytes: number } | null {
  if (header.readUInt32LE(0) !== magic || header.readUInt32LE(4) !== version) return null;
  if (header.readUIntLE(8, 6) !== expected.position || header.readUIntLE(16, 6) !== expected.session) return null;
  if (header.toString("hex", 24, 40) !== expected.arrayId) return null;
  const [lengthBytes, usedBytes] = [header.readUInt32LE(40), header.readUInt32LE(52)];
  const fits = usedBytes >= recordHeaderBytes && usedBytes <= lengthBytes && lengthBytes % blockBytes === 0;
  return fits ? { lengthBytes, usedBytes } : null;
}

/**
 * The entries of a record's bytes in use; null when they are not what was written, "senseless" when the checksum is right,
 * and still its directory is none: no torn write leaves that.
 */
export function readRecord(used: Buffer): LogEntry[] | "senseless" | null {
  if (!isSealed(used, crcOffset)) return null;
  const entries: LogEntry[] = [];
  let at = used.readUInt32LE(44);
  for (let count = used.readUInt32LE(48); count > 0; count--) {
    const found = at >= recordHeaderBytes ? readEntry(used, at) : null;
    if (found === null) return "senseless";
    entries.push(found[0]);
    at = found[1];
  }
  return entries;
}

function writeEntry(record: Buffer, at: number, entry: LogEntry): number {
  switch (entry.kind) {
    case "redo":
      record.writeUInt32LE(1, at);
      record.writeUInt32LE(entry.slotMask, at + 4);
      writeU64(record, at + 8, entry.diskOffsetBytes);
      record.writeUInt32LE(entry.lengthBytes, at + 16);
      record.writeUInt32LE(entry.payloadOffsetBytes, at + 20);
      return at + 24;
    case "intent": {
      record.writeUInt32LE(2, at);
      record.writeUInt32LE(entry.checksums.length, at + 4);
      writeU64(record, at + 8, entry.diskOffsetBytes);
      record.writeUInt32LE(entry.lengthBytes, at + 16);
      record.writeUInt32LE(entry.isUnsynced === true ? 1 : 0, at + 20);
      for (const [slot, checksum] of entry.checksums.entries()) record.writeUInt32LE(checksum, at + 24 + slot * 4);
      const end = at + 24 + entry.checksums.length * 4;
      record.fill(0, end, roundUp(end, 8));
      return roundUp(end, 8);
    }
    case "lost":
      record.writeUInt32LE(3, at);
      record.writeUInt32LE(entry.ranges.length, at + 4);
      for (const [index, range] of entry.ranges.entries()) {
        writeU64(record, at + 8 + index * 16, range.offsetBytes);
        writeU64(record, at + 16 + index * 16, range.lengthBytes);
      }
      return at + 8 + entry.ranges.length * 16;
  }
}

/** The entry at `at` and where it ends; null when it leaves the record. */
function readEntry(record: Buffer, at: number): [LogEntry, number] | null {
  if (at + entryHeadBytes > record.length) return null;
  const [kind, count] = [record.readUInt32LE(at), record.readUInt32LE(at + 4)];
  const end = endOfEntry(kind, at, count);
  if (end === null || end > record.length) return null;
  if (kind === 3) {
    const ranges = Array.from({ length: count }, (_, index) => ({
      offsetBytes: record.readUIntLE(at + 8 + index * 16, 6),
      lengthBytes: record.readUIntLE(at + 16 + index * 16, 6),
    }));
    return [{ kind: "lost", ranges }, end];
  }
  const diskOffsetBytes = record.readUIntLE(at + 8, 6);
  const lengthBytes = record.readUInt32LE(at + 16);
  if (kind === 2) {
    const checksums = Array.from({ length: count }, (_, slot) => record.readUInt32LE(at + 24 + slot * 4));
    const unsynced = record.readUInt32LE(at + 20) === 1 ? { isUnsynced: true as const } : {};
    return [{ kind: "intent", diskOffsetBytes, lengthBytes, checksums, ...unsynced }, end];
  }
  const payloadOffsetBytes = record.readUInt32LE(at + 20);
  return [{ kind: "redo", slotMask: count, diskOffsetBytes, lengthBytes, payloadOffsetBytes }, end];
}

function endOfEntry(kind: number, at: number, count: number): number | null {
  if (kind === 1) return at + 24;
  if (kind === 2) return roundUp(at + 24 + count * 4, 8);
  return kind === 3 ? at + 8 + count * 16 : null;
}

function writeU64(record: Buffer, at: number, value: number): void {
  record.writeUIntLE(value, at, 6);
  record.writeUInt16LE(0, at + 6);
}
