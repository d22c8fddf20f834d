/**
 * The chain of a volume (PROTOCOL 8): each record's digest is folded into the head before it, so that one head of 32
 * bytes stands for every record of the volume since the chain's anchor, in order.
 *
 *     anchor -> SHA-256(anchor, digest of record) -> SHA-256(that, digest of the next) -> ...
 *
 * A chain begins at an anchor: where a term begins, and where a copy run does, since a secondary that joins in it never had
 * the records before, and knows no head that stands for them; so an anchor names none. All volumes of a group are anchored
 * together, at the same number, and from the next one on: the heads at an anchor's number are the ones before it.
 * Little-endian.
 *
 *     0      4        5        6        7      8          16      24           88            152
 *     +------+--------+--------+--------+------+----------+-------+------------+-------------+
 *     | WSa1 | reason | group  | volume | zero | sequence | epoch | group name | volume name |
 *     |      |        | length | length |      |          |       |            |             |
 *     +------+--------+--------+--------+------+----------+-------+------------+-------------+
 */
import { digestBytes, digestOf, nameBytes, writeName, writeShortDigest, writeUint64, type Digest } from "./digest.js";
import { writeRecordDigest } from "./record-digest.js";
import type { GroupName, JournalRecord, Sequence, VolumeName } from "../vocabulary.js";

/** Why chains begin: with a term; or again, because somebody joins by copy, or nobody knows the heads any more. */
export type AnchorReason = "term" | "resync";

/** The anchors of a group's chains: they hold the records above `sequence`. */
export interface Anchor {
  readonly group: GroupName;
  /** The number of the epoch under which the term began; the first term's is that of the initial epoch. */
  readonly epoch: number;
  readonly reason: AnchorReason;
  readonly sequence: Sequence;
}

/** Part of what is hashed: a code is never given another meaning. */
const reasonCodes: Readonly<Record<AnchorReason, number>> = { term: 1, resync: 2 };

/** The head of the volume's chain before its first record. */
export function anchorHead({ group, epoch, reason, sequence }: Anchor, volume: VolumeName): Digest {
  const form = Buffer.alloc(24 + 2 * nameBytes);
  form.write("WSa1");
  form[4] = reasonCodes[reason];
  form[5] = writeName(form, 24, group);
  form[6] = writeName(form, 24 + nameBytes, volume);
  writeUint64(form, 8, sequence);
  writeUint64(form, 16, epoch);
  return digestOf(form);
}

const step = Buffer.alloc(2 * digestBytes);

/** Replaces the head that lies in `heads` at `at` by the one that the record makes of it. */
export function foldRecord(heads: Buffer, at: number, record: JournalRecord): void {
  heads.copy(step, 0, at, at + digestBytes);
  writeRecordDigest(step, digestBytes, record);
  writeShortDigest(heads, at, step);
}
