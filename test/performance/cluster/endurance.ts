/**
 * Memory and lag under full load: a minute of it with everything up, one with a secondary that stands still (its
 * connections stay open), one with a secondary that is gone, and what it takes to catch up after each.
 */
import type { TestNode } from "../../harness/cluster-file.js";
import { nodeNames } from "../../harness/cluster-file.js";
import { waitProtected, waitSynced, type TestCluster } from "../../harness/cluster.js";
import { keyLoads } from "./loads.js";
import { withOwnCluster, ownTarget, type Adapter } from "./own-cluster.js";
import { residentMiB } from "./process-figures.js";
import { most } from "./statistics.js";
import { runLoad, type Effort } from "./target.js";

export interface LagSample {
  readonly atSeconds: number;
  /** Per connected secondary: stamped at the relay and not applied there. */
  readonly writes: Readonly<Record<string, number>>;
  readonly seconds: Readonly<Record<string, number>>;
  readonly journalMiB: number;
}

export interface EndurancePhase {
  readonly adapter: Adapter;
  readonly phase: string;
  readonly seconds: number;
  readonly writesPerSecond: number | null;
  /** The most that was resident, of daemons that ran. */
  readonly residentMiB: Readonly<Record<string, number>>;
  readonly lag: readonly LagSample[];
}

const sampleMs = 500;
const catchUpMs = 600_000;
const stopped: TestNode = "secondary-a";
const mebibyte = 1024 * 1024;

export function measureEndurance(
  adapter: Adapter,
  effort: Effort,
  onPhase: (phase: EndurancePhase) => void,
): Promise<EndurancePhase[]> {
  return withOwnCluster({ adapter, areaBytes: effort.areaBytes, abort: effort.abort }, async (cluster) => {
    const phases: EndurancePhase[] = [];
    const phase = async (name: string, body: () => Promise<number | null>): Promise<void> => {
      const sampler = startSampling(cluster);
      const startedMs = performance.now();
      let writesPerSecond: number | null;
      try {
        writesPerSecond = await body();
      } finally {
        await sampler.stop();
      }
      const seconds = (performance.now() - startedMs) / 1000;
      const { resident: residentMiB, lag } = sampler;
      phases.push({ adapter, phase: name, seconds, writesPerSecond, residentMiB, lag });
      onPhase(phases.at(-1)!);
    };
    const load = async (): Promise<number> => {
      const figures = await runLoad(ownTarget(adapter, cluster), keyLoads.smallWrite, effort);
      return figures.perSecond;
    };
    const catchUp = async (): Promise<null> => {
      await waitSynced(cluster, catchUpMs);
      return null;
    };
    await phase("full load", load);
    await phase("after it", catchUp);
    cluster.process(stopped).signal("SIGSTOP");
    try {
      await phase(`${stopped} stands still`, load);
    } finally {
      cluster.process(stopped).signal("SIGCONT");
    }
    await phase(`${stopped} catches up`, catchUp);
    await cluster.end([stopped]);
    await phase(`${stopped} is down`, load);
    await phase(`${stopped} starts and catches up`, async () => {
      await cluster.start(stopped);
      return catchUp();
    });
    await waitProtected(cluster);
    return phases;
  });
}

function startSampling(cluster: TestCluster) {
  const resident: Record<string, number> = {};
  const lag: LagSample[] = [];
  const startedMs = performance.now();
  const sample = async (): Promise<void> => {
    for (const node of nodeNames) {
      const daemon = cluster.process(node);
      if (daemon.running()) resident[node] = most([resident[node] ?? 0, await residentMiB(daemon.pid).catch(() => 0)]);
    }
    const stages = await cluster.status("relay-1").then(
      ({ groups }) => groups[0]?.relay ?? null,
      () => null,
    );
    if (stages === null) return;
    const connected = stages.secondaries.filter((each) => each.connected);
    lag.push({
      atSeconds: (performance.now() - startedMs) / 1000,
      writes: Object.fromEntries(connected.map(({ node, lagWrites }) => [node, lagWrites])),
      seconds: Object.fromEntries(connected.map(({ node, lagSeconds }) => [node, lagSeconds])),
      journalMiB: stages.journalUsedBytes / mebibyte,
    });
  };
  let running: Promise<void> = sample();
  const timer = setInterval(() => {
    running = running.then(sample);
  }, sampleMs);
  return {
    resident,
    lag,
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
