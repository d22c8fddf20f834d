/** What is asked of this version, and whether a run reached it. */
import type { BacklogTakeover } from "./backlog-takeover.js";
import type { CopySpeed } from "./copying.js";
import type { EndurancePhase } from "./endurance.js";
import type { FarLag } from "./far-lag.js";
import type { FarLinkFigures } from "./far-link.js";
import { keyLoads, type Load } from "./loads.js";
import type { VolumesFigures } from "./many-volumes.js";
import { adapters, type Adapter } from "./own-cluster.js";
import type { TakeoverTime } from "./recovery.js";
import { ratioOf, type SpeedCell } from "./speed.js";
import { most } from "./statistics.js";

export interface Goal {
  readonly what: string;
  readonly wanted: string;
  readonly found: number;
  readonly reached: boolean;
}

interface RatioGoal {
  readonly load: Load;
  readonly peer: "mirror" | "nbdkit";
  readonly least: Readonly<Record<Adapter, number>>;
}

const ratioGoals: readonly RatioGoal[] = [
  { load: keyLoads.smallWriteFlush, peer: "mirror", least: { leveldb: 1, volume: 1 } },
  { load: keyLoads.smallWrite, peer: "mirror", least: { leveldb: 0.45, volume: 0.7 } },
  { load: keyLoads.largeWrite, peer: "mirror", least: { leveldb: 0.35, volume: 0.5 } },
  { load: keyLoads.smallRead, peer: "nbdkit", least: { leveldb: 1, volume: 1 } },
];
const residentMiBMax = 250;
const takeoverMsMax = 1000;
/** Of the far legs and of groups: ratios to the mirror by the size of a write, and shares. */
const farLagLeast = { small: { leveldb: 0.4, volume: 0.6 }, large: { leveldb: 0.3, volume: 0.45 } } as const;
/** A lag is flat when it grows by no more than this share of the writes. */
const lagSlopeMax = 0.01;
const arrayTimesMax = 1.5;
const copyLeast = 0.5;
const linkShareLeast = 0.8;
/** Of latency, on a machine that does other things too; and of what a write costs among many volumes. */
const longLatencyMax = 1.1;
const volumesGrowthMax = 1.2;

export interface Results {
  readonly rounds: readonly (readonly SpeedCell[])[];
  readonly endurance: readonly EndurancePhase[];
  readonly takeovers: readonly TakeoverTime[];
  readonly farLags: readonly FarLag[];
  readonly backlogs: readonly BacklogTakeover[];
  readonly copies: readonly CopySpeed[];
  readonly farLinks: readonly FarLinkFigures[];
  readonly volumes: readonly VolumesFigures[];
}

/** The goals that this run measured. */
export function goalsOf(results: Results): Goal[] {
  const { rounds, endurance, takeovers } = results;
  const ratios = ratioGoals.flatMap(({ load, peer, least }) =>
    adapters.flatMap((adapter): Goal[] => {
      const found = ratioOf(rounds, { load: load.name, ours: adapter, peer });
      if (found === null) return [];
      const what = `${load.name}: ${adapter} / ${peer}`;
      return [{ what, wanted: `>= ${least[adapter]}`, found, reached: found >= least[adapter] }];
    }),
  );
  return [...ratios, ...residentGoals(endurance), ...takeoverGoals(takeovers), ...farGoals(results)];
}

function farGoals({ farLags, backlogs, copies, farLinks, volumes }: Results): Goal[] {
  return [
    ...farLags.flatMap(lagGoals),
    ...backlogs.map(({ adapter, backlogMiB, openMs, arrayMs }) => {
      const what = `ms to take over with ${backlogMiB.toFixed(0)} MiB to drain, ${adapter}`;
      return atMost(what, takeoverMsMax + arrayTimesMax * arrayMs, openMs);
    }),
    ...copies.map(({ what, ms, nbdcopyMs }) => atLeast(`copying, ${what} / nbdcopy`, copyLeast, nbdcopyMs / ms)),
    ...farLinks.flatMap(linkGoals),
    ...volumesGoals(volumes),
  ];
}

function lagGoals({ adapter, load, perSecond, mirrorPerSecond, lagSlope }: FarLag): Goal[] {
  const least = farLagLeast[load.startsWith("4k") ? "small" : "large"][adapter];
  return [
    atLeast(`${load}: ${adapter} / mirror`, least, perSecond / mirrorPerSecond),
    atMost(`${load}: growth of the lag per write, ${adapter}`, lagSlopeMax, Math.max(0, lagSlope) / perSecond),
  ];
}

function linkGoals(figures: FarLinkFigures): Goal[] {
  const { adapter, linkRate, tcpRate, farLegRate, shortP50Us, longP50Us } = figures;
  return [
    atLeast(
      `share of 50 ms, 1 Gb/s that the far leg fills, ${adapter}`,
      linkShareLeast,
      farLegRate / Math.min(linkRate, tcpRate),
    ),
    atMost(
      `latency of a write with a long far leg / with a short one, ${adapter}`,
      longLatencyMax,
      longP50Us / shortP50Us,
    ),
  ];
}

/** How much more each of these is for the most volumes than for the fewest. */
function volumesGoals(volumes: readonly VolumesFigures[]): Goal[] {
  const [few, many] = [volumes[0], volumes.at(-1)];
  if (few === undefined || many === undefined || few === many) return [];
  const sum = (parts: Readonly<Record<string, number>>): number => Object.values(parts).reduce((a, b) => a + b, 0);
  const among = `${many.volumes} volumes / among ${few.volumes}`;
  return [
    atMost(`bytes of a write among ${among}`, volumesGrowthMax, sum(many.bytes) / sum(few.bytes)),
    atMost(`messages of a write among ${among}`, volumesGrowthMax, sum(many.messages) / sum(few.messages)),
    atMost(`processor time of a write among ${among}`, volumesGrowthMax, sum(many.processorUs) / sum(few.processorUs)),
  ];
}

function atLeast(what: string, least: number, found: number): Goal {
  return { what, wanted: `>= ${rounded(least)}`, found, reached: found >= least };
}

function atMost(what: string, limit: number, found: number): Goal {
  return { what, wanted: `<= ${rounded(limit)}`, found, reached: found <= limit };
}

function rounded(value: number): string {
  return value < 10 ? String(value) : value.toFixed(0);
}

function residentGoals(endurance: readonly EndurancePhase[]): Goal[] {
  return adapters.flatMap((adapter) => {
    const own = endurance.filter((phase) => phase.adapter === adapter);
    if (own.length === 0) return [];
    const found = most(own.flatMap(({ residentMiB }) => Object.values(residentMiB)));
    const what = `MiB resident, largest daemon, ${adapter}`;
    return [{ what, wanted: `< ${residentMiBMax}`, found, reached: found < residentMiBMax }];
  });
}

function takeoverGoals(takeovers: readonly TakeoverTime[]): Goal[] {
  return adapters.flatMap((adapter) => {
    const own = takeovers.filter((time) => time.adapter === adapter);
    if (own.length === 0) return [];
    const found = most(own.map(({ openMs }) => openMs));
    const what = `ms to take over an idle group, ${adapter}`;
    return [{ what, wanted: `< ${takeoverMsMax}`, found, reached: found < takeoverMsMax }];
  });
}
