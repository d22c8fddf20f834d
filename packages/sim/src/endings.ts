/**
 * How the storm may end. Each ending leaves a group in which a takeover was commanded, finished or not; what happens
 * then is told by aftermath.ts.
 */
import { toSequence, type NodeName } from "@waystation/contracts/ids";
import { primariesOf, secondariesOf } from "@waystation/replication/membership";
import type { TakeoverResult } from "@waystation/replication/status";
import { groupStatus, unprotected } from "./convergence.js";
import type { Ending } from "./plan.js";
import { during, expectWithin, takeover, type Stage } from "./stage.js";

export const endings: Record<Exclude<Ending, "no-takeover">, (stage: Stage) => Promise<void>> = {
  "clean-disaster": (stage) => cleanDisaster(stage),
  "lost-secondary": lostSecondary,
  "messy-takeover": messyTakeover,
  "rival-takeovers": rivalTakeovers,
  "forced-takeover": forcedTakeover,
  "damaged-journal": damagedJournal,
};

function losePrimarySite({ cluster, faults, random }: Stage, chance: number): void {
  for (const primary of primariesOf(cluster.plan.membership)) {
    if (!random.chance(chance)) continue;
    cluster.world.after(random.next() * 40, () => {
      faults.keepDown(primary);
    });
  }
}

function anySecondary({ cluster, random, excluded }: Stage): NodeName {
  return random.pick(secondariesOf(cluster.plan.membership).filter((node) => !excluded.has(node)));
}

/** Only the primary site dies: the takeover must succeed at once, and lose nothing (B11). */
async function cleanDisaster(stage: Stage, meanwhile: () => void = () => {}): Promise<void> {
  const { cluster, faults, random } = stage;
  const { world, plan } = cluster;
  faults.healAll();
  // Links that died unheard are noticed by now, at both ends.
  await world.runFor(1.5 * plan.keepaliveMs);
  await expectWithin(stage, () => unprotected(cluster, 0));
  await world.runFor(random.next() * 500);
  losePrimarySite(stage, 1);
  meanwhile();
  await world.runFor(50 + random.next() * 2000);
  if (world.violation() !== null) return;
  const result = await during(stage, takeover(stage, anySecondary(stage)));
  if (world.violation() !== null || (result?.outcome === "taken-over" && result.lost === "nothing")) return;
  const what = result === null ? "no result" : `${result.outcome}, lost ${result.lost}: ${result.message}`;
  world.violate("liveness", `the primary site was lost and no more than that, but the takeover ended with ${what}`);
}

/** A secondary is lost too, for good: the others go on without it, at the last number that they all hold. */
async function lostSecondary(stage: Stage): Promise<void> {
  const { cluster, faults, random, excluded } = stage;
  const secondaries = secondariesOf(cluster.plan.membership);
  if (secondaries.length < 2) return cleanDisaster(stage);
  const lost = random.pick(secondaries);
  excluded.add(lost);
  await cleanDisaster(stage, () => {
    cluster.world.after(random.next() * 40, () => {
      faults.keepDown(lost);
    });
  });
}

async function messyTakeover(stage: Stage): Promise<void> {
  const { cluster, faults, random } = stage;
  const { world } = cluster;
  faults.start();
  losePrimarySite(stage, random.pick([0, 0.5, 1]));
  await world.runFor(random.next() * 500);
  for (let attempt = 1 + random.below(4); attempt > 0 && world.violation() === null; attempt--) {
    await during(stage, takeover(stage, anySecondary(stage)));
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
      await takeover(stage, anySecondary(stage));
    });
    await during(stage, Promise.all(rivals));
  }
}

/**
 * Relay and primary site are lost together; a secondary may be absent until all is healed, and must join then. With
 * --force the operator answers for what is not reachable: he commands one takeover at a time, and once one may be settled
 * (it said where it decides, and died perhaps), only nodes that know of it. Two survivors who were alone in turn could
 * not tell: each would open an image of its own.
 */
