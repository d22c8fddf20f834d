/**
 * How to read and write in any state of the disks: pure decisions, tested against a naive model.
 */
import { coverageOf, type CellUpdate, type Coverage } from "./cell-update.js";
import { presentCopy, solveUnit, type Absent, type Term } from "./erasure.js";
import type { Slot, StripeLayout } from "./level.js";

/** How to read a data unit: from a disk, as the sum of what others hold, or not at all. */
export type UnitRead =
  | { readonly kind: "direct"; readonly slot: Slot }
  | { readonly kind: "reconstruct"; readonly terms: readonly Term[] }
  | { readonly kind: "impossible" };

export function planUnitRead(layout: StripeLayout, absent: Absent, unit: number): UnitRead {
  const slot = presentCopy(layout, absent, unit);
  if (slot !== undefined) return { kind: "direct", slot };
  const terms = solveUnit(layout, absent, unit);
  return terms === null ? { kind: "impossible" } : { kind: "reconstruct", terms };
}

/**
 * How to form the parity of a band of columns.
 * - `none`: there is no parity to form (the level has none, or its disks are absent).
 * - `from-new`: every data unit is written or known: parity is formed of them, and nothing is read.
 * - `read-modify-write`: old parity plus what the written units change; reads those and the parity.
 * - `reconstruct-write`: parity is formed of the new data and of all other units; reads those.
 * - `recover-write`: the same, but some of the others are absent: reads what they follow from. It is legal in every state
 *   that the level survives.
 */
export type ParityMethod = "none" | "from-new" | "read-modify-write" | "reconstruct-write" | "recover-write";

/** The old content of an absent data unit. */
export interface Solution {
  readonly unit: number;
  /** Disks among those that the band reads. */
  readonly terms: readonly Term[];
}

export interface BandPlan extends Coverage {
  readonly method: ParityMethod;
  /** Data units whose old content is read. */
  readonly readUnits: readonly number[];
  /** Parity disks whose old content is read. */
  readonly readParity: readonly Slot[];
  /** Data units whose old content is worked out of what was read. */
  readonly solved: readonly Solution[];
}

/** Null when the level cannot do this write in this state (more disks gone than it survives). */
export function planCellWrite(layout: StripeLayout, absent: Absent, update: CellUpdate): BandPlan[] | null {
  const plans: BandPlan[] = [];
  for (const band of coverageOf(update)) {
    const plan = planBand(layout, absent, band);
    if (plan === null) return null;
    plans.push(plan);
  }
  return plans;
}

type BandReads = Omit<BandPlan, keyof Coverage>;

function planBand(layout: StripeLayout, absent: Absent, band: Coverage): BandPlan | null {
  const isAbsent = (unit: number): boolean => presentCopy(layout, absent, unit) === undefined;
  const parity = layout.parity.filter((slot) => !absent(slot));
  const nothing = { readUnits: [], readParity: [], solved: [] };
  if (parity.length === 0) {
    // Without parity a unit whose disks are all gone has nowhere to be stored.
    return band.written.some(isAbsent) ? null : { ...band, method: "none", ...nothing };
  }
  const others = [...layout.data.keys()].filter((unit) => !band.written.includes(unit) && !band.known.includes(unit));
  if (others.length === 0) return { ...band, method: "from-new", ...nothing };
  let cheapest: BandReads | null = null;
  if (!others.some(isAbsent)) {
    cheapest = { ...nothing, method: "reconstruct-write", readUnits: others };
  }
  // Where the two cost the same, the one that does not read parity: it makes good whatever the parity was.
  if (!band.written.some(isAbsent)) {
    const modify: BandReads = { ...nothing, method: "read-modify-write", readUnits: band.written, readParity: parity };
    if (cheapest === null || readsOf(modify) < readsOf(cheapest)) cheapest = modify;
  }
  if (others.some(isAbsent)) {
    const recover = planRecovery(layout, absent, others.filter(isAbsent));
    if (recover !== null && (cheapest === null || readsOf(recover) < readsOf(cheapest))) cheapest = recover;
  }
  return cheapest === null ? null : { ...band, ...cheapest };
}

/** All that the absent units follow from; the other units are among it. */
function planRecovery(layout: StripeLayout, absent: Absent, wanted: readonly number[]): BandReads | null {
  const solved: Solution[] = [];
  for (const unit of wanted) {
    const terms = solveUnit(layout, absent, unit);
    if (terms === null) return null;
    solved.push({ unit, terms });
  }
  const used = new Set(solved.flatMap(({ terms }) => terms.map(({ slot }) => slot)));
  const readUnits = [...layout.data.keys()].filter((unit) => layout.data[unit]?.some((slot) => used.has(slot)));
  const readParity = layout.parity.filter((slot) => used.has(slot));
  return { method: "recover-write", readUnits, readParity, solved };
}

function readsOf({ readUnits, readParity }: BandReads): number {
  return readUnits.length + readParity.length;
}

/**
 * Which way a cell's write becomes durable.
 * - `direct`: in place, then synced: a level without redundancy has nothing that could disagree.
 * - `logged`: new data and parity go to the stripe log first, synced (PROTOCOL 11): no crash can leave half of it.
 * - `intent`: the whole cell is new, so old data needs no protection: a durable intent, then in place. After a crash
 *   parity is formed again from whatever data is there, which is legal for an optimal array alone.
 */
export type WritePath = "direct" | "logged" | "intent";

export interface WritePathQuestion {
  readonly hasRedundancy: boolean;
  readonly isDegraded: boolean;
  readonly coversCell: boolean;
  /** The log holds data of this cell that replay would put over what is written now. */
  readonly hasLoggedData: boolean;
  /** So much of the round is whole cells that a second sync costs less than writing them twice. */
  readonly isLargeRound: boolean;
}

export function chooseWritePath(question: WritePathQuestion): WritePath {
  if (!question.hasRedundancy) return "direct";
  const mayBypass = question.coversCell && !question.isDegraded && !question.hasLoggedData;
  return mayBypass && question.isLargeRound ? "intent" : "logged";
}
