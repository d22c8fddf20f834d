/** The group that the tests speak of: two primaries, one relay, two secondaries (B1), and small values for its parts. */
import { initialEpoch } from "@waystation/contracts/ids";
import { hasPayload } from "@waystation/contracts/journal";
import type { Membership } from "../membership.js";
import type { MemberState, OriginWrite, VolumeMark } from "../messages.js";
import type {
  Epoch,
  GroupName,
  JournalRecord,
  NodeName,
  OriginNumber,
  RecordKind,
  Sequence,
  VolumeName,
} from "../vocabulary.js";

export const primaryA = "primary-a" as NodeName;
export const primaryB = "primary-b" as NodeName;
export const relay1 = "relay-1" as NodeName;
export const secondaryA = "secondary-a" as NodeName;
export const secondaryB = "secondary-b" as NodeName;
export const volA = "vol-a" as VolumeName;
export const volB = "vol-b" as VolumeName;

export const volumeBytes = 256 * 1024;
export const blockBytes = 512;

export const g1: Membership = {
  group: "g1" as GroupName,
  relay: relay1,
  volumes: [
    { name: volA, sizeBytes: volumeBytes, primary: primaryA, secondaries: [secondaryA] },
    { name: volB, sizeBytes: volumeBytes, primary: primaryB, secondaries: [secondaryB] },
  ],
  fence: "data",
  holdMs: 10_000,
  leaseMs: 2_000,
  regionBytes: 64 * 1024,
  journalFull: { warnShare: 0.8, holdMs: 5_000 },
  autoResync: true,
};

export const epochOne: Epoch = initialEpoch;

export function epoch(number: number, takeoverId = `takeover-${number}`): Epoch {
  return { number, takeoverId };
}

export function seq(value: number): Sequence {
  return value as Sequence;
}

export function at(incarnation: number, n: number): OriginNumber {
  return { incarnation, n };
}

export function mark(volume: VolumeName, incarnation: number, n: number): VolumeMark {
  return { volume, origin: at(incarnation, n) };
}

/** What a secondary says of itself, whatever its numbers are. */
export function roleOf(node: NodeName): Pick<MemberState, "node" | "role" | "roles" | "relayPhase" | "term" | "copy"> {
  return { node, role: "secondary", roles: ["secondary"], relayPhase: "", term: null, copy: null };
}

/** A block whose every 32-bit word is `value`. */
export function blockOf(value: number): Buffer {
  const block = Buffer.alloc(blockBytes);
  for (let offset = 0; offset < blockBytes; offset += 4) block.writeUInt32LE(value, offset);
  return block;
}

/** What a whole block holds: its value, or `torn`. */
export function valueOf(block: Buffer): number | "torn" {
  const value = block.readUInt32LE(0);
  return block.equals(blockOf(value)) ? value : "torn";
}

export interface WriteFields {
  readonly volume?: VolumeName;
  readonly incarnation?: number;
  readonly n: number;
  readonly kind?: RecordKind;
  readonly block?: number;
  readonly value?: number;
}

/** A write as a primary sends it: `n` written to the block of that number, unless told otherwise. */
export function originWrite(fields: WriteFields): OriginWrite {
  const { volume = volA, incarnation = 1, n, kind = "write", block = n, value = n } = fields;
  return {
    volume,
    origin: at(incarnation, n),
    kind,
    offsetBytes: block * blockBytes,
    lengthBytes: blockBytes,
    hostTimeMs: 0,
    payload: hasPayload(kind) ? blockOf(value) : new Uint8Array(0),
  };
}

/** The record that a relay makes of such a write. */
export function record(sequence: number, fields: Partial<WriteFields> = {}): JournalRecord {
  return { ...originWrite({ n: sequence, ...fields }), sequence: seq(sequence), epoch: 1 };
}
