/**
 * The drills of the way home (B12, B13): roles change places and back, planned and after a disaster; machines come back with
 * nothing on them. Each ends with both sides equal, byte for byte.
 */
import { strict as assert } from "node:assert";
import { primaries } from "../harness/cluster-file.js";
import { volumeNames, type Side } from "./hosts.js";
import { firstHostWrite, phasesOf } from "./recovery-report.js";
import { overwriteReference } from "./reference-data.js";
import type { SiteDrill } from "./site-drills.js";
import {
  checkBothSides,
  checkFarSide,
  detectDead,
  failOver,
  hostsGoOn,
  startClock,
  waitPair,
  waitPaired,
  type Finding,
  type RecoveryClock,
  type Stage,
} from "./stage.js";
import { checkPrefix, checkReference } from "./volume-checks.js";
import { group, order, succeed, waitForView, waitSynced, type TermCommand } from "./world.js";
import { describeFailures } from "./writer.js";

const writesBetween = 200;

/** A command that gives the group new roles, told in its phases; hosts wait meanwhile. */
async function changeRoles(
  { world }: Stage,
  clock: RecoveryClock,
  command: TermCommand,
  ...args: readonly string[]
): Promise<string> {
  const { steps, result } = await order(world, command, ...args);
  assert.equal(result.outcome, "term-begun", `${result.code}: ${result.message}`);
  clock.told(command, phasesOf(steps));
  return result.lost;
}

interface Swapped {
  readonly lost: string;
  readonly wait: string;
}

/** Hosts are at work all the while. Those whose volume goes away find it at the other side. */
async function swapUnderLoad(stage: Stage, clock: RecoveryClock, to: Side): Promise<Swapped> {
  const startedMs = performance.now();
  stage.writer.moveTo(to);
  const lost = await changeRoles(stage, clock, "swap");
  await hostsGoOn(stage, clock, to);
  await waitPaired(stage);
  clock.ended("copied and paired");
  await stage.writer.goOn(writesBetween);
  return { lost, wait: `a host's longest wait: ${Math.round(stage.writer.longestWaitMs(startedMs))} ms` };
}

/** A drill's finding, with both sides checked. */
async function settled(stage: Stage, clock: RecoveryClock, said: string): Promise<Finding> {
  const phases = [...clock.phases()];
  const { found, checks } = await checkBothSides(stage);
  return { phases, acknowledged: stage.writer.acknowledged(), found, said, checks };
}

async function plannedSwapAndBack(stage: Stage): Promise<Finding> {
  const { writer } = stage;
  const clock = startClock();
  const there = await swapUnderLoad(stage, clock, "secondary");
  assert.equal(there.lost, "nothing");
  const { checks } = await checkBothSides(stage);
  writer.resume();
  await writer.goOn(1);
  const back = startClock();
  const again = await swapUnderLoad(stage, back, "primary");
  assert.equal(again.lost, "nothing");
  const home = await settled(stage, back, there.lost);
  const phases = [...clock.phases(), ...home.phases.map(({ name, tookMs }) => ({ name: `back: ${name}`, tookMs }))];
  return { ...home, phases, checks: [...checks, there.wait, ...home.checks, again.wait] };
}

/** The site is lost and taken over; it comes back, and gets only what it lacks; then everything is as it was. */
async function disasterSwapAndBack(stage: Stage): Promise<Finding> {
  const { world, writer } = stage;
  const clock = startClock();
  await world.kill(primaries);
  await detectDead(stage, clock, primaries);
  const { lost } = await failOver(stage, clock);
  assert.equal(lost, "nothing");
  await hostsGoOn(stage, clock, "secondary");
  await writer.goOn(writesBetween);
  const phases = [...clock.phases()];

  await world.start(primaries);
  await waitForView(world, "the old primaries are fenced", ({ groups }) =>
    primaries.every((name) => groups[0]?.members.some(({ node, phase }) => node === name && phase === "fenced")),
  );
  await swapUnderLoad(stage, startClock(), "secondary");
  const there = await checkBothSides(stage);
  writer.resume();
  const back = startClock();
  await swapUnderLoad(stage, back, "primary");
  const home = await settled(stage, back, lost);
  return { ...home, phases, checks: [...there.checks, ...home.checks] };
}

