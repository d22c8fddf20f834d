/**
 * The drills. Each writes dependent writes all the while, does its harm, and ends with the checks of verify.ts. What they
 * expect of a fault is in their assertions: hosts go on, or are held, or fail, as the fence level `data` promises.
 */
import { strict as assert } from "node:assert";
import { setTimeout as delay } from "node:timers/promises";
import { appendReport, describePhases, recoveryRows, seconds, type RecoveryReport } from "../recovery-report.js";
import { returnDrills } from "../return-drills.js";
import { siteDrills, type SiteDrill } from "../site-drills.js";
import { isServed, viewOf, waitForView, type Fault } from "../world.js";
import { describeFailures, type Writer } from "../writer.js";
import { holdMs, type Cluster } from "./cluster.js";
import { crash, disconnect, dropPackets, pause, recreate } from "./faults.js";
import { describeComparison, describeRpo, type DrillReport } from "./report.js";
import { drillCutEast, drillKillPrimaries } from "./takeover-drills.js";
import { verifyBothSides } from "./verify.js";

export interface Drill {
  readonly name: string;
  readonly title: string;
  /** After a takeover the cluster is of no use to another drill. */
  readonly endsInTakeover: boolean;
  run(cluster: Cluster, writer: Writer): Promise<DrillReport>;
}

export const drills: readonly Drill[] = [
  {
    name: "pause-short",
    title: "the relay stands still for less than the hold time",
    endsInTakeover: false,
    run: (cluster, writer) => drillPause(cluster, writer, { pausedMs: holdMs / 2, hostsFail: false }),
  },
  {
    name: "pause-long",
    title: "the relay stands still for longer than the hold time",
    endsInTakeover: false,
    run: (cluster, writer) => drillPause(cluster, writer, { pausedMs: holdMs + 3_000, hostsFail: true }),
  },
  {
    name: "cut-west",
    title: "all packets between the far site and the others are dropped, then pass again",
    endsInTakeover: false,
    run: drillCutWest,
  },
  {
    name: "disconnect",
    title: "the relay loses its network to the far site, then a primary the one to the relay; both come back",
    endsInTakeover: false,
    run: drillDisconnect,
  },
  {
    name: "restart",
    title: "the relay crashes; a secondary and a primary get new containers on their volumes",
    endsInTakeover: false,
    run: drillRestart,
  },
  {
    name: "kill-primaries",
    title: "both primaries are killed, and the far side takes over",
    endsInTakeover: true,
    run: drillKillPrimaries,
  },
  {
    name: "cut-east",
    title: "the primary site is cut off but alive, the far side takes over, the old primaries can be reached again",
    endsInTakeover: true,
    run: drillCutEast,
  },
  ...[...Object.values(siteDrills), ...Object.values(returnDrills)].map(fromSiteDrill),
];

/** Those that are played on local processes too. */
function fromSiteDrill({ name, title, endsInTakeover, run }: SiteDrill): Drill {
  return {
    name,
    title,
    endsInTakeover,
    async run(cluster, writer) {
      await writer.goOn(200);
      const report: RecoveryReport = { drill: title, ...(await run({ world: cluster, writer })) };
      await appendReport(report);
      return { lines: recoveryRows(report) };
    },
  };
}

async function drillPause(
  cluster: Cluster,
  writer: Writer,
  { pausedMs, hostsFail }: { readonly pausedMs: number; readonly hostsFail: boolean },
): Promise<DrillReport> {
  await writer.goOn(200);
  const startMs = performance.now();
  const fault = await pause(cluster.containers, "relay-1");
  await delay(pausedMs);
  const healMs = performance.now();
  await fault.heal();
  const back = await recovery(cluster, writer, healMs);
  const failed = writer.failures().size > 0;
  assert.equal(failed, hostsFail, `host writes: ${describeFailures(writer)}`);
  return finish(cluster, writer, [
    ["fault", `relay-1 paused for ${seconds(healMs - startMs)}; hold time ${seconds(holdMs)}`],
    ["host writes", `${describeFailures(writer)}; longest wait ${seconds(writer.longestWaitMs(startMs))}`],
    ["RTO", back],
  ]);
}

