/** Whole stripes, as repairs take them: their cells, and where they lie on every disk. */
import type { Cell, Geometry } from "./geometry.js";

/** Stripes [from, to). */
export interface StripeRange {
  readonly from: number;
  readonly to: number;
}

export function cellsOfStripes({ windowsPerUnit }: Geometry, { from, to }: StripeRange): Cell[] {
  return Array.from({ length: (to - from) * windowsPerUnit }, (_, index) => (from * windowsPerUnit + index) as Cell);
}

/** The stripe in which a place in the data area of a disk lies. */
export function stripeAtDiskOffset({ dataOffsetBytes, unitBytes }: Geometry, offsetBytes: number): number {
  return Math.floor((offsetBytes - dataOffsetBytes) / unitBytes);
}
