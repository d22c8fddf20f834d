/**
 * Does the far leg keep up? Hosts write to both volumes for a minute, and each second the relay is asked how many writes are
 * stamped and not applied at the far side. A lag that grows all the while is a rate that cannot be kept; so the slope is told
 * beside the rate. QEMU's mirror job has the same clients in the same run.
 */
import { setTimeout as delay } from "node:timers/promises";
import { waitSynced, type TestCluster } from "../../harness/cluster.js";
import { nbdTarget, prefill, runFio } from "./fio.js";
import { keyLoads, withDepth, type Load } from "./loads.js";
import { withOwnCluster, type Adapter } from "./own-cluster.js";
import { most } from "./statistics.js";
import type { Effort, Target } from "./target.js";

export interface FarLag {
  readonly adapter: Adapter;
  readonly load: string;
  readonly perSecond: number;
  /** Of the same clients on QEMU's mirror. */
  readonly mirrorPerSecond: number;
  /** Of the slower secondary. */
  readonly lagWritesMax: number;
  readonly lagSecondsMax: number;
  /** By how many writes a second the lag grew, by least squares. */
  readonly lagSlope: number;
}

const sampleMs = 1000;
/** The first samples belong to the start, when nothing lags. */
const warmSamples = 3;
const syncedMs = 600_000;
/** Each of two clients has half of what one has elsewhere. */
const loads = [keyLoads.smallWrite, keyLoads.largeWrite].map((load) => withDepth(load, load.depth / 2));

export async function measureFarLag(adapter: Adapter, mirror: Target, effort: Effort): Promise<FarLag[]> {
  const { areaBytes, abort } = effort;
  const rates: number[] = [];
  for (const load of loads) rates.push(await rateOf([mirror.fio, mirror.fio], load, effort));
  await mirror.settle();
  return withOwnCluster({ adapter, areaBytes, abort }, async (cluster) => {
    const volumes = [nbdTarget(cluster.nbdUri("primary-a", "vol-a")), nbdTarget(cluster.nbdUri("primary-b", "vol-b"))];
    await prefill(volumes[1] ?? [], areaBytes, abort);
    const found: FarLag[] = [];
    for (const [index, load] of loads.entries()) {
      await waitSynced(cluster, syncedMs);
      const sampler = startSampling(cluster);
      const perSecond = await rateOf(volumes, load, effort);
      const lags = await sampler.stop();
      const mirrorPerSecond = rates[index] ?? 0;
      found.push({ adapter, load: `${load.name}, on both volumes`, perSecond, mirrorPerSecond, ...lags });
    }
    return found;
  });
}

/** Of all clients together. */
async function rateOf(targets: readonly (readonly string[])[], load: Load, effort: Effort): Promise<number> {
  const figures = await Promise.all(targets.map((target) => runFio({ target, load, ...effort })));
  return figures.reduce((sum, { perSecond }) => sum + perSecond, 0);
}

interface Sample {
  readonly atSeconds: number;
  readonly writes: number;
  readonly seconds: number;
}

function startSampling(cluster: TestCluster) {
  const samples: Sample[] = [];
  const startedMs = performance.now();
  let stopping = false;
  const run = async (): Promise<void> => {
    while (!stopping) {
      await delay(sampleMs);
      const stages = (await cluster.status("relay-1").catch(() => null))?.groups[0]?.relay;
      if (stages === undefined || stages === null) continue;
      samples.push({
        atSeconds: (performance.now() - startedMs) / 1000,
        writes: most(stages.secondaries.map(({ lagWrites }) => lagWrites)),
        seconds: most(stages.secondaries.map(({ lagSeconds }) => lagSeconds)),
      });
    }
  };
  const running = run();
  return {
    async stop(): Promise<Pick<FarLag, "lagWritesMax" | "lagSecondsMax" | "lagSlope">> {
      stopping = true;
      await running;
      return {
        lagWritesMax: most(samples.map(({ writes }) => writes)),
        lagSecondsMax: most(samples.map(({ seconds }) => seconds)),
        lagSlope: slopeOf(samples.slice(Math.min(warmSamples, samples.length - 2))),
      };
    },
  };
}

/** Writes per second, by least squares; 0 for fewer than two samples. */
function slopeOf(samples: readonly Sample[]): number {
  const mean = (pick: (sample: Sample) => number): number =>
    samples.reduce((sum, sample) => sum + pick(sample), 0) / samples.length;
  const [meanAt, meanWrites] = [mean(({ atSeconds }) => atSeconds), mean(({ writes }) => writes)];
  let [above, below] = [0, 0];
  for (const { atSeconds, writes } of samples) {
    above += (atSeconds - meanAt) * (writes - meanWrites);
    below += (atSeconds - meanAt) ** 2;
  }
  return below === 0 ? 0 : above / below;
}
