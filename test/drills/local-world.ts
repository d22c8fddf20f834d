/** Drills on local processes: a cluster whose links go through proxies, in which hosts are at work. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { mebibyte, type ClusterShape } from "../harness/cluster-file.js";
import { startAll, withCluster, type TestCluster } from "../harness/cluster.js";
import { direct } from "../harness/delaying-proxy.js";
import { connectNbd } from "../harness/nbd-client.js";
import { wayctl } from "../harness/wayctl.js";
import { homes, volumeNames } from "./hosts.js";
import { appendReport, recoveryTable, type RecoveryReport } from "./recovery-report.js";
import { writeReference } from "./reference-data.js";
import type { SiteDrill } from "./site-drills.js";
import { narrowBytesPerSecond, type World } from "./world.js";
import { startWriter } from "./writer.js";

const volumeBytes = 32 * mebibyte;
const shape: Partial<ClusterShape> = { volumeBytes, hold: "8s", lease: "2s" };
const writesBefore = 200;

/** In a cluster of its own. Prints the drill's table, and returns its report. */
export function runLocalDrill({ title, run }: SiteDrill): Promise<RecoveryReport> {
  return withCluster({ shape, links: true }, async (cluster) => {
    await startAll(cluster);
    const world = localWorld(cluster);
    for (const volume of volumeNames) {
      const client = await world.hosts.open("primary", volume);
      await writeReference(client, volume);
      client.close();
    }
    const writer = startWriter(world.hosts);
    writer.resume();
    try {
      await writer.goOn(writesBefore);
      const report: RecoveryReport = { drill: title, ...(await run({ world, writer })) };
      process.stdout.write(recoveryTable(report));
      await appendReport(report);
      return report;
    } finally {
      // Whoever waits for a volume that is open nowhere any more would wait until its deadline.
      await cluster.endAll();
      await writer.stop();
    }
  });
}

function localWorld(cluster: TestCluster): World {
  return {
    hosts: { volumeBytes, open: (side, volume) => connectNbd(cluster.nbdPort(homes[volume][side]), volume) },
    wayctl: (...args) => wayctl(cluster.clusterFile, ...args),
    async kill(nodes) {
      await cluster.end(nodes);
    },
    start: (nodes) => cluster.start(...nodes),
    cut(a, b) {
      const link = cluster.links.between(a, b);
      link.cut();
      return Promise.resolve({ heal: () => Promise.resolve(link.heal()) });
    },
    stall(a, b) {
      const link = cluster.links.between(a, b);
      link.stall();
      return Promise.resolve({ heal: () => Promise.resolve(link.heal()) });
    },
    narrow(a, b) {
      const link = cluster.links.between(a, b);
      link.reshape({ ...direct, bytesPerSecond: narrowBytesPerSecond });
      return Promise.resolve({ heal: () => Promise.resolve(link.reshape(direct)) });
    },
    lose: (node) => rm(join(cluster.dataDirectory, node), { recursive: true }),
  };
}
