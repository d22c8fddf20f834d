/**
 * A run from beginning to end: hosts write, things break, and then the ending that the plan drew. Whatever the ending,
 * all is healed at last, and the group must come to rest, or be open at the far side with every volume.
 */
import type { Random } from "@waystation/contracts/random";
import { primariesOf, secondariesOf } from "@waystation/replication/membership";
import type { TakeoverResult } from "@waystation/replication/status";
import type { Checks } from "./checks.js";
import type { Cluster } from "./cluster.js";
import { unprotected, unrest } from "./convergence.js";
import type { Faults } from "./faults.js";
import {
  judgeDependentWrites,
  scanSlots,
  type DependentLayout,
  type DependentWriter,
} from "./workload/dependent-writes.js";
import { dependentLayout, type Fleet, type Hosts } from "./workload/fleet.js";
import type { Operator } from "./workload/operator.js";

export interface Stage {
  readonly cluster: Cluster;
  readonly checks: Checks;
  readonly faults: Faults;
  readonly hosts: Hosts;
  readonly operator: Operator;
  readonly random: Random;
}

/** How long the group may take to recover once nothing is broken any more. */
const recoveryMsMax = 60_000;
const stepMs = 50;

export async function tellStory(stage: Stage): Promise<void> {
  const { cluster, faults, hosts, random } = stage;
  const { world, plan } = cluster;
  for (const machine of cluster.machines)
    world.after(random.next() * 500, () => {
      machine.start();
    });
  hosts.startFarReaders();
  let fleet = hosts.startFleet("primary", dependentLayout(cluster, 0));
  await world.runFor(600);
  faults.start();
  await world.runFor(plan.stormMs);
  if (plan.ending === "no-takeover" || plan.restsBeforeEnding) {
    fleet = await rest(stage, fleet, plan.ending !== "no-takeover");
  }
  if (world.violation() !== null || plan.ending === "no-takeover") return;
  await endings[plan.ending](stage);
  if (world.violation() === null) await afterTakeover(stage, fleet.dependent);
}

/** Heals everything, stops the hosts, and expects the group to come to rest. */
async function rest(stage: Stage, fleet: Fleet, goOn: boolean): Promise<Fleet> {
  const { cluster, checks, faults, hosts } = stage;
  const { world } = cluster;
  faults.healAll();
  fleet.stop();
  await expectWithin(stage, () => (fleet.idle() ? unrest(cluster, checks) : "the hosts are still waiting"));
  if (!goOn || world.violation() !== null) return fleet;
  const resumed = hosts.startFleet("primary", dependentLayout(cluster, 0), fleet.dependent);
  await world.runFor(300);
  return resumed;
}

async function expectWithin(stage: Stage, missing: () => string | null): Promise<void> {
  const { world } = stage.cluster;
  const reached = await world.runUntil(() => missing() === null, { deadlineMs: recoveryMsMax, stepMs });
  if (!reached)
    world.violate("liveness", `nothing is broken for ${recoveryMsMax} ms, but ${missing() ?? "all is well"}`);
}

const endings = {
  "clean-disaster": cleanDisaster,
  "messy-takeover": messyTakeover,
  "rival-takeovers": rivalTakeovers,
  "forced-takeover": forcedTakeover,
};

function losePrimarySite({ cluster, faults, random }: Stage, chance: number): void {
  for (const primary of primariesOf(cluster.plan.membership)) {
    if (random.chance(chance))
      cluster.world.after(random.next() * 40, () => {
        faults.keepDown(primary);
      });
  }
}

async function takeover(stage: Stage, options: { readonly force: boolean }): Promise<TakeoverResult | null> {
  const { cluster, operator, random } = stage;
  const secondary = random.pick(secondariesOf(cluster.plan.membership));
  return operator.takeover(cluster.machine(secondary), {
    group: cluster.plan.membership.group,
    force: options.force,
    without: [],
  });
}

/** Runs the world until the promise has settled. */
async function during<T>({ cluster }: Stage, activity: Promise<T>): Promise<T | null> {
  let outcome: { readonly value: T } | null = null;
  void activity.then((value) => {
    outcome = { value };
  });
  const settled = (): { readonly value: T } | null => outcome;
  await cluster.world.runUntil(() => settled() !== null, { deadlineMs: 10 * recoveryMsMax, stepMs: 10 });
  return settled()?.value ?? null;
}

async function cleanDisaster(stage: Stage): Promise<void> {
  const { cluster, faults, random } = stage;
  const { world, plan } = cluster;
  faults.healAll();
  // Links that died unheard are noticed by now, at both ends.
  await world.runFor(1.5 * plan.keepaliveMs);
  await expectWithin(stage, () => unprotected(cluster, 0));
  await world.runFor(random.next() * 1000);
  losePrimarySite(stage, 1);
  await world.runFor(50 + random.next() * 3000);
  if (world.violation() !== null) return;
  const result = await during(stage, takeover(stage, { force: false }));
  if (world.violation() !== null) return;
  if (result?.outcome !== "taken-over" || result.lost !== "nothing") {
    const what = result === null ? "no result" : `${result.outcome}, lost ${result.lost}: ${result.message}`;
    world.violate("liveness", `only the primary site was lost, but the takeover ended with ${what}`);
  }
}

async function messyTakeover(stage: Stage): Promise<void> {
  const { cluster, faults, random } = stage;
  const { world } = cluster;
  faults.start();
  losePrimarySite(stage, random.pick([0, 0.5, 1]));
  await world.runFor(random.next() * 500);
  for (let attempt = 1 + random.below(4); attempt > 0 && world.violation() === null; attempt--) {
    await during(stage, takeover(stage, { force: false }));
    await world.runFor(random.next() * 1500);
  }
}

