/**
 * The superblock: who a disk is, in which array, and which members were current when it was written.
 *
 *   0   "WSRAIDSB"
 *   8   u32  format version
 *   12  u32  length of the JSON text
 *   16  u32  CRC32C of the 4 KiB block, this field as zero
 *   20  JSON text, then zeros
 *
 * Two copies are written in turn (generation modulo 2), so that a torn write leaves the one before. JSON, because it is
 * read rarely, and then by people in trouble.
 */
import { isName } from "@waystation/contracts/ids";
import { isSealed, sealBlock } from "./checksum.js";
import { blockBytes } from "./disk-layout.js";
import { faultOf, type ArrayShape } from "./geometry.js";
import { isCount, isRecord, parseJson } from "./json.js";
import { levels } from "./level.js";

/** `active`: holds everything written. `ejected`: missed writes, never read again until it is rebuilt. */
export type MemberState = "active" | "ejected";

export interface Superblock {
  /** 32 hex digits. */
  readonly arrayId: string;
  readonly arrayName: string;
  readonly shape: ArrayShape;
  readonly slot: number;
  /** Raised twice by every change of membership and by every opening: see `members.ts`. */
  readonly generation: number;
  /** `creating` until every disk of the array has a superblock. */
  readonly phase: "creating" | "ready";
  readonly members: readonly MemberState[];
}

export type SuperblockReading =
  | { readonly kind: "valid"; readonly superblock: Superblock }
  /** Both copies are zeros: no array was ever here. */
  | { readonly kind: "blank" }
  /** Something is there, but no copy is whole. */
  | { readonly kind: "torn" };

const formatVersion = 2;
const magic = Buffer.from("WSRAIDSB");
const crcOffset = 16;
const textOffset = 20;

export function encodeSuperblock(superblock: Superblock): Buffer {
  const block = Buffer.alloc(blockBytes);
  const text = JSON.stringify(superblock);
  magic.copy(block);
  block.writeUInt32LE(formatVersion, 8);
  block.writeUInt32LE(Buffer.byteLength(text), 12);
  block.write(text, textOffset);
  sealBlock(block, crcOffset);
  return block;
}

/** The newest whole copy of the two. */
export function readSuperblock(copies: readonly Buffer[]): SuperblockReading {
  let newest: Superblock | null = null;
  for (const copy of copies) {
    const superblock = decodeSuperblock(copy);
    if (superblock !== null && (newest === null || superblock.generation > newest.generation)) newest = superblock;
  }
  if (newest !== null) return { kind: "valid", superblock: newest };
  return { kind: copies.every((copy) => copy.every((byte) => byte === 0)) ? "blank" : "torn" };
}

function decodeSuperblock(block: Buffer): Superblock | null {
  if (!block.subarray(0, 8).equals(magic) || block.readUInt32LE(8) !== formatVersion) return null;
  const textBytes = block.readUInt32LE(12);
  if (textOffset + textBytes > block.length || !isSealed(block, crcOffset)) return null;
  const value = parseJson(block.toString("utf8", textOffset, textOffset + textBytes));
  return isSuperblock(value) ? value : null;
}

/**
 * The checksum says that this package wrote it; this says that it was this version's idea of a superblock: whatever is
 * followed later (sizes, slots, states) is what `encodeSuperblock` may have written.
 */
function isSuperblock(value: unknown): value is Superblock {
  if (!isRecord(value)) return false;
  const { arrayId, arrayName, shape, slot, generation, phase, members } = value;
  if (typeof arrayId !== "string" || !/^[0-9a-f]{32}$/.test(arrayId)) return false;
  if (typeof arrayName !== "string" || !isName(arrayName) || !isShape(shape)) return false;
  if (phase !== "creating" && phase !== "ready") return false;
  if (!isCount(slot) || slot >= shape.diskCount || !isCount(generation)) return false;
  const isState = (state: unknown): boolean => state === "active" || state === "ejected";
  return Array.isArray(members) && members.length === shape.diskCount && members.every(isState);
}

function isShape(value: unknown): value is ArrayShape {
  if (!isRecord(value)) return false;
  const { level } = value;
  return typeof level === "string" && Object.hasOwn(levels, level) && faultOf(value as unknown as ArrayShape) === null;
}
