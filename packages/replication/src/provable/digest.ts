/**
 * SHA-256 as the provable order uses it (E4, PROTOCOL 8). A digest of 32 bytes is a `Buffer` that nobody changes once it
 * is made. What is hashed for different purposes can never be the same bytes: it differs in length or in its first ones.
 *
 *     record        4 + ...   "WSr1" ...              at least 128 bytes, record-digest.ts
 *     anchor        152       "WSa1" ...              chain.ts
 *     chain step    64        head, record digest     chain.ts
 *     Merkle leaf   97        0x00, name, head        commitment.ts, merkle-tree.ts
 *     Merkle node   65        0x01, left, right       merkle-tree.ts
 */
import assert from "node:assert/strict";
import { createHash, hash } from "node:crypto";

export type Digest = Buffer;

export const digestBytes = 32;

/** Of one short piece. */
export function digestOf(bytes: Uint8Array): Digest {
  return hash("sha256", bytes, "buffer");
}

/** Of `head` and `tail` joined, written to `target` at `at`: no buffer is made for it. */
export function writeDigest(target: Buffer, at: number, head: Uint8Array, tail: Uint8Array): void {
  target.write(createHash("sha256").update(head).update(tail).digest("binary"), at, digestBytes, "latin1");
}

/** Of one short piece, written to `target` at `at`, which may be inside of the piece. */
export function writeShortDigest(target: Buffer, at: number, bytes: Uint8Array): void {
  target.write(hash("sha256", bytes, "binary"), at, digestBytes, "latin1");
}

/** As people and marks see it. */
export function showDigest(digest: Digest): string {
  return digest.toString("hex");
}

const shown = /^[0-9a-f]{64}$/;

/** Reads back what `showDigest` made; null when it is not that. */
export function parseDigest(text: unknown): Digest | null {
  return typeof text === "string" && shown.test(text) ? Buffer.from(text, "hex") : null;
}

export function writeUint64(target: Buffer, at: number, value: number): void {
  assert(Number.isSafeInteger(value) && value >= 0, `not a number of the canonical form: ${value}`);
  target.writeUInt32LE(value % 2 ** 32, at);
  target.writeUInt32LE(Math.floor(value / 2 ** 32), at + 4);
}

/** The place of a name in a canonical form: as long as the longest legal name, zeros behind it. */
export const nameBytes = 64;

/** Writes the name into its place and returns its length, which the form keeps elsewhere. */
export function writeName(target: Buffer, at: number, name: string): number {
  const length = target.write(name, at, nameBytes, "latin1");
  assert(length === name.length, `${name} does not fit into a canonical form`);
  target.fill(0, at + length, at + nameBytes);
  return length;
}
