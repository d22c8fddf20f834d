/** Every reader that is fuzzed, the fast ones first. */
import { arrayTargets } from "./array-targets.js";
import { formatTargets } from "./format-targets.js";
import { journalTargets } from "./journal-targets.js";
import { mapsTarget } from "./map-targets.js";
import type { FuzzTarget } from "./target.js";
import { wireTargets } from "./wire-targets.js";

/** Read by themselves, in microseconds. */
export const fastTargets = (): FuzzTarget[] => [...wireTargets(), ...formatTargets()];

/** Opened as a whole, in milliseconds. */
export async function wholeTargets(): Promise<FuzzTarget[]> {
  return [...(await journalTargets()), ...(await arrayTargets()), await mapsTarget()];
}
