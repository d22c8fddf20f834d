/**
 * The superblock: who a disk is, in which array, and which disks had which slots when it was written.
 *
 *   0   "WSRAIDSB"
 *   8   u32  format version
 *   12  u32  length of the JSON text
 *   16  u32  CRC32C of the 4 KiB block, this field as zero
 *   20  JSON text, then zeros
 *
 * Two copies are written in turn (generation modulo 2), so that a torn write leaves the one before. JSON, because it is
 * read rarely, and then by people in trouble. A spare has one too, with `slot` null: it says whose spare it is.
 */
import assert from "node:assert";
import { isName } from "@waystation/contracts/ids";
import { isSealed, sealBlock } from "./checksum.js";
import { blockBytes } from "./disk-layout.js";
import { faultOf, type ArrayShape } from "./geometry.js";
import { isCount, isRecord, parseJson } from "./json.js";
import { levels } from "./level.js";

/**
 * `active`: holds everything written. `rebuilding`: holds what lies below its cursor, and is never read above it.
 * `ejected`: missed writes, never read again.
 */
export type MemberState = "active" | "rebuilding" | "ejected";

/** The disk that has a slot, or had it last. */
export interface MemberRecord {
  readonly state: MemberState;
  /** 16 hex digits, new whenever a disk comes in: an id that was ejected never comes back, though its disk may. */
  readonly diskId: string;
  /** The generation in which it came in. */
  readonly joined: number;
  /** The cursor of a rebuild: stripes below it are on the disk, synced. 0 in other states. */
  readonly rebuiltStripes: number;
}

export interface Superblock {
  /** 32 hex digits. */
  readonly arrayId: string;
  readonly arrayName: string;
  readonly shape: ArrayShape;
  /** Of this disk. */
  readonly diskId: string;
  /** Null: a spare. */
  readonly slot: number | null;
  /** Raised twice by every change of membership and by every opening: see `members.ts`. */
  readonly generation: number;
  /** `creating` until every disk of the array has a superblock. */
  readonly phase: "creating" | "ready";
  readonly members: readonly MemberRecord[];
}

export type SuperblockReading =
  | { readonly kind: "valid"; readonly superblock: Superblock }
  /** Both copies are zeros: no array was ever here. */
  | { readonly kind: "blank" }
  /** One copy is damaged, the other was never written: the very first write of a superblock was cut short. */
  | { readonly kind: "begun" }
  /** Something is there, but no copy is whole. */
  | { readonly kind: "torn" }
  /** A whole one, of another version of this software. */
  | { readonly kind: "other-format"; readonly format: number };

export const superblockFormat = 2;
const magic = Buffer.from("WSRAIDSB");
const crcOffset = 16;
const textOffset = 20;

export function encodeSuperblock(superblock: Superblock): Buffer {
  const block = Buffer.alloc(blockBytes);
  const text = JSON.stringify(superblock);
  assert(textOffset + Buffer.byteLength(text) <= blockBytes, "a superblock outgrew its block");
  magic.copy(block);
  block.writeUInt32LE(superblockFormat, 8);
  block.writeUInt32LE(Buffer.byteLength(text), 12);
  block.write(text, textOffset);
  sealBlock(block, crcOffset);
  return block;
}

/** The newest whole copy of the two. */
export function readSuperblock(copies: readonly Buffer[]): SuperblockReading {
  let newest: Superblock | null = null;
  let otherFormat: number | null = null;
  for (const copy of copies) {
    if (!copy.subarray(0, 8).equals(magic) || !isSealed(copy, crcOffset)) continue;
    const format = copy.readUInt32LE(8);
    const superblock = format === superblockFormat ? decodeText(copy) : null;
    if (format !== superblockFormat) otherFormat = format;
    if (superblock !== null && (newest === null || superblock.generation > newest.generation)) newest = superblock;
  }
  if (newest !== null) return { kind: "valid", superblock: newest };
  if (otherFormat !== null) return { kind: "other-format", format: otherFormat };
  const zeros = copies.filter((copy) => copy.every((byte) => byte === 0)).length;
  if (zeros === copies.length) return { kind: "blank" };
  return { kind: zeros > 0 ? "begun" : "torn" };
}

function decodeText(block: Buffer): Superblock | null {
  const textBytes = block.readUInt32LE(12);
  if (textOffset + textBytes > block.length) return null;
  const value = parseJson(block.toString("utf8", textOffset, textOffset + textBytes));
  return isSuperblock(value) ? value : null;
}

/**
 * The checksum says that this package wrote it; this says that it was this version's idea of a superblock: whatever is
 * followed later (sizes, slots, states) is what `encodeSuperblock` may have written.
 */
function isSuperblock(value: unknown): value is Superblock {
  if (!isRecord(value)) return false;
  const { arrayId, arrayName, shape, diskId, slot, generation, phase, members } = value;
  if (typeof arrayId !== "string" || !/^[0-9a-f]{32}$/.test(arrayId) || !isDiskId(diskId)) return false;
  if (typeof arrayName !== "string" || !isName(arrayName) || !isShape(shape)) return false;
  if (phase !== "creating" && phase !== "ready") return false;
  if (slot !== null && (!isCount(slot) || slot >= shape.diskCount)) return false;
  if (!isCount(generation) || !Array.isArray(members) || members.length !== shape.diskCount) return false;
  const stripeCount = shape.dataBytesPerDisk / shape.unitBytes;
  if (!members.every((member) => isMemberRecord(member, stripeCount))) return false;
  // One disk has one slot: every later decision goes by the id.
  return new Set(members.map(({ diskId: id }) => id)).size === members.length;
}

function isMemberRecord(value: unknown, stripeCount: number): value is MemberRecord {
  if (!isRecord(value)) return false;
  const { state, diskId, joined, rebuiltStripes } = value;
  if (state !== "active" && state !== "rebuilding" && state !== "ejected") return false;
  return isDiskId(diskId) && isCount(joined) && isCount(rebuiltStripes) && rebuiltStripes <= stripeCount;
}

function isDiskId(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{16}$/.test(value);
}

function isShape(value: unknown): value is ArrayShape {
  if (!isRecord(value)) return false;
  const { level } = value;
  return typeof level === "string" && Object.hasOwn(levels, level) && faultOf(value as unknown as ArrayShape) === null;
}
