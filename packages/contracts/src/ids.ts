/**
 * The identities and numbers that every package speaks of, as distinct types: a sequence number cannot be passed
 * where a byte offset is meant. Each is checked once, where it enters (`toX`), and trusted from there on.
 * Numbers are plain doubles: 2^53 writes at a million a second last 285 years.
 */
import assert from "node:assert/strict";

declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** The name of a node of `cluster.yaml`, such as `primary-a`. */
export type NodeName = Brand<string, "NodeName">;
/** The name of a volume; one name for the primary volume and its copies. */
export type VolumeName = Brand<string, "VolumeName">;
/** The name of a consistency group. */
export type GroupName = Brand<string, "GroupName">;
/** The name of an array, unique within its node. */
export type ArrayName = Brand<string, "ArrayName">;
/** A group-wide sequence number, stamped by the relay (B3). The first is 1; 0 means "none". */
export type Sequence = Brand<number, "Sequence">;

/** Where a write comes from: the `n`-th write of the `incarnation`-th opening of a volume (PROTOCOL 1.1). */
export interface OriginNumber {
  readonly incarnation: number;
  readonly n: number;
}

/** The term of one writer (PROTOCOL 6.1). Ordered by number; the same number with another id is a rival. */
export interface Epoch {
  readonly number: number;
  /** Who raised it: the id of the takeover, or `initial`. */
  readonly takeoverId: string;
}

export const initialEpoch: Epoch = Object.freeze({ number: 1, takeoverId: "initial" });
export const noSequence = 0 as Sequence;
export const noOrigin: OriginNumber = Object.freeze({ incarnation: 0, n: 0 });

const namePattern = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/** What a legal name looks like, for messages of refusal. */
export const nameRule = "1 to 63 of a-z, 0-9, '.', '_', '-', starting with a letter or a digit";

export function isName(text: string): boolean {
  return namePattern.test(text);
}

export function toSequence(value: number): Sequence {
  assert(Number.isSafeInteger(value) && value >= 0, `not a sequence number: ${value}`);
  return value as Sequence;
}

export function nextSequence(sequence: Sequence): Sequence {
  return (sequence + 1) as Sequence;
}

export function compareOrigin(a: OriginNumber, b: OriginNumber): number {
  return a.incarnation - b.incarnation || a.n - b.n;
}

export function sameEpoch(a: Epoch, b: Epoch): boolean {
  return a.number === b.number && a.takeoverId === b.takeoverId;
}
