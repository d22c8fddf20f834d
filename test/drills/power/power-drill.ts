/**
 * Power cuts (DESIGN rule 3): every daemon's disks and journals are on storage of their own that drops what was not
 * synced. Under the dependent-writes client the power of some nodes, or of all, is cut at random moments and comes back;
 * in the end either both sides must show exactly what was acknowledged, or the primary site stays dark and the
 * secondaries are taken over. A missing sync anywhere shows as a lost write, a broken order, or a node that refuses to
 * start because it finds less than it promised.
 */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createRandom, type Random } from "@waystation/contracts/random";
import {
  defaultShape,
  mebibyte,
  nodeNames,
  primaries,
  secondaries,
  type Service,
  type TestNode,
} from "../../harness/cluster-file.js";
import { startAll, waitProtected, waitSynced, withCluster, type TestCluster } from "../../harness/cluster.js";
import { connectNbd } from "../../harness/nbd-client.js";
import { siteDigests } from "../../harness/volume-digest.js";
import { waitUntil, within } from "../../harness/wait.js";
import { readPrefix, startDependentWrites, type DependentWrites } from "../dependent-writes.js";
import { createPowerStore, type PowerStore } from "./power-store.js";

export interface PowerDrillOptions {
  readonly seed: number;
  /** Where disk images are kept while it runs. */
  readonly folder: string;
  /** The compiled entry point of each service. */
  readonly serviceMain?: (service: Service) => string;
  /** Called at each cut: a round that fails before the first has shown nothing about power. */
  readonly onCut?: () => void;
}

export interface PowerDrillReport {
  readonly cuts: readonly (readonly TestNode[])[];
  readonly ending: "power comes back" | "takeover";
  readonly acknowledged: number;
  readonly prefix: number;
}

const sizeBytes = 4 * 1024 * mebibyte;
const volumeBytes = 16 * mebibyte;
const cutsMax = 4;
const momentMsMax = 2_500;
const gapMsMax = 30;
const progressMs = 90_000;
const volumeNodes = { "vol-a": ["primary-a", "secondary-a"], "vol-b": ["primary-b", "secondary-b"] } as const;

type Stores = ReadonlyMap<TestNode, PowerStore>;

/** One round, in a cluster of its own. Throws when anything is lost or out of order, or a node does not come back. */
export function runPowerDrill(options: PowerDrillOptions): Promise<PowerDrillReport> {
  const { serviceMain } = options;
  const services = serviceMain === undefined ? {} : { serviceMain };
  return withCluster({ shape: { ...defaultShape, volumeBytes }, ...services }, async (cluster) => {
    const stores = new Map<TestNode, PowerStore>();
    try {
      for (const node of nodeNames) {
        const folder = join(options.folder, `${options.seed}-${node}`);
        const mountPoint = join(cluster.dataDirectory, node);
        stores.set(node, await createPowerStore({ folder, mountPoint, sizeBytes }));
      }
      const { seed, onCut = () => {} } = options;
      return await drill(cluster, stores, { random: createRandom(seed), onCut });
    } finally {
      // What is mounted is held by the daemons.
      await cluster.endAll();
      for (const store of stores.values()) await store.release();
    }
  });
}

interface Course {
  readonly random: Random;
  readonly onCut: () => void;
}

async function drill(cluster: TestCluster, stores: Stores, { random, onCut }: Course): Promise<PowerDrillReport> {
  await startAll(cluster);
  const writes = startDependentWrites({ ...areaOn(cluster, 0), persistent: true });
  try {
    const cuts: TestNode[][] = [];
    for (let left = 1 + random.below(cutsMax); left > 0; left--) {
      const nodes = chooseNodes(random);
      cuts.push(nodes);
      await progress(writes, 1);
      await delay(random.below(momentMsMax));
      onCut();
      await cutPower(cluster, stores, { nodes, random });
      await restorePower(cluster, stores, nodes);
      await waitProtected(cluster);
    }
    await progress(writes, 20);
    const ending = random.chance(0.5) ? "takeover" : "power comes back";
    const end = ending === "takeover" ? endWithTakeover : endWithPower;
    return { cuts, ending, ...(await end(cluster, { stores, writes, random })) };
  } finally {
    await within("the end of the client", progressMs, writes.stop());
  }
}

