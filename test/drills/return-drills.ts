/**
 * The drills of the way home (B12, B13): roles change places and back, planned and after a disaster; machines come back with
 * nothing on them. Each ends with both sides equal, byte for byte.
 */
import { strict as assert } from "node:assert";
import { primaries } from "../harness/cluster-file.js";
import type { Side } from "./hosts.js";
import { firstHostWrite, phasesOf } from "./recovery-report.js";
import type { SiteDrill } from "./site-drills.js";
import {
  checkBothSides,
  detectDead,
  failOver,
  hostsGoOn,
  startClock,
  waitPaired,
  type Finding,
  type RecoveryClock,
  type Stage,
} from "./stage.js";
import { order, waitForView, type TermCommand } from "./world.js";
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
  await waitPaired(stage);
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

export const returnDrills = {
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