async function drillCutWest(cluster: Cluster, writer: Writer): Promise<DrillReport> {
  await writer.goOn(200);
  const startMs = performance.now();
  const fault = await dropPackets(cluster.containers, ["secondary-a", "secondary-b"], ["middle-west", "east-west"]);
  const { during, healMs } = await harmless(cluster, writer, fault, 6_000);
  const back = await recovery(cluster, writer, healMs);
  return finish(cluster, writer, [
    ["fault", `no packet to or from the far site for ${seconds(healMs - startMs)}`],
    ["host writes", `${during} acknowledged meanwhile, ${describeFailures(writer)}`],
    ["RTO", back],
  ]);
}

async function drillDisconnect(cluster: Cluster, writer: Writer): Promise<DrillReport> {
  await writer.goOn(200);
  const farMs = performance.now();
  const far = await disconnect(cluster.containers, "relay-1", "middle-west");
  const { during, healMs } = await harmless(cluster, writer, far, 4_000);
  const backFar = await recovery(cluster, writer, healMs);

  const nearMs = performance.now();
  const near = await disconnect(cluster.containers, "primary-a", "east-middle");
  await delay(1_000);
  const nearHealMs = performance.now();
  await near.heal();
  const backNear = await recovery(cluster, writer, nearHealMs);
  assert.equal(describeFailures(writer), "none failed", "the relay was back within the hold time");
  return finish(cluster, writer, [
    ["fault 1", `relay-1 without middle-west for ${seconds(healMs - farMs)}: ${during} writes acknowledged meanwhile`],
    ["RTO 1", backFar],
    ["fault 2", `primary-a without east-middle for ${seconds(nearHealMs - nearMs)}`],
    ["host writes", `${describeFailures(writer)}; longest wait ${seconds(writer.longestWaitMs(nearMs))}`],
    ["RTO 2", backNear],
  ]);
}

async function drillRestart(cluster: Cluster, writer: Writer): Promise<DrillReport> {
  const lines: [string, string][] = [];
  const harms: [string, () => Promise<void>][] = [
    ["relay-1 crashes, its restart policy brings it back", () => crash(cluster.containers, "relay-1")],
    ["secondary-b gets a new container", () => recreate(cluster.containers, "secondary-b")],
    ["primary-a gets a new container", () => recreate(cluster.containers, "primary-a")],
  ];
  for (const [index, [what, harm]] of harms.entries()) {
    await writer.goOn(200);
    const startMs = performance.now();
    await harm();
    lines.push([`fault ${index + 1}`, what], [`RTO ${index + 1}`, await recovery(cluster, writer, startMs)]);
  }
  return finish(cluster, writer, [...lines, ["host writes", describeFailures(writer)]]);
}

/** A fault on the far leg: hosts must not notice. */
async function harmless(cluster: Cluster, writer: Writer, fault: Fault, lastsMs: number) {
  const startMs = performance.now();
  await delay(lastsMs);
  const healMs = performance.now();
  const during = writer.acknowledgedBetween(startMs, healMs);
  const { groups } = await viewOf(cluster);
  await fault.heal();
  assert(during > 0, "hosts must go on while only the far leg is down");
  assert.equal(describeFailures(writer), "none failed", "hosts must not notice that the far leg is down");
  assert.equal(groups[0]?.protected, true, `acknowledged writes are safe in the relay: ${groups[0]?.protectedDetail}`);
  return { during, healMs };
}

/** Waits until hosts write again and everything is as it was; tells how long each took since `sinceMs`. */
async function recovery(cluster: Cluster, writer: Writer, sinceMs: number): Promise<string> {
  await writer.goOn(100);
  const waitedMs = writer.longestWaitMs(sinceMs);
  await waitForView(cluster, "volumes open and the group protected", (view) => isServed(view));
  const servedMs = performance.now();
  const caughtUp = (lag: number | null): boolean => lag !== null && lag < 1_000;
  await waitForView(cluster, "the far side has caught up", ({ groups }) =>
    groups.every(({ members }) =>
      members.every(({ node, lagWrites }) => !node.startsWith("secondary") || caughtUp(lagWrites)),
    ),
  );
  return describePhases([
    { name: "a host's longest wait", tookMs: waitedMs },
    { name: "protected after", tookMs: servedMs - sinceMs },
    { name: "far side caught up after", tookMs: performance.now() - sinceMs },
  ]);
}

async function finish(cluster: Cluster, writer: Writer, lines: DrillReport["lines"]): Promise<DrillReport> {
  const verdict = await verifyBothSides(cluster, writer);
  return {
    lines: [...lines, ["RPO", describeRpo(verdict)], ["volumes", describeComparison(verdict, "the primaries")]],
  };
}