/** One node, several, or the lights go out everywhere. */
function chooseNodes(random: Random): TestNode[] {
  if (random.chance(0.3)) return [...nodeNames];
  const chosen = nodeNames.filter(() => random.chance(0.35));
  return chosen.length === 0 ? [random.pick(nodeNames)] : chosen;
}

function progress(writes: DependentWrites, count: number): Promise<unknown> {
  const from = writes.acknowledged();
  return waitUntil(`${count} more writes`, () => writes.acknowledged() >= from + count, { deadlineMs: progressMs });
}

interface Cut {
  readonly nodes: readonly TestNode[];
  readonly random: Random;
}

async function cutPower(cluster: TestCluster, stores: Stores, { nodes, random }: Cut): Promise<void> {
  const together = random.chance(0.5);
  for (const node of nodes) {
    // The daemon first, the disk in the same breath: what it was told by its disk, it may have told others.
    cluster.process(node).signal("SIGKILL");
    stores.get(node)?.cut();
    if (!together) await delay(random.below(gapMsMax));
  }
  await cluster.end(nodes);
}

async function restorePower(cluster: TestCluster, stores: Stores, nodes: readonly TestNode[]): Promise<void> {
  for (const node of nodes) await stores.get(node)?.restore();
  await cluster.start(...nodes);
}

function areaOn(cluster: TestCluster, side: 0 | 1) {
  return {
    open: (volume: keyof typeof volumeNodes) => connectNbd(cluster.nbdPort(volumeNodes[volume][side]), volume),
    volumeBytes,
  };
}

interface Ending {
  readonly stores: Stores;
  readonly writes: DependentWrites;
  readonly random: Random;
}

type Found = Pick<PowerDrillReport, "acknowledged" | "prefix">;

/** Everything goes on: both sides show the same, and all that was acknowledged. */
async function endWithPower(cluster: TestCluster, { writes }: Ending): Promise<Found> {
  await writes.stop();
  await waitSynced(cluster);
  const acknowledged = writes.acknowledged();
  const near = checkPrefix(acknowledged, await readPrefix(areaOn(cluster, 0)), "primaries");
  checkPrefix(acknowledged, await readPrefix(areaOn(cluster, 1)), "secondaries");
  const [primary, secondary] = [await siteDigests(cluster, "primary"), await siteDigests(cluster, "secondary")];
  if (primary.join() !== secondary.join()) throw new Error("the volumes of the two sides differ");
  return { acknowledged, prefix: near };
}

/** The primary site stays dark; perhaps others go dark with it, and come back. */
async function endWithTakeover(cluster: TestCluster, { stores, writes, random }: Ending): Promise<Found> {
  const others = ["relay-1", ...secondaries] as const;
  const passing = others.filter(() => random.chance(0.4));
  await cutPower(cluster, stores, { nodes: [...primaries, ...passing], random });
  await writes.stop();
  await restorePower(cluster, stores, passing);
  const takeover = await cluster.takeover({ on: random.pick(secondaries) });
  if (takeover.result.outcome !== "taken-over")
    throw new Error(`the takeover was refused: ${takeover.result.code} ${takeover.result.message}`);
  await waitUntil("both volumes are open for hosts", async () => {
    const statuses = await Promise.all(secondaries.map((node) => cluster.status(node)));
    return statuses.every(({ volumes }) => volumes.every(({ access }) => access === "read-write"));
  });
  const acknowledged = writes.acknowledged();
  return { acknowledged, prefix: checkPrefix(acknowledged, await readPrefix(areaOn(cluster, 1)), "secondaries") };
}

function checkPrefix(acknowledged: number, prefix: number, where: string): number {
  if (prefix < acknowledged)
    throw new Error(`LOST: acknowledged up to ${acknowledged}, the ${where} hold 1..${prefix}`);
  if (prefix > acknowledged + 1) throw new Error(`the ${where} hold write ${prefix}, sent ${acknowledged + 1}`);
  return prefix;
}
