/** The bad days, one function each: what happens, what the operator does about it at first, and how long that goes on. */
import { cellBytes } from "../cell.js";
import type { Cluster } from "../cluster.js";
import { during, type Stage } from "../stage.js";
import type { NodeName } from "@waystation/contracts/ids";
import type { Commander } from "./commands.js";
import type { Leg } from "./journey-plan.js";
import { rolesNow } from "./roles.js";

export interface Road extends Pick<Stage, "cluster" | "faults" | "random"> {
  readonly commander: Commander;
  /** Called as a command is about to be given: crashes come in the middle of it. */
  readonly beforeCommand: () => void;
}

export const walk: Record<Leg, (road: Road) => Promise<void>> = {
  suspend,
  "storm": async ({ cluster, random }) => cluster.world.runFor(500 + random.next() * 3000),
  swap,
  "disaster": (road) => disaster(road, false),
  "double-disaster": (road) => disaster(road, true),
  "no-relay": noRelay,
  "new-relay": newRelay,
  "new-secondary": newSecondary,
  "full-journal": fullJournal,
};

/** Runs the world until the operator has his answer. */
function settle<T>({ cluster }: Pick<Road, "cluster">, activity: Promise<T>): Promise<T | null> {
  return during({ cluster } as Stage, activity);
}

async function suspend(road: Road): Promise<void> {
  const { cluster, commander, random } = road;
  const { relay } = rolesNow(cluster);
  if (relay === null) return;
  road.beforeCommand();
  await settle(road, commander.command(relay, { kind: "suspend" }));
  await cluster.world.runFor(random.next() * 2000);
  road.beforeCommand();
  await settle(road, commander.command(relay, { kind: "resync", full: random.chance(0.2) }));
  await cluster.world.runFor(random.next() * 1000);
}

async function swap(road: Road): Promise<void> {
  const { cluster, commander, random } = road;
  const { secondaries } = rolesNow(cluster);
  if (secondaries.length === 0) return;
  road.beforeCommand();
  await settle(road, commander.changeTerm(random.pick(secondaries), "swap"));
  await cluster.world.runFor(random.next() * 1500);
}

async function disaster(road: Road, withRelay: boolean): Promise<void> {
  const { cluster, commander, faults, random } = road;
  const { relay, primaries, secondaries } = rolesNow(cluster);
  if (secondaries.length === 0) return;
  const lost: NodeName[] = [...primaries, ...(withRelay && relay !== null ? [relay] : [])];
  for (const node of lost) {
    cluster.world.after(random.next() * 40, () => {
      faults.keepDown(node);
    });
  }
  await cluster.world.runFor(50 + random.next() * 1000);
  road.beforeCommand();
  await settle(road, commander.takeover(random.pick(secondaries), { force: withRelay }));
  await cluster.world.runFor(200 + random.next() * 1500);
  for (const node of lost) faults.allow(node);
}

async function noRelay(road: Road): Promise<void> {
  const { cluster, commander, faults, random } = road;
  const { relay, primaries } = rolesNow(cluster);
  if (relay === null || primaries.length === 0) return;
  faults.keepDown(relay);
  await cluster.world.runFor(100 + random.next() * 1000);
  road.beforeCommand();
  await settle(road, commander.changeTerm(random.pick(primaries), "direct"));
  await cluster.world.runFor(200 + random.next() * 2000);
  faults.bringBack(relay);
  await cluster.world.runFor(random.next() * 500);
  road.beforeCommand();
  await settle(road, commander.changeTerm(random.pick(primaries), "return"));
}

async function newRelay(road: Road): Promise<void> {
  const { cluster, commander, faults, random } = road;
  const { relay, primaries } = rolesNow(cluster);
  if (relay === null || primaries.length === 0) return;
  replace(road, relay);
  await cluster.world.runFor(random.next() * 1500);
  road.beforeCommand();
  await settle(road, commander.changeTerm(random.pick(primaries), "return"));
  faults.allow(relay);
}

async function newSecondary(road: Road): Promise<void> {
  const { cluster, random } = road;
  const { secondaries } = rolesNow(cluster);
  if (secondaries.length === 0) return;
  replace(road, random.pick(secondaries));
  await cluster.world.runFor(random.next() * 2000);
}

/** The machine dies with all that it held, and another one is put in its place. */
function replace({ cluster, faults, random }: Road, node: NodeName): void {
  faults.keepDown(node);
  cluster.machine(node).replace();
  cluster.world.after(random.next() * 1000, () => {
    faults.bringBack(node);
  });
}

async function fullJournal({ cluster, random }: Road): Promise<void> {
  const { world, network } = cluster;
  const { relay, secondaries } = rolesNow(cluster);
  if (relay === null || secondaries.length === 0) return;
  const cutOff = random.pick(secondaries);
  network.setCut(relay, cutOff, true);
  network.setCut(cutOff, relay, true);
  await world.runFor(fillingMs(cluster) + random.next() * 1000);
  network.setCut(relay, cutOff, false);
  network.setCut(cutOff, relay, false);
}

/** Time enough for hosts to fill the relay's journal, if it is small, and for the group to bear it no more. */
function fillingMs({ plan }: Cluster): number {
  const capacity = plan.nodes[0]?.journalCapacityBytes ?? 0;
  return Math.min(8000, plan.membership.journalFull.holdMs + capacity / cellBytes);
}
