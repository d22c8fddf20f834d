/** Every reader that is fuzzed, the fast ones first. */
import { arrayTargets } from "./array-targets.js";
import { blocksTarget } from "./block-targets.js";
import { formatTargets } from "./format-targets.js";
import { journalTargets } from "./journal-targets.js";
import { mapsTarget } from "./map-targets.js";
import type { FuzzTarget } from "./target.js";
import { wireTargets } from "./wire-targets.js";

/** Read by themselves, in microseconds. */
export const fastTargets = (): FuzzTarget[] => [...wireTargets(), ...formatTargets()];

/** Opened as a whole, in milliseconds. */
export async function wholeTargets(): Promise<FuzzTarget[]> {
  const blocks = [await blocksTarget("raid1", 2), await blocksTarget("raid5", 3), await blocksTarget("raid6", 5)];
  return [...(await journalTargets()), ...(await arrayTargets()), ...blocks, await mapsTarget()];
}
