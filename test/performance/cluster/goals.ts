/** What is asked of this version, and whether a run reached it. */
import type { EndurancePhase } from "./endurance.js";
import { keyLoads, type Load } from "./loads.js";
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

export interface Results {
  readonly rounds: readonly (readonly SpeedCell[])[];
  readonly endurance: readonly EndurancePhase[];
  readonly takeovers: readonly TakeoverTime[];
}

/** The goals that this run measured. */
export function goalsOf({ rounds, endurance, takeovers }: Results): Goal[] {
  const ratios = ratioGoals.flatMap(({ load, peer, least }) =>
    adapters.flatMap((adapter): Goal[] => {
      const found = ratioOf(rounds, { load: load.name, ours: adapter, peer });
      if (found === null) return [];
      const what = `${load.name}: ${adapter} / ${peer}`;
      return [{ what, wanted: `>= ${least[adapter]}`, found, reached: found >= least[adapter] }];
    }),
  );
  return [...ratios, ...residentGoals(endurance), ...takeoverGoals(takeovers)];
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
