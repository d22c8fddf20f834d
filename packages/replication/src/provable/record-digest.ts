/**
 * The digest of a record (PROTOCOL 8): SHA-256 of its canonical header and its payload. The header says everything that
 * the relay stamped, in fixed places, so that two different records never have one form; it is the same wherever it is
 * computed, from the record as it came or as it was read back. Little-endian.
 *
 *     0       4       5       6         8          16      24            32   40       48       56          64       128
 *     +-------+-------+-------+---------+----------+-------+-------------+----+--------+--------+-----------+--------+
 *     | WSr1  | kind  | name  | zeros   | sequence | epoch | incarnation | n  | offset | length | host time | volume |
 *     |       |       | length|         |          |       |             |    |        |        | ms        | name   |
 *     +-------+-------+-------+---------+----------+-------+-------------+----+--------+--------+-----------+--------+
 */
import { writeDigest, writeName, writeUint64, digestBytes, nameBytes, type Digest } from "./digest.js";
import type { JournalRecord, RecordKind } from "../vocabulary.js";

const headerBytes = 64 + nameBytes;
/** Part of what is hashed: a code is never given another meaning. */
const kindCodes: Readonly<Record<RecordKind, number>> = { write: 1, zero: 2, discard: 3, copy: 4 };

/** One header at a time: a digest is computed at once, and a buffer for each record would only be garbage. */
const header = Buffer.alloc(headerBytes);
header.write("WSr1");

/** Writes the 32 bytes of the record's digest to `target` at `at`. */
export function writeRecordDigest(target: Buffer, at: number, record: JournalRecord): void {
  header[4] = kindCodes[record.kind];
  header[5] = writeName(header, 64, record.volume);
  writeUint64(header, 8, record.sequence);
  writeUint64(header, 16, record.epoch);
  writeUint64(header, 24, record.origin.incarnation);
  writeUint64(header, 32, record.origin.n);
  writeUint64(header, 40, record.offsetBytes);
  writeUint64(header, 48, record.lengthBytes);
  // A fraction of a millisecond does not cross the wire, and must not make two digests of one record.
  writeUint64(header, 56, Math.trunc(record.hostTimeMs));
  writeDigest(target, at, header, record.payload);
}

export function recordDigest(record: JournalRecord): Digest {
  const digest = Buffer.alloc(digestBytes);
  writeRecordDigest(digest, 0, record);
  return digest;
}