async function forcedTakeover(stage: Stage): Promise<void> {
  const { cluster, faults, random } = stage;
  const { world, plan } = cluster;
  faults.healAll();
  await world.runFor(random.next() * 1000);
  losePrimarySite(stage, 1);
  world.after(random.next() * 40, () => {
    faults.keepDown(plan.membership.relay);
  });
  const secondaries = secondariesOf(plan.membership);
  const present = secondaries.filter((node) => node === secondaries[0] || random.chance(0.7));
  for (const node of secondaries) if (!present.includes(node)) beAbsent(stage, node);
  await world.runFor(50 + random.next() * 1000);
  for (let attempt = random.below(5); attempt > 0 && world.violation() === null; attempt--) {
    for (const node of present) if (random.chance(0.5)) faults.crashSoon(node);
    const coordinator = coordinatorOf(stage, present);
    cluster.machine(coordinator).start();
    await world.runFor(random.next() * 100);
    await during(stage, takeover(stage, coordinator, { force: true }));
    await world.runFor(random.next() * 300);
  }
  await lastAttempt(stage, present);
}

/** The relay's disk lost what others still know of: it must say so, and only `--force` gets the group going again. */
async function damagedJournal(stage: Stage): Promise<void> {
  const { cluster, faults, random } = stage;
  const { world, plan } = cluster;
  const { relay } = plan.membership;
  faults.healAll();
  await world.runFor(1.5 * plan.keepaliveMs);
  await expectWithin(stage, () => unprotected(cluster, 1));
  await world.runFor(random.next() * 500);
  if (world.violation() !== null) return;
  faults.keepDown(relay);
  await world.runFor(random.next() * 100);
  const secondaries = secondariesOf(plan.membership);
  const known = Math.max(...secondaries.map((node) => groupStatus(cluster, node)?.secondary?.received ?? 0));
  cluster.machine(relay).loseJournalTail(toSequence(known));
  // The relay meets a secondary before it meets a primary: only then can it know in time that numbers were used.
  const primaries = primariesOf(plan.membership);
  for (const primary of primaries) cluster.network.setCut(primary, relay, true);
  faults.allow(relay);
  cluster.machine(relay).start();
  await expectWithin(stage, () =>
    groupStatus(cluster, relay)?.phase === "journal-lost"
      ? null
      : "the relay has not noticed that its journal is damaged",
  );
  for (const primary of primaries) cluster.network.setCut(primary, relay, false);
  await world.runFor(random.next() * 2000);
  losePrimarySite(stage, 1);
  await lastAttempt(stage, secondaries);
}

/** Dead, or alive and cut off from everybody: it may meet the relay again before it hears of the takeover. */
function beAbsent({ cluster, faults, random }: Stage, node: NodeName): void {
  if (random.chance(0.5)) return faults.keepDown(node);
  for (const { name } of cluster.machines) {
    if (name === node) continue;
    cluster.network.setCut(node, name, true);
    cluster.network.setCut(name, node, true);
  }
}

function coordinatorOf({ operator, random }: Stage, present: readonly NodeName[]): NodeName {
  const deciding = operator.deciding();
  return random.pick(present.filter((node) => deciding?.includes(node) ?? true));
}

async function lastAttempt(stage: Stage, present: readonly NodeName[]): Promise<void> {
  const { cluster, faults } = stage;
  const { world, plan } = cluster;
  if (world.violation() !== null) return;
  for (const node of present) faults.restore(node);
  await world.runFor(1.5 * plan.keepaliveMs);
  let result: TakeoverResult | null = null;
  if (world.violation() === null) {
    result = await during(stage, takeover(stage, coordinatorOf(stage, present), { force: true }));
  }
  if (world.violation() === null && result?.outcome !== "taken-over") {
    world.violate("liveness", `a forced takeover ended with ${result?.message ?? "no result"}`);
  }
}
