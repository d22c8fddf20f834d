/**
 * What lies where in a journal's LevelDB. Every value carries a CRC32C of the rest of itself. Records lie
 * in the journal's ring (`ring-layout.ts`), as do the newest batches until a checkpoint; here is what the ring had no room for.
 *
 *     's'                    state: the end of the journal, its trim cursor, what its marks add up to (`level-state.ts`),
 *                            written with every checkpoint
 *     'b' + number (u64 BE)  batch index: which records a batch added (or cut), chained to the batch before
 *     'm' + key (UTF-8)      mark, as JSON
 *     'r' + sequence (u64 BE) record, see record-format.ts
 *
 * One LevelDB batch writes a checkpoint: batch indexes, marks and the state, so all of it is there or none. LevelDB's
 * log replay may drop damaged batches in silence: then a number of the batch chain is missing, or a checksum does
 * not lead to the next, or the chain does not end where the state says, or, of a batch whose index is trimmed, the marks
 * do not add up to what the state says. What a lost tail took with it, state and all, only the peers' watermarks can tell
 * (PROTOCOL 7).
 *
 * Batch index, little-endian; the cut, if any, comes before the records:
 *
 *     0        4       5       6       8        16             20      24         32      40
 *     +--------+-------+-------+-------+--------+--------------+-------+----------+-------+------------------------------+
 *     | CRC32C | vers. | place | zeros | number | CRC32C of    | count | cut      | ring  | count x { sequence 8, bytes  |
 *     |        |       |       |       |        | batch before |       | after +1 | start | 4, CRC32C of the record 4 }  |
 *     +--------+-------+-------+-------+--------+--------------+-------+----------+-------+------------------------------+
 *
 * `cut after + 1` is 0 when nothing was cut. `bytes` is what the record counts for in `usage`. `place` is 1 when the
 * records lie in the ring, 0 when they are in this database; `ring start` is the ring's position where the batch starts,
 * or would.
 */
import { crc32c } from "@node-rs/crc32";
import { readUint64, readUint64BE, writeUint64, writeUint64BE } from "./uint64.js";

export const layoutVersion = 4;
export const stateKey = Buffer.from("s");
/** The lowest and highest key that any entry can have. */
export const allKeys = { first: Buffer.from([0]), last: Buffer.from([0xff]) };
export const markKeys = { first: Buffer.from("m"), last: Buffer.from("n") };

const recordPrefix = 0x72;
const batchPrefix = 0x62;
/** The part of a batch index before its entries. */
export const batchHeaderBytes = 40;
export const batchEntryBytes = 16;

export function recordKey(sequence: number): Buffer {
  return numberedKey(recordPrefix, sequence);
}

export function batchKey(number: number): Buffer {
  return numberedKey(batchPrefix, number);
}

/** The number in a record's or a batch's key. */
export function numberOfKey(key: Buffer): number {
  return readUint64BE(key, 1);
}

export function markKey(name: string): Buffer {
  return Buffer.from(`m${name}`);
}

export function nameOfMarkKey(key: Buffer): string {
  return key.toString("utf8", 1);
}

function numberedKey(prefix: number, number: number): Buffer {
  const key = Buffer.allocUnsafe(9);
  key[0] = prefix;
  writeUint64BE(key, 1, number);
  return key;
}

export interface BatchEntry {
  readonly sequence: number;
  readonly bytes: number;
  readonly crc: number;
}

export interface BatchIndex {
  readonly number: number;
  readonly previousCrc: number;
  readonly cutAfter: number | null;
  readonly inRing: boolean;
  readonly ringStart: number;
  readonly entries: readonly BatchEntry[];
}

/** What the fixed part of a batch index says. Nothing of it is to be trusted before the whole was checked. */
export interface BatchHeader {
  readonly crc: number;
  readonly number: number;
  readonly previousCrc: number;
  readonly count: number;
  readonly ringStart: number;
}

export function encodeBatchIndex(batch: BatchIndex): Buffer {
  const value = Buffer.alloc(batchHeaderBytes + batch.entries.length * batchEntryBytes);
  value[4] = layoutVersion;
  value[5] = batch.inRing ? 1 : 0;
  writeUint64(value, 8, batch.number);
  value.writeUInt32LE(batch.previousCrc, 16);
  value.writeUInt32LE(batch.entries.length, 20);
  writeUint64(value, 24, batch.cutAfter === null ? 0 : batch.cutAfter + 1);
  writeUint64(value, 32, batch.ringStart);
  let at = batchHeaderBytes;
  for (const entry of batch.entries) {
    writeUint64(value, at, entry.sequence);
    value.writeUInt32LE(entry.bytes, at + 8);
    value.writeUInt32LE(entry.crc, at + 12);
    at += batchEntryBytes;
  }
  value.writeUInt32LE(crc32c(value.subarray(4)), 0);
  return value;
}

export function readBatchHeader(value: Buffer): BatchHeader | null {
  if (value.length < batchHeaderBytes || value[4] !== layoutVersion) return null;
  return {
    crc: value.readUInt32LE(0),
    number: readUint64(value, 8),
    previousCrc: value.readUInt32LE(16),
    count: value.readUInt32LE(20),
    ringStart: readUint64(value, 32),
  };
}

/** Null when it is not whole, or says what `encodeBatchIndex` never does. */
export function decodeBatchIndex(value: Buffer): (BatchIndex & { readonly crc: number }) | null {
  const header = readBatchHeader(value);
  if (header === null) return null;
  // Before anything is made of the count.
  if (value.length !== batchHeaderBytes + header.count * batchEntryBytes) return null;
  if (crc32c(value.subarray(4)) !== header.crc) return null;
  const cut = readUint64(value, 24);
  const { number, ringStart } = header;
  const isSound = number >= 1 && [number, ringStart, cut].every(Number.isSafeInteger) && value.readUInt16LE(6) === 0;
  const entries = isSound && (value[5] ?? 0) <= 1 ? decodeEntries(value, header.count) : null;
  if (entries === null) return null;
  return {
    crc: header.crc,
    number,
    previousCrc: header.previousCrc,
    cutAfter: cut === 0 ? null : cut - 1,
    inRing: value[5] === 1,
    ringStart,
    entries,
  };
}

/** Null when the sequences do not ascend. */
function decodeEntries(value: Buffer, count: number): BatchEntry[] | null {
  const entries: BatchEntry[] = [];
  let before = 0;
  for (let at = batchHeaderBytes; entries.length < count; at += batchEntryBytes) {
    const sequence = readUint64(value, at);
    if (sequence <= before || !Number.isSafeInteger(sequence)) return null;
    entries.push({ sequence, bytes: value.readUInt32LE(at + 8), crc: value.readUInt32LE(at + 12) });
    before = sequence;
  }
  return entries;
}

/** JSON behind a CRC32C of it. */
export function seal(value: unknown): Buffer {
  const text = Buffer.from(`    ${JSON.stringify(value)}`);
  text.writeUInt32LE(crc32c(text.subarray(4)), 0);
  return text;
}

/** What was sealed, or undefined when it is not whole, or no JSON. (JSON has no undefined.) */
export function unseal(value: Buffer): unknown {
  if (value.length < 4 || crc32c(value.subarray(4)) !== value.readUInt32LE(0)) return undefined;
  try {
    return JSON.parse(value.toString("utf8", 4));
  } catch {
    return undefined;
  }
}
