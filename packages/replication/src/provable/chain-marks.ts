/**
 * What a node keeps durably of the chains (E4, PROTOCOL 8): its volumes' heads and the root at the last settled point,
 * and the roots of the points before it in a ring of marks, for who asks later whether two nodes held the same.
 *
 *     chain/VOLUME   the volume's head at the last point, in hexadecimal digits
 *     root           {sequence, root, anchoredAt, slot}: the last point; it lies in that slot, too
 *     root/SLOT      [sequence, root]
 *
 * All of a point's marks are written in one commit with the counter that settles it (`valid`, `validated`). Dying before
 * it, the chains go on from the point before, and the records above it are read again; after it, from this one.
 */
import assert from "node:assert/strict";
import { initialEpoch, noSequence, toSequence } from "@waystation/contracts/ids";
import { anchorHead, type Anchor, type AnchorReason } from "./chain.js";
import { parseDigest, showDigest, type Digest } from "./digest.js";
import type { HeadsAt } from "./head-history.js";
import type { Marks } from "../marks.js";
import type { Term } from "../term.js";
import type { GroupName, MarkValue, Sequence, VolumeName } from "../vocabulary.js";

/** A point, and what the group committed to there. */
export interface SettledRoot {
  readonly sequence: Sequence;
  readonly root: Digest;
}

/** How many points' roots a node keeps: some half a minute under load, as there is a point each 100 ms at most. */
export const rootsKeptMax = 256;

const rootMark = "root";
const headMark = (volume: VolumeName): string => `chain/${volume}`;
const slotMark = (slot: number): string => `root/${slot}`;

/** What the chains of a group have in common. */
export interface ChainOrigin {
  readonly group: GroupName;
  readonly term: Term | null;
}

export function anchorOf({ group, term }: ChainOrigin, reason: AnchorReason, sequence: Sequence): Anchor {
  return { group, epoch: (term?.epoch ?? initialEpoch).number, reason, sequence };
}

/** What was stored last. */
export interface StoredPoint {
  /** At the last settled point, or where the term begins if there is none. */
  readonly from: HeadsAt;
  /** The roots that are still known, the oldest first; the last one is the one of `from`. */
  readonly roots: readonly SettledRoot[];
  /** Where the last root is. */
  readonly slot: number;
}

export function readPoint(marks: Marks, origin: ChainOrigin, volumes: readonly VolumeName[]): StoredPoint {
  const value = marks.get(rootMark);
  if (value === undefined) {
    const sequence = origin.term?.base ?? noSequence;
    const anchor = anchorOf(origin, "term", sequence);
    const heads = new Map(volumes.map((volume) => [volume, anchorHead(anchor, volume)]));
    return { from: { sequence, anchoredAt: sequence, heads }, roots: [], slot: -1 };
  }
  const { sequence, anchoredAt, slot } = value as Record<string, unknown>;
  const whole = typeof sequence === "number" && typeof anchoredAt === "number" && typeof slot === "number";
  assert(whole, `the mark ${rootMark} is damaged`);
  const heads = new Map(volumes.map((volume) => [volume, digestIn(marks.get(headMark(volume)), headMark(volume))]));
  const from = { sequence: toSequence(sequence), anchoredAt: toSequence(anchoredAt), heads };
  return { from, roots: readRoots(marks, slot), slot };
}

function readRoots(marks: Marks, lastSlot: number): SettledRoot[] {
  const roots: SettledRoot[] = [];
  for (let back = rootsKeptMax - 1; back >= 0; back--) {
    const name = slotMark((lastSlot + rootsKeptMax - back) % rootsKeptMax);
    const value = marks.get(name);
    if (value === undefined) continue;
    const [sequence, root] = Array.isArray(value) ? (value as unknown[]) : [];
    roots.push({ sequence: toSequence(Number(sequence)), root: digestIn(root, name) });
  }
  return roots;
}

/** What to store with the counter that settles a point, and what is stored then. */
export function storePoint(
  before: StoredPoint,
  at: HeadsAt,
  root: Digest,
): { readonly marks: ReadonlyMap<string, MarkValue>; readonly stored: StoredPoint } {
  const slot = (before.slot + 1) % rootsKeptMax;
  const { sequence, anchoredAt } = at;
  const marks = new Map<string, MarkValue>([
    [rootMark, { sequence, root: showDigest(root), anchoredAt, slot }],
    [slotMark(slot), [sequence, showDigest(root)]],
  ]);
  for (const [volume, head] of at.heads) {
    // A volume that nobody wrote costs nothing; but what the term began with was never stored.
    const unchanged = before.slot >= 0 && before.from.heads.get(volume)?.equals(head) === true;
    if (!unchanged) marks.set(headMark(volume), showDigest(head));
  }
  const roots = [...before.roots.slice(1 - rootsKeptMax), { sequence, root }];
  return { marks, stored: { from: at, roots, slot } };
}

/** What a new term takes away: its chains begin anew, and its points are others. */
export function isChainMark(name: string): boolean {
  return name === rootMark || name.startsWith("chain/") || name.startsWith("root/");
}

function digestIn(value: unknown, name: string): Digest {
  const digest = parseDigest(value);
  assert(digest !== null, `the mark ${name} is damaged`);
  return digest;
}
