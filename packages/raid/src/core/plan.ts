/**
 * How to read and write in any state of the disks: pure decisions, tested against a naive model. `Absent` says which
 * disks are out; what is not absent is current.
 */
import assert from "node:assert";
import { coverageOf, type CellUpdate, type Coverage } from "./cell-update.js";
import type { Slot, StripeLayout } from "./level.js";

export type Absent = (slot: Slot) => boolean;

/** How to read a data unit: from a disk, as the XOR of others, or not at all. */
export type UnitRead =
  | { readonly kind: "direct"; readonly slot: Slot }
  | { readonly kind: "reconstruct"; readonly slots: readonly Slot[] }
  | { readonly kind: "impossible" };

export function planUnitRead(layout: StripeLayout, absent: Absent, unit: number): UnitRead {
  const direct = presentCopy(layout, absent, unit);
  if (direct !== undefined) return { kind: "direct", slot: direct };
  const sources: (Slot | undefined)[] = [layout.parity.find((slot) => !absent(slot))];
  for (const other of layout.data.keys()) if (other !== unit) sources.push(presentCopy(layout, absent, other));
  if (sources.includes(undefined)) return { kind: "impossible" };
  return { kind: "reconstruct", slots: sources as Slot[] };
}

/**
 * How to form the parity of a band of columns.
 * - `none`: there is no parity to form (the level has none, or its disk is absent).
 * - `from-new`: every data unit is written: parity is the XOR of the new data, and nothing is read.
 * - `read-modify-write`: old parity XOR old data XOR new data; reads the written units and the parity.
 * - `reconstruct-write`: XOR of the new data and of all units not written; reads those.
 */
type ParityMethod = "none" | "from-new" | "read-modify-write" | "reconstruct-write";

export interface BandPlan extends Coverage {
  readonly method: ParityMethod;
  /** Data units whose old content is read: the written ones or the others, by the method. */
  readonly readUnits: readonly number[];
}

/** Null when the level cannot do this write in this state (more disks gone than it tolerates). */
export function planCellWrite(layout: StripeLayout, absent: Absent, update: CellUpdate): BandPlan[] | null {
  const plans: BandPlan[] = [];
  for (const band of coverageOf(update)) {
    const plan = planBand(layout, absent, band);
    if (plan === null) return null;
    plans.push(plan);
  }
  return plans;
}

function planBand(layout: StripeLayout, absent: Absent, band: Coverage): BandPlan | null {
  const isAbsent = (unit: number): boolean => presentCopy(layout, absent, unit) === undefined;
  const parityIsAbsent = layout.parity.every(absent);
  if (parityIsAbsent) {
    // Without parity a unit whose disks are all gone has nowhere to be stored.
    return band.written.some(isAbsent) ? null : { ...band, method: "none", readUnits: [] };
  }
  if (band.written.length === layout.data.length) return { ...band, method: "from-new", readUnits: [] };
  const others = [...layout.data.keys()].filter((unit) => !band.written.includes(unit));
  const canModify = !band.written.some(isAbsent);
  const canReconstruct = !others.some(isAbsent);
  if (canReconstruct && (!canModify || others.length <= band.written.length + 1)) {
    return { ...band, method: "reconstruct-write", readUnits: others };
  }
  return canModify ? { ...band, method: "read-modify-write", readUnits: band.written } : null;
}

export function presentCopy(layout: StripeLayout, absent: Absent, unit: number): Slot | undefined {
  const copies = layout.data[unit];
  assert(copies !== undefined, `no data unit ${unit} in a stripe of ${layout.data.length}`);
  return copies.find((slot) => !absent(slot));
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
