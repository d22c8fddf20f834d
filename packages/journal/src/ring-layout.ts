/**
 * What lies where in a journal's ring, on a volume or in segment files. Little-endian; everything starts on a block of 4 KiB.
 *
 *     block 0: header, written once      from block 1 on: the ring of block groups
 *
 *     header   0        4       8         12      16           24          32          34
 *              +--------+-------+---------+-------+------------+-----------+-----------+------------+----
 *              | CRC32C | magic | version | zeros | journal id | ring size | name len. | group name | zeros
 *              +--------+-------+---------+-------+------------+-----------+-----------+------------+----
 *
 * A group is one batch of commits, made durable by one write. Groups follow each other without a gap; where the ring ends,
 * a group goes on at its start. Positions count bytes from the ring's creation on, so that a group of an earlier lap
 * never has the number and the position that are expected at its place.
 *
 *     group    0        4       8            16      20      24         28      32             72
 *              +--------+-------+------------+-------+-------+----------+-------+-------------+---------
 *              | CRC32C | magic | journal id | group | marks | CRC32C   | zeros | batch index | entries ...
 *              | of 4-72|       |            | bytes | bytes | of marks |       | (first 40)  | (rest of it)
 *              +--------+-------+------------+-------+-------+----------+-------+-------------+---------
 *              | records, each in a slot of 128 bytes and its payload | marks | zeros to the end of the block
 *              +------------------------------------------------------+-------+------------------------------
 *              mark: name bytes 2, value bytes 4 (0: deleted), name, sealed value
 *
 * The first 72 bytes tell a group by themselves, the batch index in them carries the checksum of all of itself, and
 * through its entries those of the records. So each byte is summed up once.
 */
import { crc32c } from "@node-rs/crc32";
import type { JournalRecord } from "@waystation/contracts/journal";
import type { ChainedBatch } from "./batch-ledger.js";
import {
  batchEntryBytes,
  batchHeaderBytes,
  decodeBatchIndex,
  readBatchHeader,
  type BatchEntry,
  type BatchHeader,
  type BatchIndex,
} from "./level-layout.js";
import { decodeRecord, recordCrc, storedRecordBytes } from "./record-format.js";
import { readUint64, writeUint64 } from "./uint64.js";

export const blockBytes = 4096;
/** Less would hold no group worth its blocks. */
export const ringBytesMin = 16 * blockBytes;

const version = 1;
const headerMagic = 0x4c565357; // "WSVL"
const groupMagic = 0x50475357; // "WSGP"
const groupHeadBytes = 32;
const identifyingBytes = groupHeadBytes + batchHeaderBytes;
/** What a slot has beyond the payload, and what `usage` counts beyond it: room for the longest name, and 96. */
const slotBeyondUsage = 128 - 96;
const markHeadBytes = 6;

export interface RingHeader {
  /** Hexadecimal, 8 bytes. */
  readonly id: string;
  readonly ringBytes: number;
  readonly group: string;
}

export function encodeRingHeader({ id, ringBytes, group }: RingHeader): Buffer {
  const block = Buffer.alloc(blockBytes);
  block.writeUInt32LE(headerMagic, 4);
  block.writeUInt32LE(version, 8);
  block.write(id, 16, "hex");
  writeUint64(block, 24, ringBytes);
  block.writeUInt16LE(Buffer.byteLength(group), 32);
  block.write(group, 34);
  block.writeUInt32LE(crc32c(block.subarray(4)), 0);
  return block;
}

/** "blank" of a place that was never used; null of anything that is not a header. */
export function decodeRingHeader(block: Buffer): RingHeader | "blank" | null {
  if (block.every((byte) => byte === 0)) return "blank";
  const isHeader = block.readUInt32LE(4) === headerMagic && block.readUInt32LE(8) === version;
  if (!isHeader || crc32c(block.subarray(4)) !== block.readUInt32LE(0)) return null;
  const nameEnd = 34 + block.readUInt16LE(32);
  const ringBytes = readUint64(block, 24);
  const isRing = Number.isSafeInteger(ringBytes) && ringBytes % blockBytes === 0 && ringBytes >= ringBytesMin;
  if (!isRing || nameEnd > block.length) return null;
  return { id: block.toString("hex", 16, 24), ringBytes, group: block.toString("utf8", 34, nameEnd) };
}

/** Where in the ring the records of a batch lie. */
export function recordPositions(batch: {
  readonly ringStart: number;
  readonly entries: readonly Pick<BatchEntry, "bytes">[];
}): number[] {
  let at = batch.ringStart + identifyingBytes + batch.entries.length * batchEntryBytes;
  return batch.entries.map(({ bytes }) => {
    const position = at;
    at += slotBytes(bytes);
    return position;
  });
}

/** Where in the ring the records of a batch end; its marks come behind them. */
export function batchEnd(batch: Pick<BatchIndex, "ringStart" | "entries">): number {
  const slots = batch.entries.reduce((sum, { bytes }) => sum + slotBytes(bytes), 0);
  return batch.ringStart + identifyingBytes + batch.entries.length * batchEntryBytes + slots;
}

/** What a record takes of the ring that counts for so many bytes in `usage`. */
export function slotBytes(usageBytes: number): number {
  return usageBytes + slotBeyondUsage;
}

type Marks = ChainedBatch["marks"];

