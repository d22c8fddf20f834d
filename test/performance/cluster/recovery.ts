/** How long a takeover of an idle group takes, and how long a daemon that was killed under load takes to be back. */
import { setTimeout as delay } from "node:timers/promises";
import { primaries, secondaries, type TestNode } from "../../harness/cluster-file.js";
import { waitProtected, waitSynced, type TestCluster } from "../../harness/cluster.js";
import { waitUntil } from "../../harness/wait.js";
import { keyLoads } from "./loads.js";
import { ownTarget, withOwnCluster, type Adapter } from "./own-cluster.js";
import { runLoad, type Effort } from "./target.js";

export interface TakeoverTime {
  readonly adapter: Adapter;
  /** As the coordinator tells it. */
  readonly takeoverMs: number;
  /** From the order until every volume is open for hosts at the far side. */
  readonly openMs: number;
}

export interface RecoveryTime {
  readonly adapter: Adapter;
  readonly node: TestNode;
  /** From the start of its process until it says that it is ready. */
  readonly readyMs: number;
  /** From the same moment until hosts can write and every write is protected. */
  readonly protectedMs: number;
  /** Until every secondary has applied everything. */
  readonly syncedMs: number;
}

const syncedDeadlineMs = 300_000;
const killed: readonly TestNode[] = ["primary-a", "relay-1", "secondary-a"];

/** Kills each kind of daemon under load, then the primary site while nothing is written. */
export function measureRecovery(
  adapter: Adapter,
  effort: Effort,
): Promise<{ takeover: TakeoverTime; recovery: RecoveryTime[] }> {
  return withOwnCluster({ adapter, areaBytes: effort.areaBytes, abort: effort.abort }, async (cluster) => {
    const recovery: RecoveryTime[] = [];
    for (const node of killed) recovery.push({ adapter, node, ...(await recover(cluster, adapter, node, effort)) });
    await waitSynced(cluster, syncedDeadlineMs);
    return { takeover: await takeOverIdle(cluster, adapter), recovery };
  });
}

async function recover(cluster: TestCluster, adapter: Adapter, node: TestNode, effort: Effort) {
  // The load ends with an error when its own primary is killed.
  const load = runLoad(ownTarget(adapter, cluster), keyLoads.smallWrite, effort).catch((error: unknown) => error);
  await delay(effort.seconds * 500);
  await cluster.end([node]);
  const startedMs = performance.now();
  const elapsedMs = (): number => performance.now() - startedMs;
  await cluster.start(node);
  const readyMs = elapsedMs();
  await waitProtected(cluster);
  const protectedMs = elapsedMs();
  await load;
  await waitSynced(cluster, syncedDeadlineMs);
  effort.abort.throwIfAborted();
  return { readyMs, protectedMs, syncedMs: elapsedMs() };
}

async function takeOverIdle(cluster: TestCluster, adapter: Adapter): Promise<TakeoverTime> {
  await cluster.end(primaries);
  return takeOver(cluster, adapter);
}

/** With the primaries dead. */
export async function takeOver(cluster: TestCluster, adapter: Adapter): Promise<TakeoverTime> {
  const startedMs = performance.now();
  const { steps, result } = await cluster.takeover();
  if (result.outcome !== "taken-over") throw new Error(`the takeover was refused: ${result.code} ${result.message}`);
  await waitUntil("every volume is open for hosts", async () => {
    const statuses = await Promise.all(secondaries.map((node) => cluster.status(node)));
    return statuses.every(({ volumes }) => volumes.every(({ access }) => access === "read-write"));
  });
  const openMs = performance.now() - startedMs;
  return { adapter, takeoverMs: steps.at(-1)?.elapsedMs ?? 0, openMs };
}
