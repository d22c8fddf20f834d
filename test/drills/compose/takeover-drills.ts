/** The drills that end with the far side in charge, and with the old primaries back and fenced. */
import { strict as assert } from "node:assert";
import { connectNbd } from "../../harness/nbd-client.js";
import { homes, volumeNames } from "../hosts.js";
import { describePhases, phasesOf, seconds, sumMs, type Phase } from "../recovery-report.js";
import { describeFailures, type Writer } from "../writer.js";
import { order, waitForView, type CommandReport } from "../world.js";
import type { Cluster } from "./cluster.js";
import { dropPackets, kill } from "./faults.js";
import { describeComparison, describeRpo, type DrillReport } from "./report.js";
import { verifyFarSide } from "./verify.js";

const primaries = ["primary-a", "primary-b"];
const blockBytes = 4096;

export async function drillKillPrimaries(cluster: Cluster, writer: Writer): Promise<DrillReport> {
  await writer.goOn(500);
  const faultMs = performance.now();
  await kill(cluster.containers, primaries);
  const failedOver = await failOver(cluster, faultMs);
  const lines = await verifyTakenOver(cluster, writer, failedOver);
  const { containers } = cluster;
  await containers.docker("start", ...(await Promise.all(primaries.map((name) => containers.idOf(name)))));
  return { lines: [...lines, await verifyFenced(cluster)] };
}

export async function drillCutEast(cluster: Cluster, writer: Writer): Promise<DrillReport> {
  await writer.goOn(500);
  const faultMs = performance.now();
  const cut = await dropPackets(cluster.containers, primaries, ["east-middle", "east-west"]);
  const failedOver = await failOver(cluster, faultMs);
  // The hosts of the old primaries are still there, and go on trying.
  await cut.heal();
  const fenced = await verifyFenced(cluster);
  const lines = await verifyTakenOver(cluster, writer, failedOver);
  const late = writer.acknowledgedBetween(failedOver.openMs, Infinity);
  assert.equal(late, 0, "an old primary acknowledged a write after the takeover");
  return { lines: [...lines, ["old hosts", `${describeFailures(writer)}, none acknowledged`], fenced] };
}

interface FailOver {
  readonly report: CommandReport;
  readonly phases: readonly Phase[];
  /** When the takeover had ended. */
  readonly openMs: number;
}

/** What an operator does: sees that the primaries are dead, and has the far side take over. */
async function failOver(cluster: Cluster, faultMs: number): Promise<FailOver> {
  await seenDead(cluster);
  const askedMs = performance.now();
  const report = await order(cluster, "takeover");
  const openMs = performance.now();
  const { result } = report;
  assert.equal(result.outcome, "taken-over", `${result.code}: ${result.message}`);
  assert.equal(result.lost, "nothing", result.lostDetail);
  const own = phasesOf(report.steps);
  const ownMs = sumMs(own);
  await writeAtFarSide(cluster);
  const phases = [
    { name: "seen dead", tookMs: askedMs - faultMs },
    ...own,
    { name: "the command itself", tookMs: openMs - askedMs - ownMs },
    { name: "first write at the far side", tookMs: performance.now() - openMs },
  ];
  return { report, phases, openMs };
}

/** Cut-off primaries are alive and can be reached through the tools' own networks: their links tell. */
async function seenDead(cluster: Cluster): Promise<void> {
  await waitForView(cluster, "the loss of the primaries is shown", ({ nodes, groups }) => {
    const dead = primaries.every((name) => nodes.some((node) => node.name === name && node.state === "dead"));
    return dead || groups.every((group) => group.protected !== true);
  });
}

async function verifyTakenOver(
  cluster: Cluster,
  writer: Writer,
  { report, phases }: FailOver,
): Promise<(readonly [string, string])[]> {
  const verdict = await verifyFarSide(cluster, writer);
  const totalMs = sumMs(phases);
  return [
    ["fault", `under load: writes 1..${writer.acknowledged()} acknowledged`],
    ["takeover", `${report.coordinator}: ${report.result.message}`],
    ["RPO", describeRpo(verdict)],
    ["volumes", describeComparison(verdict, "what hosts wrote")],
    ["RTO", `${seconds(totalMs)}: ${describePhases(phases)}`],
  ];
}

/** A host reads and writes at the far side; the block gets its content back. */
async function writeAtFarSide({ containers }: Cluster): Promise<void> {
  for (const volume of volumeNames) {
    const client = await connectNbd(await containers.nbdPortOf(homes[volume].secondary), volume);
    const before = await client.read(0, blockBytes);
    await client.write(0, Buffer.alloc(blockBytes, volume));
    const written = await client.read(0, blockBytes);
    await client.write(0, before);
    client.close();
    assert(written.equals(Buffer.alloc(blockBytes, volume)), `${volume} at the far side does not keep what is written`);
  }
}

async function verifyFenced(cluster: Cluster): Promise<readonly [string, string]> {
  const startMs = performance.now();
  await waitForView(cluster, "the old primaries are fenced", ({ groups }) =>
    primaries.every((name) => groups[0]?.members.some(({ node, phase }) => node === name && phase === "fenced")),
  );
  return [
    "old primaries",
    `back, told that their epoch is over within ${seconds(performance.now() - startMs)}, and serve nobody`,
  ];
}
