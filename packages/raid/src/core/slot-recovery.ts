/** What a disk must hold in a stripe, worked out of what the others do: its data unit, P or Q. */
import assert from "node:assert";
import { multiply, powerOfTwo } from "../parity/galois-field.js";
import { presentCopy, solveUnit, type Absent, type Term } from "./erasure.js";
import type { Slot, StripeLayout } from "./level.js";

/** The terms whose sum is what the absent disk `slot` must hold; null when that cannot be known. */
export function solveSlot(layout: StripeLayout, absent: Absent, slot: Slot): readonly Term[] | null {
  assert(absent(slot), "solving for a disk that can be read");
  const unit = layout.data.findIndex((copies) => copies.includes(slot));
  if (unit >= 0) return termsOfUnit(layout, absent, unit);
  const isQ = layout.parity.indexOf(slot) === 1;
  const coefficients = new Map<Slot, number>();
  for (const index of layout.data.keys()) {
    const weight = isQ ? powerOfTwo(index) : 1;
    const terms = termsOfUnit(layout, absent, index);
    if (terms === null) return null;
    for (const { slot: from, coefficient } of terms) {
      coefficients.set(from, (coefficients.get(from) ?? 0) ^ multiply(weight, coefficient));
    }
  }
  return [...coefficients].flatMap(([from, coefficient]) => (coefficient === 0 ? [] : [{ slot: from, coefficient }]));
}

function termsOfUnit(layout: StripeLayout, absent: Absent, unit: number): readonly Term[] | null {
  const slot = presentCopy(layout, absent, unit);
  return slot === undefined ? solveUnit(layout, absent, unit) : [{ slot, coefficient: 1 }];
}
