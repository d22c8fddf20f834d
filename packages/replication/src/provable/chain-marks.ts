/**
 * What a node keeps durably of the chains (E4, PROTOCOL 8): its volumes' heads and the root at the last settled point,
 * and the roots of the points before it in a ring of marks, for who asks later whether two nodes held the same.
 *
 *     chain/VOLUME   the volume's head at the last point, in hexadecimal digits
 *     root           {epoch, sequence, root, slot}: the last point, in which term; it lies in that slot, too
 *     root/SLOT      [sequence, root, records]: how many records this node had had up to there
 *     anchors        at the relay: the numbers above which the chains began anew, from the last point on
 *
 * All of a point's marks are written in one commit with the counter that settles it (`valid`, `validated`). Dying before
 * it, the chains go on from the point before, and the records above it are read again; after it, from this one.
 */
import assert from "node:assert/strict";
import { initialEpoch, noSequence, toSequence } from "@waystation/contracts/ids";
import { anchorHead, type Anchor, type AnchorReason } from "./chain.js";
import { digestBytes, parseDigest, showDigest, type Digest } from "./digest.js";
import type { HeadsAt } from "./head-history.js";
import type { Marks } from "../marks.js";
import type { Term } from "../term.js";
import type { GroupName, MarkValue, Sequence, VolumeName } from "../vocabulary.js";

/** A point, and what the group committed to there. */
export interface SettledRoot {
  readonly sequence: Sequence;
  readonly root: Digest;
  /** How many records of the node's volumes came up to there; by differences, they count what lies between two points. */
  readonly records: number;
}

/** How many points' roots a node keeps: some half a minute under load, as there is a point each 100 ms at most. */
export const rootsKeptMax = 256;

const rootMark = "root";
const anchorsMark = "anchors";
const headMark = (volume: VolumeName): string => `chain/${volume}`;
const slotMark = (slot: number): string => `root/${slot}`;

/** In the place of a head that is not known; it stands for no record. */
const noHead: Digest = Buffer.alloc(digestBytes);

/** What the chains of a group have in common. */
export interface ChainOrigin {
  readonly group: GroupName;
  readonly term: Term | null;
}

export function anchorOf(origin: ChainOrigin, reason: AnchorReason, sequence: Sequence): Anchor {
  return { group: origin.group, epoch: epochOf(origin), reason, sequence };
}

function epochOf({ term }: ChainOrigin): number {
  return (term?.epoch ?? initialEpoch).number;
}

/** What was stored last. */
export interface StoredPoint {
  readonly from: HeadsAt;
  /** False when the node came to its number without the records below: only an anchor there or above helps. */
  readonly known: boolean;
  /** Whether the marks hold these heads: what a term began with was never stored. */
  readonly inMarks: boolean;
  /** The roots that are still kept, the oldest first, and in which slot the last one is. */
  readonly roots: readonly SettledRoot[];
  readonly slot: number;
}

/** `counter`: the durable counter that points are settled with, which a jump may have raised beyond the last point. */
export function readPoint(options: {
  readonly marks: Marks;
  readonly origin: ChainOrigin;
  readonly volumes: readonly VolumeName[];
  readonly counter: Sequence;
}): StoredPoint {
  const { marks, origin, volumes } = options;
  const { epoch, sequence, slot } = readRootMark(marks);
  const roots = readRoots(marks, slot);
  // A point of an earlier term is remembered, and nothing more: the chains began anew at the base of this one.
  const ofThisTerm = slot >= 0 && epoch === epochOf(origin);
  const base = ofThisTerm ? sequence : (origin.term?.base ?? noSequence);
  const known = options.counter <= base;
  const anchor = anchorOf(origin, "term", base);
  const headOf = (volume: VolumeName): Digest => {
    if (!known) return noHead;
    return ofThisTerm ? digestIn(marks.get(headMark(volume)), headMark(volume)) : anchorHead(anchor, volume);
  };
  const heads = new Map(volumes.map((volume) => [volume, headOf(volume)]));
  return {
    from: { sequence: known ? base : options.counter, heads },
    known,
    inMarks: known && ofThisTerm,
    roots,
    slot,
  };
}

/** The node came to `sequence` without the records below: it knows no heads there. */
export function jumpedTo(sequence: Sequence, before: StoredPoint): StoredPoint {
  const heads = new Map([...before.from.heads.keys()].map((volume) => [volume, noHead]));
  return { ...before, from: { sequence, heads }, known: false, inMarks: false };
}

/** What to store with the counter that settles a point, and what is stored then. */
export function storePoint(
  before: StoredPoint,
  at: HeadsAt & { readonly root: Digest; readonly records: number; readonly origin: ChainOrigin },
): { readonly marks: ReadonlyMap<string, MarkValue>; readonly stored: StoredPoint } {
  const { sequence, heads, origin, records } = at;
  const root = showDigest(at.root);
  const slot = (before.slot + 1) % rootsKeptMax;
  const marks = new Map<string, MarkValue>([
    [rootMark, { epoch: epochOf(origin), sequence, root, slot }],
    [slotMark(slot), [sequence, root, records]],
  ]);
  for (const [volume, head] of heads) {
    // A volume that nobody wrote costs nothing.
    const unchanged = before.inMarks && before.from.heads.get(volume)?.equals(head) === true;
    if (!unchanged) marks.set(headMark(volume), showDigest(head));
  }
  const roots = [...before.roots.slice(1 - rootsKeptMax), { sequence, root: at.root, records }];
  return { marks, stored: { from: { sequence, heads }, known: true, inMarks: true, roots, slot } };
}

export function readAnchors(marks: Marks): Sequence[] {
  const value = marks.get(anchorsMark) ?? [];
  assert(Array.isArray(value), `the mark ${anchorsMark} is damaged`);
  return (value as unknown[]).map((sequence) => toSequence(Number(sequence)));
}

export function anchorMarks(anchors: readonly Sequence[]): [string, MarkValue] {
  return [anchorsMark, anchors];
}

function readRootMark(marks: Marks): { epoch: number; sequence: Sequence; slot: number } {
  const value = marks.get(rootMark);
  if (value === undefined) return { epoch: 0, sequence: noSequence, slot: -1 };
  const { epoch, sequence, slot } = value as Record<string, unknown>;
  const whole = typeof epoch === "number" && typeof sequence === "number" && typeof slot === "number";
  assert(whole, `the mark ${rootMark} is damaged`);
  return { epoch, sequence: toSequence(sequence), slot };
}

/** The roots that a node still keeps, the oldest first. */
export function keptRoots(marks: Marks): readonly SettledRoot[] {
  return readRoots(marks, readRootMark(marks).slot);
}

function readRoots(marks: Marks, lastSlot: number): SettledRoot[] {
  const roots: SettledRoot[] = [];
  for (let back = rootsKeptMax - 1; back >= 0; back--) {
    const name = slotMark((lastSlot + rootsKeptMax - back) % rootsKeptMax);
    const value = marks.get(name);
    if (value === undefined) continue;
    const [sequence, root, records] = Array.isArray(value) ? (value as unknown[]) : [];
    roots.push({ sequence: toSequence(Number(sequence)), root: digestIn(root, name), records: Number(records) });
  }
  return roots;
}

function digestIn(value: unknown, name: string): Digest {
  const digest = parseDigest(value);
  assert(digest !== null, `the mark ${name} is damaged`);
  return digest;
}
