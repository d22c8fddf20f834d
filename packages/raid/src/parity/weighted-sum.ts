/** Sums over GF(2^8) of ranges in a parity arena, each times a coefficient: how an absent unit follows from the others. */
import type { ParityArena } from "./parity-arena.js";

export interface WeightedSource {
  /** Where in the arena it lies. */
  readonly at: number;
  readonly coefficient: number;
}

/** bytes[target..] = the sum of the sources. The target overlaps none of them. */
export function weightedSum(
  arena: ParityArena,
  targetBytes: number,
  sources: readonly WeightedSource[],
  lengthBytes: number,
): void {
  const plain = sources.filter(({ coefficient }) => coefficient === 1).map(({ at }) => at);
  arena.xorOf(targetBytes, plain, lengthBytes);
  for (const { at, coefficient } of sources) {
    if (coefficient !== 1) arena.mulXor(targetBytes, at, coefficient, lengthBytes);
  }
}