/** The ends go on without the relay; a machine of its name with nothing on it takes its place again. */
async function relayReplaced(stage: Stage): Promise<Finding> {
  const { world, writer } = stage;
  const clock = startClock();
  await world.kill(["relay-1"]);
  await detectDead(stage, clock, ["relay-1"]);
  const said = await changeRoles(stage, clock, "direct");
  await writer.goOn(1);
  clock.ended(firstHostWrite);
  // Not protected: the relay stands at the primary site.
  await waitPair(stage, "PAIR");
  clock.ended("copied and paired");
  await writer.goOn(writesBetween);
  await world.lose("relay-1");
  await world.start(["relay-1"]);
  await changeRoles(stage, startClock(), "return");
  await waitPaired(stage);
  await writer.goOn(writesBetween);
  // With fence `data`, they fail when all this takes longer than they are held.
  const finding = await settled(stage, clock, said);
  return { ...finding, checks: [...finding.checks, `host writes: ${describeFailures(writer)}`] };
}

/** An empty machine takes a secondary's place: a full copy on-line, and hosts notice nothing. */
async function secondaryReplaced(stage: Stage): Promise<Finding> {
  const { world, writer } = stage;
  const clock = startClock();
  await world.kill(["secondary-b"]);
  await detectDead(stage, clock, ["secondary-b"]);
  await world.lose("secondary-b");
  await writer.goOn(writesBetween);
  clock.ended("hosts go on without it");
  await world.start(["secondary-b"]);
  clock.ended("an empty machine is started");
  await waitPaired(stage);
  clock.ended("copied and paired");
  await writer.goOn(writesBetween);
  assert.equal(describeFailures(writer), "none failed", "hosts must not notice what happens at the far side");
  return settled(stage, clock, "nothing: no takeover was needed");
}

/**
 * The group was split by an operator and is being copied again when the site is lost: the far side has the image of the
 * split, whole, although a part of what was written since has arrived (B10).
 */
async function lostAmidResync(stage: Stage): Promise<Finding> {
  const { world, writer } = stage;
  await writer.rest();
  await waitSynced(world);
  const settledUpTo = writer.acknowledged();
  await succeed(world, "group", "suspend", group);
  await waitPair(stage, "PSUS");
  writer.resume();
  await writer.goOn(writesBetween);
  for (const volume of volumeNames) {
    const client = await world.hosts.open("primary", volume);
    await overwriteReference(client);
    client.close();
  }
  await world.narrow("primary-b", "relay-1");
  await succeed(world, "group", "resync", group);
  await waitPair(stage, "COPY");

  const clock = startClock();
  await world.kill(primaries);
  const acknowledged = writer.acknowledged();
  await detectDead(stage, clock, primaries);
  const { lost, lostDetail } = await failOver(stage, clock);
  assert.equal(lost, "unknown", "what was written during the split has no number");
  const found = await checkPrefix(world.hosts, "secondary", acknowledged);
  assert.equal(found, settledUpTo, "the image is that of the split");
  await checkReference(world.hosts, "secondary");
  clock.ended("hosts look at what there is");
  writer.restartAfter(found);
  await hostsGoOn(stage, clock, "secondary");
  const { checks } = await checkFarSide(stage);
  return { phases: clock.phases(), acknowledged, found, said: lostDetail, checks };
}

export const returnDrills = {
  lostAmidResync: {
    name: "lost-amid-resync",
    title: "the primary site is lost while the group is being resynchronised",
    endsInTakeover: true,
    run: lostAmidResync,
  },
  plannedSwapAndBack: {
    name: "swap",
    title: "planned swap under load, and back",
    endsInTakeover: true,
    run: plannedSwapAndBack,
  },
  disasterSwapAndBack: {
    name: "disaster-swap",
    title: "the primary site is lost, work goes on at the far side, then all is swapped back",
    endsInTakeover: true,
    run: disasterSwapAndBack,
  },
  relayReplaced: {
    name: "relay-replaced",
    title: "the relay is lost, the ends pair without it, an empty machine takes its place",
    endsInTakeover: true,
    run: relayReplaced,
  },
  secondaryReplaced: {
    name: "secondary-replaced",
    title: "a secondary loses its disks and all it had",
    endsInTakeover: true,
    run: secondaryReplaced,
  },
} as const satisfies Record<string, SiteDrill>;