/** The bytes of a group: whole blocks. */
export function groupBytesOf(
  records: readonly { readonly bytes: number }[],
  marks: Iterable<readonly [string, Buffer | null]>,
): number {
  let bytes = identifyingBytes + marksBytesOf(marks);
  for (const record of records) bytes += batchEntryBytes + slotBytes(record.bytes);
  return Math.ceil(bytes / blockBytes) * blockBytes;
}

function marksBytesOf(marks: Iterable<readonly [string, Buffer | null]>): number {
  let bytes = 0;
  for (const [name, value] of marks) bytes += markHeadBytes + Buffer.byteLength(name) + (value?.length ?? 0);
  return bytes;
}

/** Writes a group to the front of `target`, whose old content does not matter. Returns the bytes that it takes. */
export function encodeGroup(target: Buffer, batch: ChainedBatch, id: string): number {
  const totalBytes = groupBytesOf(batch.records, batch.marks);
  batch.index.copy(target, groupHeadBytes);
  let at = groupHeadBytes + batch.index.length;
  for (const { bytes, value } of batch.records) {
    value.copy(target, at);
    const end = at + slotBytes(bytes);
    target.fill(0, at + value.length, end);
    at = end;
  }
  const marksStart = at;
  for (const [name, value] of batch.marks) {
    const nameBytes = target.write(name, at + markHeadBytes);
    target.writeUInt16LE(nameBytes, at);
    target.writeUInt32LE(value?.length ?? 0, at + 2);
    at += markHeadBytes + nameBytes;
    if (value !== null) at += value.copy(target, at);
  }
  target.fill(0, at, totalBytes);
  target.fill(0, 0, groupHeadBytes);
  target.writeUInt32LE(groupMagic, 4);
  target.write(id, 8, "hex");
  target.writeUInt32LE(totalBytes, 16);
  target.writeUInt32LE(at - marksStart, 20);
  target.writeUInt32LE(crc32c(target.subarray(marksStart, at)), 24);
  target.writeUInt32LE(crc32c(target.subarray(4, identifyingBytes)), 0);
  return totalBytes;
}

export interface GroupHead extends BatchHeader {
  readonly totalBytes: number;
  readonly marksBytes: number;
  readonly marksCrc: number;
}

/** Tells a group by its first block; null if there is none of this journal. The rest of it may be missing. */
export function readGroupHead(block: Buffer, id: string): GroupHead | null {
  if (block.length < identifyingBytes || block.readUInt32LE(4) !== groupMagic) return null;
  if (crc32c(block.subarray(4, identifyingBytes)) !== block.readUInt32LE(0)) return null;
  if (block.toString("hex", 8, 16) !== id) return null;
  const header = readBatchHeader(block.subarray(groupHeadBytes, identifyingBytes));
  const totalBytes = block.readUInt32LE(16);
  if (header === null || totalBytes === 0 || totalBytes % blockBytes !== 0) return null;
  return {
    ...header,
    totalBytes,
    marksBytes: block.readUInt32LE(20),
    marksCrc: block.readUInt32LE(24),
  };
}

export interface DecodedGroup {
  readonly batch: BatchIndex;
  /** The encoded batch index. */
  readonly index: Buffer;
  readonly marks: Marks;
}

/**
 * Reads a group of which all bytes should be there; null when it is not whole, "senseless" when all its checksums are
 * right, and still it is none that `encodeGroup` made: no power loss leaves that.
 */
export function decodeGroup(bytes: Buffer, head: GroupHead): DecodedGroup | "senseless" | null {
  const indexEnd = identifyingBytes + head.count * batchEntryBytes;
  if (bytes.length !== head.totalBytes) return null;
  if (indexEnd > bytes.length) return "senseless";
  const index = bytes.subarray(groupHeadBytes, indexEnd);
  if (crc32c(index.subarray(4)) !== head.crc) return null;
  const batch = decodeBatchIndex(index);
  const marksStart = batch === null ? Infinity : batchEnd(batch) - batch.ringStart;
  if (batch?.inRing !== true || marksStart + head.marksBytes > bytes.length) return "senseless";
  let at = indexEnd;
  for (const entry of batch.entries) {
    const end = at + slotBytes(entry.bytes);
    if (recordInSlot(bytes.subarray(at, end), entry.crc)?.sequence !== entry.sequence) return null;
    at = end;
  }
  const marks = bytes.subarray(marksStart, marksStart + head.marksBytes);
  if (crc32c(marks) !== head.marksCrc) return null;
  const decoded = decodeMarks(marks);
  return decoded === null ? "senseless" : { batch, index: Buffer.from(index), marks: decoded };
}

/** Null when the lengths do not add up. */
function decodeMarks(bytes: Buffer): Marks | null {
  const marks = new Map<string, Buffer | null>();
  for (let at = 0; at < bytes.length;) {
    if (at + markHeadBytes > bytes.length) return null;
    const nameEnd = at + markHeadBytes + bytes.readUInt16LE(at);
    const end = nameEnd + bytes.readUInt32LE(at + 2);
    if (end > bytes.length) return null;
    const value = end === nameEnd ? null : Buffer.from(bytes.subarray(nameEnd, end));
    marks.set(bytes.toString("utf8", at + markHeadBytes, nameEnd), value);
    at = end;
  }
  return marks;
}

/** The record in a slot, its payload a view; null when it is not the one with this checksum. */
export function recordInSlot(slot: Buffer, crc: number): JournalRecord | null {
  const length = storedRecordBytes(slot);
  if (length === null || length > slot.length) return null;
  const value = slot.subarray(0, length);
  return recordCrc(value) === crc ? decodeRecord(value) : null;
}
