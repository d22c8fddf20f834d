/**
 * A long far leg: 50 ms there and back, 1 Gb/s. How full it gets while it is what limits, and what the synchronous leg notices
 * of it. The link is a proxy of our own (harness/delaying-proxy.ts), and what a plain TCP stream pushes through one like it
 * in the same run is what the machine can do at all. A backlog is made while the link is narrow and hosts write 64 KiB
 * blocks; then it is what it is wanted to be, and what passes until the relay has shipped all is timed.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { secondaries } from "../../harness/cluster-file.js";
import { waitSynced, type TestCluster } from "../../harness/cluster.js";
import { direct, startDelayingProxy, type LinkShape } from "../../harness/delaying-proxy.js";
import { waitUntil } from "../../harness/wait.js";
import { keyLoads, withDepth, type Load } from "./loads.js";
import { ownTarget, withOwnCluster, type Adapter } from "./own-cluster.js";
import { runLoad, type Effort } from "./target.js";

export interface FarLinkFigures {
  readonly adapter: Adapter;
  /** Bytes per second: of the link, of a plain TCP stream through it, and of a far leg that catches up. */
  readonly linkRate: number;
  readonly tcpRate: number;
  readonly farLegRate: number;
  /** The same while hosts go on writing, and on a link as wide without its delay. */
  readonly underLoadRate: number;
  readonly undelayedRate: number;
  /** Of 4 KiB writes one at a time, with a short far leg and with the long one. */
  readonly shortP50Us: number;
  readonly longP50Us: number;
  readonly shortP99Us: number;
  readonly longP99Us: number;
}

const longLink: LinkShape = { delayMs: 25, bytesPerSecond: 125_000_000 };
export const narrowLink: LinkShape = { delayMs: 0, bytesPerSecond: 8_000_000 };
const oneAtATime = withDepth(keyLoads.smallWrite, 1);
/** A rate counts from when the windows have opened. */
const warmMs = 300;
const drainMs = 300_000;

export async function measureFarLink(adapter: Adapter, effort: Effort): Promise<FarLinkFigures> {
  const tcpRate = await measureTcp(effort.seconds);
  const { areaBytes, abort } = effort;
  return withOwnCluster({ adapter, areaBytes, abort, links: true }, async (cluster) => {
    const load = (which: Load, seconds: number) => runLoad(ownTarget(adapter, cluster), which, { ...effort, seconds });
    const far = secondaries.map((node) => cluster.links.between("relay-1", node));
    const reshape = (shape: LinkShape): void => far.forEach((link) => link.reshape(shape));
    reshape(direct);
    const short = await load(oneAtATime, effort.seconds);
    await waitSynced(cluster, drainMs);
    reshape(longLink);
    const long = await load(oneAtATime, effort.seconds);
    await waitSynced(cluster, drainMs);

    const catchUpOver = async (shape: LinkShape, isUnderLoad: boolean): Promise<number> => {
      await waitSynced(cluster, drainMs);
      reshape(narrowLink);
      await load(keyLoads.largeWrite, effort.seconds * 2);
      reshape(shape);
      const writing = isUnderLoad ? load(keyLoads.largeWrite, effort.seconds) : null;
      await delay(warmMs);
      return rateUntil(cluster, () => writing ?? allShipped(cluster));
    };
    return {
      adapter,
      linkRate: longLink.bytesPerSecond ?? 0,
      tcpRate,
      undelayedRate: await catchUpOver({ ...longLink, delayMs: 0 }, false),
      farLegRate: await catchUpOver(longLink, false),
      underLoadRate: await catchUpOver(longLink, true),
      shortP50Us: short.p50Us,
      longP50Us: long.p50Us,
      shortP99Us: short.p99Us,
      longP99Us: long.p99Us,
    };
  });
}

/** What passes to secondary-a, whose volume is written, per second until that is over. */
async function rateUntil(cluster: TestCluster, end: () => Promise<unknown>): Promise<number> {
  const link = cluster.links.between("relay-1", "secondary-a");
  const before = link.carried().thereBytes;
  const startedMs = performance.now();
  await end();
  return ((link.carried().thereBytes - before) * 1000) / (performance.now() - startedMs);
}

async function allShipped(cluster: TestCluster): Promise<void> {
  await waitUntil(
    "the relay has shipped everything to secondary-a",
    async () => {
      const stages = (await cluster.status("relay-1")).groups[0]?.relay;
      return stages?.secondaries.some(({ node, shipped }) => node === "secondary-a" && shipped === stages.stamped);
    },
    { deadlineMs: drainMs, pollMs: 20 },
  );
}

async function measureTcp(seconds: number): Promise<number> {
  const start = (...args: string[]) =>
    spawn(process.execPath, [fileURLToPath(new URL("./tcp-stream.js", import.meta.url)), ...args], {
      stdio: ["pipe", "pipe", "inherit"],
    });
  const sink = start("serve");
  try {
    const [port] = (await once(createInterface({ input: sink.stdout }), "line")) as [string];
    const proxy = await startDelayingProxy({ targetPort: Number(port), shape: longLink });
    const sender = start("send", String(proxy.port), String(seconds + warmMs / 1000));
    const ended = once(sender, "exit");
    await delay(warmMs);
    const before = proxy.carried().there;
    const startedMs = performance.now();
    await ended;
    const rate = ((proxy.carried().there - before) * 1000) / (performance.now() - startedMs);
    await proxy.close();
    return rate;
  } finally {
    sink.kill("SIGKILL");
  }
}
