/**
 * One copy run as the relay goes through it (PROTOCOL 9), in memory: who has come into it, what they say is to be copied,
 * and who has copied it. Nothing here need survive a crash: everybody says it again when greeted, and the copying of what
 * was copied already is only work.
 *
 *     all secondaries welcomed, and their regions heard -> copy-start to each primary, after each of its welcomes
 *     copy-done from every primary -> end
 */
import { primariesOf, secondariesOf, volumesOn, type Membership } from "./membership.js";
import type { IngressBody, RegionRuns } from "./messages.js";
import { limits } from "./limits.js";
import { gatherRegions, joinNearest } from "./region-runs.js";
import type { CopyCourse } from "./course.js";
import type { NodeName, VolumeName } from "./vocabulary.js";

export type CopyStart = Extract<IngressBody, { kind: "copy-start" }>;

export interface CopyRun {
  /** A secondary was welcomed. It tells its regions again: what it told on an earlier link may have been cut short. */
  welcomed(node: NodeName, blank: boolean): void;
  regions(node: NodeName, regions: readonly RegionRuns[], last: boolean): void;
  /** Why the copy cannot begin yet; empty once it may. */
  waitsFor(): string;
  startFor(primary: NodeName): CopyStart;
  /** The primary was told to start, on its present link. */
  started(primary: NodeName): void;
  isStarted(primary: NodeName): boolean;
  /** It was not welcomed on a newer link: it must be told again. */
  parted(primary: NodeName): void;
  done(primary: NodeName): void;
  allDone(): boolean;
}

export function createCopyRun(membership: Membership, run: CopyCourse): CopyRun {
  const primaries = primariesOf(membership);
  const secondaries = secondariesOf(membership);
  const gathered = gatherRegions();
  const full = new Set<VolumeName>(run.full);
  const heard = new Set<NodeName>();
  const started = new Set<NodeName>();
  const done = new Set<NodeName>();
  return {
    welcomed(node, blank) {
      if (blank) for (const { name } of volumesOn(membership, node, "secondary")) full.add(name);
    },
    regions(node, regions, last) {
      gathered.add(regions);
      if (last) heard.add(node);
    },
    waitsFor() {
      const missing = secondaries.filter((node) => !heard.has(node));
      return missing.length === 0 ? "" : `the copy begins once ${missing.join(", ")} can be heard`;
    },
    startFor(primary) {
      const volumes = volumesOn(membership, primary, "primary").map(({ name }) => name);
      const named = volumes
        .filter((volume) => !full.has(volume) && gathered.of(volume).length > 0)
        .map((volume) => ({ volume, runs: gathered.of(volume) }));
      const runsMax = Math.floor(limits.regionRunsMax / Math.max(1, named.length));
      return {
        kind: "copy-start",
        copyId: run.order.copyId,
        full: volumes.filter((volume) => full.has(volume)),
        regions: named.map(({ volume, runs }) => ({ volume, runs: joinNearest(runs, runsMax) })),
      };
    },
    started: (primary) => void started.add(primary),
    isStarted: (primary) => started.has(primary),
    parted: (primary) => void started.delete(primary),
    done(primary) {
      if (started.has(primary)) done.add(primary);
    },
    allDone: () => primaries.every((node) => done.has(node)),
  };
}
