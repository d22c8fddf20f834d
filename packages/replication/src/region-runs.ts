/**
 * Sets of regions as they travel: ascending, apart, [first, count] each. Sets of several nodes are merged by OR: a region
 * that anybody names is copied (DESIGN rule 5).
 */
import type { RegionRuns } from "./messages.js";
import type { VolumeName } from "./vocabulary.js";

type Run = readonly [first: number, count: number];

/** The union of any number of sets; what overlaps or touches becomes one run. */
export function mergeRuns(runs: readonly Run[]): Run[] {
  const merged: [number, number][] = [];
  for (const [first, count] of [...runs].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last === undefined || first > last[0] + last[1]) merged.push([first, count]);
    else last[1] = Math.max(last[1], first + count - last[0]);
  }
  return merged;
}

/** The same regions in at most `runsMax` runs: the nearest are joined, and what lies between them is named too. */
export function joinNearest(runs: readonly Run[], runsMax: number): Run[] {
  if (runs.length <= runsMax) return [...runs];
  const gaps = runs.slice(1).map(([first], index) => first - endOf(runs[index]));
  // Gaps narrower than this vanish, and of those as wide the first ones, until few enough runs are left.
  const narrowest = [...gaps].sort((a, b) => a - b).slice(0, runs.length - Math.max(1, runsMax));
  const widest = narrowest.at(-1) ?? 0;
  let asWide = narrowest.filter((gap) => gap === widest).length;
  const joined: [number, number][] = [];
  for (const [index, [first, count]] of runs.entries()) {
    const last = joined.at(-1);
    const gap = gaps[index - 1] ?? Number.MAX_SAFE_INTEGER;
    const vanishes = gap < widest || (gap === widest && asWide-- > 0);
    if (last !== undefined && vanishes) last[1] = first + count - last[0];
    else joined.push([first, count]);
  }
  return joined;
}

function endOf(run: Run | undefined): number {
  return run === undefined ? 0 : run[0] + run[1];
}

/** Regions per volume, gathered from whoever names them. */
export interface RegionGathering {
  add(regions: readonly RegionRuns[]): void;
  of(volume: VolumeName): readonly Run[];
}

export function gatherRegions(): RegionGathering {
  const gathered = new Map<VolumeName, Run[]>();
  return {
    add(regions) {
      for (const { volume, runs } of regions)
        gathered.set(volume, mergeRuns([...(gathered.get(volume) ?? []), ...runs]));
    },
    of: (volume) => gathered.get(volume) ?? [],
  };
}
