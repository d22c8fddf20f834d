/**
 * A record as it lies in the medium. Little-endian; numbers of 8 bytes are unsigned and at most 2^53 - 1, but for the
 * host time, a double. The checksum covers everything after itself, so that a value that was cut short, changed, or put
 * under another key is noticed (the key repeats in `sequence`).
 *
 *     0        4       5      6           8          16      24            32        40       48       56         64
 *     +--------+-------+------+-----------+----------+-------+-------------+---------+--------+--------+----------+
 *     | CRC32C | vers. | kind | name len. | sequence | epoch | incarnation | n       | offset | length | host time|
 *     +--------+-------+------+-----------+----------+-------+-------------+---------+--------+--------+----------+
 *     | volume name, UTF-8 | payload ...
 *     +--------------------+------------
 */
import { crc32c } from "@node-rs/crc32";
import { isName, toSequence, type VolumeName } from "@waystation/contracts/ids";
import { hasPayload, type JournalRecord, type RecordKind } from "@waystation/contracts/journal";
import { readUint64, writeUint64 } from "./uint64.js";

const version = 1;
const headerBytes = 64;
const kindCodes: Readonly<Record<RecordKind, number>> = { write: 1, zero: 2, discard: 3, copy: 4 };
const kinds: readonly (RecordKind | undefined)[] = [undefined, "write", "zero", "discard", "copy"];

/**
 * The stored form of records; payloads are copied. Those of one call share their memory: an allocation for each would keep
 * the garbage collector busier than all the rest of a commit.
 */
export function encodeRecords(
  records: readonly JournalRecord[],
  takeMemory: (lengthBytes: number) => Buffer = (lengthBytes) => Buffer.allocUnsafe(lengthBytes),
): Buffer[] {
  const lengths = records.map(({ volume, payload }) => headerBytes + Buffer.byteLength(volume) + payload.length);
  const memory = takeMemory(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  return records.map((record, index) => {
    const value = memory.subarray(at, at + (lengths[index] ?? 0));
    at += value.length;
    encodeInto(value, record);
    return value;
  });
}

function encodeInto(value: Buffer, record: JournalRecord): void {
  const nameLength = value.length - headerBytes - record.payload.length;
  value[4] = version;
  value[5] = kindCodes[record.kind];
  value.writeUInt16LE(nameLength, 6);
  writeUint64(value, 8, record.sequence);
  writeUint64(value, 16, record.epoch);
  writeUint64(value, 24, record.origin.incarnation);
  writeUint64(value, 32, record.origin.n);
  writeUint64(value, 40, record.offsetBytes);
  writeUint64(value, 48, record.lengthBytes);
  value.writeDoubleLE(record.hostTimeMs, 56);
  value.write(record.volume, headerBytes);
  value.set(record.payload, headerBytes + nameLength);
  value.writeUInt32LE(crc32c(value.subarray(4)), 0);
}

/** The checksum that a stored record carries. */
export function recordCrc(value: Buffer): number {
  return value.readUInt32LE(0);
}

/** How long the stored record is that `bytes` begins with; null when it does not look like one. */
export function storedRecordBytes(bytes: Buffer): number | null {
  const kind = kinds[bytes[5] ?? 0];
  if (bytes.length < headerBytes || bytes[4] !== version || kind === undefined) return null;
  return headerBytes + bytes.readUInt16LE(6) + (hasPayload(kind) ? readUint64(bytes, 48) : 0);
}

function hasSafeNumbers(value: Buffer): boolean {
  for (let at = 8; at < 56; at += 8) if (!Number.isSafeInteger(readUint64(value, at))) return false;
  return true;
}

/** Where the payload of a stored record lies: a view, not a copy. */
export function recordPayload(value: Buffer): Buffer {
  return value.subarray(headerBytes + value.readUInt16LE(6));
}

/** Reads a stored record back, its payload a view of `value`. Null when it is not what `encodeRecords` made. */
export function decodeRecord(value: Buffer): JournalRecord | null {
  if (value.length < headerBytes || value[4] !== version) return null;
  if (crc32c(value.subarray(4)) !== recordCrc(value)) return null;
  const kind = kinds[value[5] ?? 0];
  // The checksum says that this package wrote it; a length that leaves the value would still be followed.
  if (kind === undefined || value.length !== storedRecordBytes(value) || !hasSafeNumbers(value)) return null;
  const volume = value.toString("utf8", headerBytes, headerBytes + value.readUInt16LE(6));
  if (!isName(volume)) return null;
  return {
    sequence: toSequence(readUint64(value, 8)),
    volume: volume as VolumeName,
    origin: { incarnation: readUint64(value, 24), n: readUint64(value, 32) },
    epoch: readUint64(value, 16),
    kind,
    offsetBytes: readUint64(value, 40),
    lengthBytes: readUint64(value, 48),
    hostTimeMs: value.readDoubleLE(56),
    payload: recordPayload(value),
  };
}
