/**
 * The log of the chunk maps: what each commit set which words of the array's metadata to. Replaying it is idempotent,
 * so it heals words that were half written in place, whatever sectors of a block got to the disk.
 *
 *   record:  0   "WSML"
 *            4   u32  number of entries
 *            8   u64  epoch: the generation of the volume table that it counts beside
 *            16  u32  place in its epoch, from 0
 *            20  u32  CRC32C of header and entries, this field as zero
 *            24  u64  zero
 *            32  entries of 16 bytes: u64 address in the array divided by 8, and the word
 *            padded to 4 KiB
 *
 * Records of an epoch lie one behind the other from the start of the log. Each is durable before the next is written.
 */
import { isSealed, sealBlock } from "@waystation/raid/core/checksum";
import { blockBytes, roundUp } from "./layout.js";
import { readWord, wordBytes, writeWord, type Word } from "./map-word.js";

export interface MapChange {
  readonly address: number;
  readonly word: Word;
}

interface RecordPlace {
  readonly epoch: number;
  readonly sequence: number;
}

const magic = "WSML";
const headerBytes = 32;
const entryBytes = 16;
const crcOffset = 20;

export function recordBytes(entryCount: number): number {
  return roundUp(headerBytes + entryCount * entryBytes, blockBytes);
}

export function encodeRecord(changes: readonly MapChange[], { epoch, sequence }: RecordPlace): Buffer {
  const record = Buffer.alloc(recordBytes(changes.length));
  record.write(magic, 0, "latin1");
  record.writeUInt32LE(changes.length, 4);
  record.writeBigUInt64LE(BigInt(epoch), 8);
  record.writeUInt32LE(sequence, 16);
  changes.forEach(({ address, word }, index) => {
    const at = headerBytes + index * entryBytes;
    record.writeUInt32LE((address / wordBytes) % 2 ** 32, at);
    record.writeUInt32LE(Math.floor(address / wordBytes / 2 ** 32), at + 4);
    writeWord(record, at + 8, word);
  });
  sealBlock(record.subarray(0, headerBytes + changes.length * entryBytes), crcOffset);
  return record;
}

export interface LogReading {
  readonly changes: readonly MapChange[];
  /** False when a record of this epoch, or of a later one, lies where none can be: the log or the table is damaged. */
  readonly isWhole: boolean;
}

/** What was committed since the table of generation `epoch` was written. */
export function readLog(log: Buffer, epoch: number): LogReading {
  const changes: MapChange[] = [];
  let at = 0;
  for (let sequence = 0; ; sequence++) {
    const record = recordAt(log, at);
    if (record === null || record.epoch !== epoch || record.sequence !== sequence) break;
    changes.push(...record.changes);
    at += recordBytes(record.changes.length);
  }
  for (; at + blockBytes <= log.length; at += blockBytes) {
    const record = recordAt(log, at);
    if (record !== null && record.epoch >= epoch) return { changes, isWhole: false };
  }
  return { changes, isWhole: true };
}

function recordAt(log: Buffer, at: number): (RecordPlace & { changes: MapChange[] }) | null {
  if (at + headerBytes > log.length || log.toString("latin1", at, at + 4) !== magic) return null;
  const count = log.readUInt32LE(at + 4);
  const end = at + headerBytes + count * entryBytes;
  if (end > log.length || !isSealed(log.subarray(at, end), crcOffset)) return null;
  const changes = Array.from({ length: count }, (_, index): MapChange => {
    const entry = at + headerBytes + index * entryBytes;
    const address = (log.readUInt32LE(entry + 4) * 2 ** 32 + log.readUInt32LE(entry)) * wordBytes;
    return { address, word: readWord(log, entry + 8) };
  });
  return { epoch: Number(log.readBigUInt64LE(at + 8)), sequence: log.readUInt32LE(at + 16), changes };
}