async function rivalTakeovers(stage: Stage): Promise<void> {
  const { cluster, faults, random } = stage;
  const { world } = cluster;
  if (random.chance(0.5)) faults.healAll();
  else faults.start();
  losePrimarySite(stage, random.pick([0, 1]));
  await world.runFor(random.next() * 500);
  for (let round = 1 + random.below(2); round > 0 && world.violation() === null; round--) {
    const rivals = Array.from({ length: 2 }, async () => {
      await world.sleep(random.next() * random.pick([1, 50, 400]));
      await takeover(stage, { force: false });
    });
    await during(stage, Promise.all(rivals));
  }
}

/** Relay and primary site are lost together. One coordinator only: with --force the operator answers for that. */
async function forcedTakeover(stage: Stage): Promise<void> {
  const { cluster, faults, operator, random } = stage;
  const { world, plan } = cluster;
  faults.healAll();
  await world.runFor(random.next() * 2000);
  losePrimarySite(stage, 1);
  world.after(random.next() * 40, () => {
    faults.keepDown(plan.membership.relay);
  });
  const secondaries = secondariesOf(plan.membership);
  const coordinator = random.pick(secondaries);
  // One that is absent comes back when all is healed, and must join.
  for (const other of secondaries)
    if (other !== coordinator && random.chance(0.3)) cluster.machine(other).crash({ silent: true });
  await world.runFor(random.next() * 1000);
  const command = { group: plan.membership.group, force: true, without: [] };
  const result = await during(stage, operator.takeover(cluster.machine(coordinator), command));
  if (world.violation() === null && result?.outcome !== "taken-over") {
    world.violate("liveness", `a forced takeover ended with ${result?.message ?? "no result"}`);
  }
}

/** Everything comes back, the old primaries too; the takeover is finished, and hosts go on at the far side. */
async function afterTakeover(stage: Stage, before: DependentWriter): Promise<void> {
  const { cluster, checks, faults, hosts, random } = stage;
  const { world, plan } = cluster;
  for (const machine of cluster.machines) faults.allow(machine.name);
  faults.healAll();
  await finishTakeover(stage);
  if (world.violation() !== null) return;
  await judgeScan(stage, {
    layout: dependentLayout(cluster, 0),
    writer: before,
    mayLose: plan.ending === "forced-takeover",
  });
  const layout = dependentLayout(cluster, 1);
  const fleet = hosts.startFleet("secondary", layout);
  for (const secondary of secondariesOf(plan.membership)) {
    world.after(random.next() * 600, () => {
      const machine = cluster.machine(secondary);
      machine.crash({ silent: random.chance(0.5) });
      world.after(random.next() * 500, () => {
        machine.start();
      });
    });
  }
  await world.runFor(800 + random.next() * 500);
  fleet.stop();
  await expectWithin(stage, () => (fleet.idle() ? null : "the hosts at the far side are still waiting"));
  await judgeScan(stage, { layout, writer: fleet.dependent, mayLose: false });
  const reopened = plan.membership.volumes.find(
    (volume) => checks.far.opened().has(volume.name) && writable(cluster, volume),
  );
  if (reopened !== undefined && plan.ending !== "forced-takeover") {
    world.violate("acknowledged-writes", `${reopened.name} is still writable on ${reopened.primary}`);
  }
}

function writable(cluster: Cluster, volume: Cluster["plan"]["membership"]["volumes"][number]): boolean {
  const status = cluster.machine(volume.primary).node()?.control.status();
  return status?.volumes.some(({ name, access }) => name === volume.name && access === "read-write") ?? false;
}

/** The operator repeats the command until it is done and every volume is open. */
async function finishTakeover(stage: Stage): Promise<void> {
  const { cluster, checks } = stage;
  const { world, plan } = cluster;
  const endMs = world.nowMs() + 2 * recoveryMsMax;
  let lastMessage = "no result";
  const isOpen = (): boolean => plan.membership.volumes.every(({ name }) => checks.far.opened().has(name));
  for (let done = false; !(done && isOpen());) {
    if (world.violation() !== null) return;
    if (world.nowMs() > endMs) {
      return world.violate("liveness", `nothing is broken any more, but the takeover does not end: ${lastMessage}`);
    }
    await world.runFor(500);
    const result = await during(stage, takeover(stage, { force: false }));
    lastMessage = result?.message ?? lastMessage;
    done = result?.outcome === "taken-over";
    await world.runUntil(isOpen, { deadlineMs: 5000, stepMs });
  }
}

async function judgeScan(
  stage: Stage,
  { layout, writer, mayLose }: { layout: DependentLayout; writer: DependentWriter; mayLose: boolean },
): Promise<void> {
  const { cluster, hosts } = stage;
  const { world, plan } = cluster;
  const readers = plan.membership.volumes.map(({ name }) => hosts.reader("secondary", name));
  const acknowledged = mayLose ? 0 : writer.acknowledged();
  for (;;) {
    if (world.violation() !== null) return;
    const scans = await during(stage, Promise.all(readers.map((reader) => scanSlots(reader, layout))));
    const found = scans?.filter((slots) => slots !== null) ?? [];
    if (found.length < readers.length) continue;
    const verdict = judgeDependentWrites(layout, found, { writer: writer.writer, acknowledged });
    if (typeof verdict === "string") world.violate("dependent-writes", verdict);
    else world.trace.add("scan", "found", () => `1..${verdict}, acknowledged ${writer.acknowledged()}`);
    return;
  }
}
