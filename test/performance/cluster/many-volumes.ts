/**
 * What a write costs in a group of two volumes and in one of two hundred, at equal load: so many writes per second, by turns to
 * all volumes. Bytes and messages are counted on the links of the group, processor time over all daemons, both until the
 * far side has applied everything.
 */
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { mebibyte, nodeNames, primaries, secondaries, type TestNode } from "../../harness/cluster-file.js";
import { startAll, waitSynced, withCluster, type TestCluster } from "../../harness/cluster.js";
import type { LinkTraffic } from "../../harness/cluster-links.js";
import { connectNbd, type NbdClient } from "../../harness/nbd-client.js";
import { processorMs } from "./process-figures.js";
import type { Effort } from "./target.js";

export interface VolumesFigures {
  readonly volumes: number;
  readonly writes: number;
  /** Per write; processor time by daemon. */
  readonly bytes: Readonly<Record<LegName, number>>;
  readonly messages: Readonly<Record<LegName, number>>;
  readonly processorUs: Readonly<Record<string, number>>;
}

type LegName = "near" | "far";

export const volumeCounts = [2, 200] as const;
/** As many for the few volumes as for the many: a connection costs something too. */
const connections = Math.max(...volumeCounts);
const writesPerSecond = 800;
const writeBytes = 4096;
const inFlightMax = 64;
/** Of all volumes together, so that the arrays underneath have the same to do. Within the write intent of two volumes. */
const areaBytes = 400 * mebibyte;
const paceMs = 10;
const settleMs = 300_000;

const legs: Readonly<Record<LegName, readonly (readonly [TestNode, TestNode])[]>> = {
  near: primaries.map((node) => [node, "relay-1"]),
  far: secondaries.map((node) => ["relay-1", node]),
};

export async function measureManyVolumes(effort: Effort): Promise<VolumesFigures[]> {
  const figures: VolumesFigures[] = [];
  for (const count of volumeCounts) figures.push(await measureOne(count, effort));
  return figures;
}

function measureOne(volumes: number, { seconds, abort }: Effort): Promise<VolumesFigures> {
  return withCluster({ links: true }, async (cluster) => {
    const names = await nameVolumes(cluster.clusterFile, volumes);
    await startAll(cluster);
    const clients: NbdClient[] = [];
    for (let index = 0; index < connections; index++) {
      const { name, primary } = names[index % names.length] ?? { name: "", primary: "primary-a" };
      clients.push(await connectNbd(cluster.nbdPort(primary), name));
    }
    // Once over, so that the intents have what they need and nothing is started for the first time.
    await writeAtPace(clients, { seconds: 1, abort });
    await waitSynced(cluster, settleMs);
    const before = await countersOf(cluster);
    const writes = await writeAtPace(clients, { seconds, abort });
    await waitSynced(cluster, settleMs);
    const after = await countersOf(cluster);
    for (const client of clients) client.close();
    return {
      volumes,
      writes,
      bytes: perWrite(before.bytes, after.bytes, writes),
      messages: perWrite(before.messages, after.messages, writes),
      processorUs: perWrite(before.processorUs, after.processorUs, writes),
    };
  });
}

interface ClusterFile {
  volumes: object[];
  readonly groups: { volumes: string[] }[];
}

/** As many volumes as wanted, by turns on both primaries, all in the group. */
async function nameVolumes(path: string, count: number): Promise<{ name: string; primary: TestNode }[]> {
  const file = JSON.parse(await readFile(path, "utf8")) as ClusterFile;
  const names = Array.from({ length: count }, (_, index) => {
    const side = index % 2 === 0 ? "a" : "b";
    return { name: `vol-${index + 1}`, side, primary: `primary-${side}` } as const;
  });
  file.volumes = names.map(({ name, side }) => ({
    name,
    size: areaBytes / count,
    primary: { node: `primary-${side}`, array: `array-${side}` },
    secondary: { node: `secondary-${side}`, array: `array-${side}` },
  }));
  for (const group of file.groups) group.volumes = names.map(({ name }) => name);
  await writeFile(path, JSON.stringify(file));
  return names;
}

/** Writes by turns to all; every few ms as many as are due, unless too many are still on their way. Returns how many. */
async function writeAtPace(
  clients: readonly NbdClient[],
  { seconds, abort }: Pick<Effort, "seconds" | "abort">,
): Promise<number> {
  const total = writesPerSecond * seconds;
  const startedMs = performance.now();
  const underWay = new Set<Promise<void>>();
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - startedMs) * writesPerSecond) / 1000));
    for (; sent < due; sent++) {
      if (underWay.size >= inFlightMax) await Promise.race(underWay);
      const client = clients[sent % clients.length];
      if (client === undefined) throw new Error("no volumes");
      const block = Math.floor((Math.random() * client.sizeBytes) / writeBytes);
      const write = client.write(block * writeBytes, randomBytes(writeBytes)).finally(() => underWay.delete(write));
      underWay.add(write);
    }
    await delay(paceMs, undefined, { signal: abort });
  }
  await Promise.all(underWay);
  return total;
}

interface Counters {
  readonly bytes: Record<LegName, number>;
  readonly messages: Record<LegName, number>;
  readonly processorUs: Record<string, number>;
}

async function countersOf(cluster: TestCluster): Promise<Counters> {
  const sumOf = (leg: LegName, pick: (traffic: LinkTraffic) => number): number =>
    legs[leg].reduce((sum, [from, to]) => sum + pick(cluster.links.between(from, to).carried()), 0);
  const bytesOf = (leg: LegName) => sumOf(leg, ({ thereBytes, backBytes }) => thereBytes + backBytes);
  const messagesOf = (leg: LegName) => sumOf(leg, ({ thereMessages, backMessages }) => thereMessages + backMessages);
  const processorUs: Record<string, number> = {};
  for (const node of nodeNames) processorUs[node] = (await processorMs(cluster.process(node).pid)) * 1000;
  return {
    bytes: { near: bytesOf("near"), far: bytesOf("far") },
    messages: { near: messagesOf("near"), far: messagesOf("far") },
    processorUs,
  };
}

function perWrite<Name extends string>(
  before: Readonly<Record<Name, number>>,
  after: Readonly<Record<Name, number>>,
  writes: number,
): Record<Name, number> {
  const names = Object.keys(after) as Name[];
  return Object.fromEntries(names.map((name) => [name, (after[name] - before[name]) / writes])) as Record<Name, number>;
}
