/**
 * The stage of a drill on local processes: a cluster whose links can be cut, hosts at work in it, and the clock of what
 * follows the disaster. Every drill ends with a report; its checks are those of volume-checks.ts.
 */
import { appendFile } from "node:fs/promises";
import { mebibyte, type ClusterShape, type TestNode } from "../harness/cluster-file.js";
import { startAll, waitSynced, withCluster, type TakeoverOrder, type TestCluster } from "../harness/cluster.js";
import { connectNbd } from "../harness/nbd-client.js";
import { waitUntil } from "../harness/wait.js";
import { homes, volumeNames, type Hosts, type Side } from "./hosts.js";
import { phasesOf, recoveryJson, recoveryTable, sumMs, type Phase, type RecoveryReport } from "./recovery-report.js";
import { writeReference } from "./reference-data.js";
import { checkNothingLost, checkReference, checkSame } from "./volume-checks.js";
import { startWriter, type Writer } from "./writer.js";

export interface Stage {
  readonly cluster: TestCluster;
  readonly hosts: Hosts;
  readonly writer: Writer;
}

export interface Finding {
  readonly phases: readonly Phase[];
  readonly acknowledged: number;
  readonly found: number;
  readonly said: string;
  readonly checks: readonly string[];
}

const shape: Partial<ClusterShape> = { volumeBytes: 32 * mebibyte, hold: "8s", lease: "2s" };
/** Where each report goes as one line of JSON, besides the table on standard output. */
const reportsFile = process.env["DRILL_REPORTS"];

/** Runs a drill in a cluster of its own, prints its table, and returns its report. */
export function runLocalDrill(drill: string, body: (stage: Stage) => Promise<Finding>): Promise<RecoveryReport> {
  return withCluster({ shape, links: true }, async (cluster) => {
    await startAll(cluster);
    const hosts = hostsOf(cluster);
    for (const volume of volumeNames) {
      const client = await hosts.open("primary", volume);
      await writeReference(client, volume);
      client.close();
    }
    const writer = startWriter(hosts);
    writer.resume();
    try {
      await writer.goOn(200);
      const report: RecoveryReport = { drill, ...(await body({ cluster, hosts, writer })) };
      process.stdout.write(recoveryTable(report));
      if (reportsFile !== undefined) await appendFile(reportsFile, recoveryJson(report));
      return report;
    } finally {
      // Whoever waits for a volume that is open nowhere any more would wait until its deadline.
      await cluster.endAll();
      await writer.stop();
    }
  });
}

function hostsOf(cluster: TestCluster): Hosts {
  return {
    volumeBytes: shape.volumeBytes ?? 0,
    open: (side, volume) => connectNbd(cluster.nbdPort(homes[volume][side]), volume),
  };
}

/** Times what follows a disaster, phase after phase without a gap. */
export interface RecoveryClock {
  /** The present phase has ended. */
  ended(name: string): void;
  /** Phases that a command told; what it took on top is named after it. */
  told(command: string, phases: readonly Phase[]): void;
  phases(): readonly Phase[];
}

/** Starts at the disaster. */
export function startClock(): RecoveryClock {
  const phases: Phase[] = [];
  let sinceMs = performance.now();
  const takeMs = (): number => {
    const nowMs = performance.now();
    const tookMs = nowMs - sinceMs;
    sinceMs = nowMs;
    return tookMs;
  };
  return {
    ended: (name) => void phases.push({ name, tookMs: takeMs() }),
    told(command, own) {
      const rest = { name: `${command} besides`, tookMs: Math.max(0, takeMs() - sumMs(own)) };
      phases.push(...own, rest);
    },
    phases: () => phases,
  };
}

/** The phase `detect`: nobody answers at these nodes any more. */
export async function detectDead({ cluster }: Stage, clock: RecoveryClock, nodes: readonly TestNode[]): Promise<void> {
  const isDead = (node: TestNode): Promise<boolean> =>
    cluster.status(node).then(
      () => false,
      () => true,
    );
  await waitUntil(`${nodes.join(", ")} are seen dead`, async () =>
    (await Promise.all(nodes.map(isDead))).every((dead) => dead),
  );
  clock.ended("detect");
}

/** Takes the group over at the far side and has the hosts go on there; up to the first write that one is answered. */
export async function failOver(stage: Stage, clock: RecoveryClock, order: TakeoverOrder = {}) {
  const { cluster, writer } = stage;
  const { steps, result } = await cluster.takeover(order);
  if (result.outcome !== "taken-over") throw new Error(`the takeover was refused: ${result.code} ${result.message}`);
  clock.told("takeover", phasesOf(steps));
  await writer.rest();
  return result;
}

/** Hosts go on at a side, after a write to every volume there; the phase ends with the first that is answered. */
export async function hostsGoOn({ writer }: Stage, clock: RecoveryClock, side: Side): Promise<void> {
  writer.moveTo(side);
  writer.resume();
  await writer.goOn(1);
  clock.ended("first host write");
  await writer.goOn(100);
}

/** At rest after a takeover: nothing lost that hosts were told of, and every other byte as it was written. */
export async function checkFarSide({ hosts, writer }: Stage): Promise<{ found: number; checks: string[] }> {
  await writer.rest();
  const found = await checkNothingLost(hosts, "secondary", writer.acknowledged());
  await checkReference(hosts, "secondary");
  return {
    found,
    checks: [
      `dependent writes at the far side: exactly 1..${found}`,
      `${comparedMiB(hosts)} MiB at the far side against what hosts wrote: no difference`,
    ],
  };
}

/** At rest while the group replicates: both sides hold the same, byte for byte, and it is what hosts wrote. */
export async function checkBothSides({ cluster, hosts, writer }: Stage): Promise<{ found: number; checks: string[] }> {
  await writer.rest();
  await waitSynced(cluster);
  const found = await checkNothingLost(hosts, "secondary", writer.acknowledged());
  await checkNothingLost(hosts, "primary", writer.acknowledged());
  await checkReference(hosts, "primary");
  await checkSame(hosts);
  return {
    found,
    checks: [
      `dependent writes on both sides: exactly 1..${found}`,
      `${comparedMiB(hosts)} MiB of each side against the other: no difference`,
    ],
  };
}

function comparedMiB({ volumeBytes }: Hosts): number {
  return (volumeNames.length * volumeBytes) / mebibyte;
}
