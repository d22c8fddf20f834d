/**
 * The provable order written out naively, as PROTOCOL 8 and RFC 6962 say it: what the tests of the real one, and the
 * simulator, compare with. Nothing is shared with what it checks.
 */
import { createHash } from "node:crypto";
import type { JournalRecord, RecordKind, VolumeName } from "../vocabulary.js";

export function sha256(...parts: readonly Uint8Array[]): Buffer {
  return createHash("sha256").update(Buffer.concat(parts)).digest();
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function padded(name: string): Buffer {
  const bytes = Buffer.alloc(64);
  bytes.write(name);
  return bytes;
}

const codes: Readonly<Record<RecordKind, number>> = { write: 1, zero: 2, discard: 3, copy: 4 };

export function naiveRecordDigest(record: JournalRecord): Buffer {
  const { kind, volume, sequence, epoch, origin, offsetBytes, lengthBytes, hostTimeMs, payload } = record;
  const start = Buffer.from([...Buffer.from("WSr1"), codes[kind], volume.length, 0, 0]);
  const numbers = [sequence, epoch, origin.incarnation, origin.n, offsetBytes, lengthBytes, Math.trunc(hostTimeMs)];
  return sha256(start, ...numbers.map(uint64), padded(volume), payload);
}

export interface NaiveAnchor {
  readonly group: string;
  readonly epoch: number;
  readonly reason: "term" | "resync";
  readonly sequence: number;
}

export function naiveAnchor({ group, epoch, reason, sequence }: NaiveAnchor, volume: string): Buffer {
  const start = [...Buffer.from("WSa1"), reason === "term" ? 1 : 2, group.length, volume.length, 0];
  return sha256(Buffer.from(start), uint64(sequence), uint64(epoch), padded(group), padded(volume));
}

/** The head of a volume at a number, from the beginning: each anchor begins anew above its own number. */
export function naiveHead(options: {
  readonly volume: VolumeName;
  readonly records: readonly JournalRecord[];
  readonly anchors: readonly NaiveAnchor[];
  readonly at: number;
}): Buffer {
  const { volume, records, anchors, at } = options;
  const anchor = anchors.findLast(({ sequence }) => sequence < at) ?? anchors[0];
  if (anchor === undefined) throw new Error("a chain has an anchor");
  return records
    .filter((record) => record.volume === volume && record.sequence > anchor.sequence && record.sequence <= at)
    .reduce((head, record) => sha256(head, naiveRecordDigest(record)), naiveAnchor(anchor, volume));
}

/** MTH of RFC 6962, 2.1, over the leaves' data. */
export function naiveRoot(leaves: readonly Uint8Array[]): Buffer {
  const [only] = leaves;
  if (only === undefined) return sha256();
  if (leaves.length === 1) return sha256(Buffer.from([0]), only);
  const split = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return sha256(Buffer.from([1]), naiveRoot(leaves.slice(0, split)), naiveRoot(leaves.slice(split)));
}

export function naiveCommitment(heads: ReadonlyMap<VolumeName, Uint8Array>): Buffer {
  const names = [...heads.keys()].sort();
  return naiveRoot(
    names.map((name) => Buffer.concat([Buffer.from([name.length]), padded(name), heads.get(name) ?? Buffer.alloc(0)])),
  );
}
