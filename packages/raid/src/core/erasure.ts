/**
 * What can be known of a stripe with disks gone: which losses it survives, and how a unit whose disks are gone follows
 * from the others: always as a sum of coefficients times what disks hold, over GF(2^8).
 *
 *   P = D0 + D1 + ...     Q = g^0 D0 + g^1 D1 + ...     (g = 2; + is XOR)
 */
import assert from "node:assert";
import { inverse, multiply, powerOfTwo } from "../parity/galois-field.js";
import type { Slot, StripeLayout } from "./level.js";

/** Which disks are out of a stripe; what is not absent is current. */
export type Absent = (slot: Slot) => boolean;

/** `coefficient` times what the disk holds. */
export interface Term {
  readonly slot: Slot;
  readonly coefficient: number;
}

/** The disk that a data unit is read from; undefined when all that hold it are absent. */
export function presentCopy(layout: StripeLayout, absent: Absent, unit: number): Slot | undefined {
  const copies = layout.data[unit];
  assert(copies !== undefined, `no data unit ${unit} in a stripe of ${layout.data.length}`);
  return copies.find((slot) => !absent(slot));
}

/** The data units whose disks are all absent. */
export function absentUnits(layout: StripeLayout, absent: Absent): number[] {
  return [...layout.data.keys()].filter((unit) => presentCopy(layout, absent, unit) === undefined);
}

/** True when every data unit can still be known: each parity that is left makes up for one. */
export function survives(layout: StripeLayout, absent: Absent): boolean {
  const parityLeft = layout.parity.filter((slot) => !absent(slot)).length;
  return absentUnits(layout, absent).length <= parityLeft;
}

/** The terms whose sum is an absent data unit; null when it cannot be known. */
export function solveUnit(layout: StripeLayout, absent: Absent, unit: number): Term[] | null {
  if (!survives(layout, absent)) return null;
  const gone = absentUnits(layout, absent);
  assert(gone.includes(unit), "solving for a unit that can be read");
  const [p, q] = layout.parity.map((slot) => (absent(slot) ? undefined : slot));
  const other = gone.find((candidate) => candidate !== unit);
  if (other !== undefined) return solveTwo(layout, { unit, other });
  if (p !== undefined) return termsOf(layout, gone, [{ slot: p, coefficient: 1 }], () => 1);
  assert(q !== undefined);
  // g^u Du = Q + sum of the other g^i Di
  const scale = inverse(powerOfTwo(unit));
  return termsOf(layout, gone, [{ slot: q, coefficient: scale }], (index) => multiply(scale, powerOfTwo(index)));
}

/** Du + Do = P', g^u Du + g^o Do = Q', so Du = (g^o P' + Q') / (g^u + g^o); P' and Q' are less the units that are left. */
function solveTwo(layout: StripeLayout, { unit, other }: { unit: number; other: number }): Term[] {
  const [p, q] = layout.parity as readonly [Slot, Slot];
  const forQ = inverse(powerOfTwo(unit) ^ powerOfTwo(other));
  const forP = multiply(forQ, powerOfTwo(other));
  const parity = [
    { slot: p, coefficient: forP },
    { slot: q, coefficient: forQ },
  ];
  return termsOf(layout, [unit, other], parity, (index) => forP ^ multiply(forQ, powerOfTwo(index)));
}

function termsOf(
  layout: StripeLayout,
  gone: readonly number[],
  parity: readonly Term[],
  coefficientOf: (unit: number) => number,
): Term[] {
  const terms = [...parity];
  for (const [index, copies] of layout.data.entries()) {
    // A level with parity holds each unit once.
    if (!gone.includes(index)) terms.push({ slot: copies[0] as Slot, coefficient: coefficientOf(index) });
  }
  return terms;
}
