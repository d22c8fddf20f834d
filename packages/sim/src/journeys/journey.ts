/**
 * One journey: a group goes through bad days under load, and finds its way home from each (B8-B14). After each day
 * nothing is broken any more, and the operator does nothing but what the nodes say is due: the group must be protected
 * again, every copy must hold what its primary holds, and whatever was acknowledged and not reported lost must be there.
 */
import { limits } from "@waystation/replication/limits";
import type { NodeName, VolumeName } from "@waystation/contracts/ids";
import { createCluster, forkFor, type Cluster } from "../cluster.js";
import { createFaults, type Faults } from "../faults.js";
import type { BuildNode } from "../machine.js";
import { showPlan } from "../plan.js";
import { during, recoveryMsMax, stepMs, type Stage } from "../stage.js";
import { createWorld, type Violation } from "../world.js";
import type { HostRequest } from "../observation.js";
import { createHosts, dependentLayout, type Fleet } from "../workload/fleet.js";
import { createCommander, type Commander } from "./commands.js";
import { createSettledRootsChecker } from "../checkers/settled-roots.js";
import { createHistory, type History } from "./history.js";
import { judgeImage, type VolumeImage } from "./image.js";
import { drawJourney, type LegPlan } from "./journey-plan.js";
import { walk } from "./legs.js";
import { createLineage } from "./lineage.js";
import { createJourneyReads } from "./reads.js";
import { rolesNow, standings, writersOf } from "./roles.js";

export interface JourneyResult {
  readonly seed: number;
  readonly violation: Violation | null;
  readonly legs: readonly string[];
  readonly hash: string;
  readonly virtualMs: number;
  readonly events: number;
  readonly faults: number;
  readonly requests: number;
}

export interface JourneyOptions {
  readonly seed: number;
  readonly buildNode: BuildNode;
  readonly print?: ((line: string) => void) | undefined;
  readonly onUncaught?: ((report: (reason: unknown) => void) => () => void) | undefined;
}

export async function runJourney(options: JourneyOptions): Promise<JourneyResult> {
  const { plan, legs } = drawJourney(options.seed);
  const world = createWorld({ print: options.print });
  const names = legs.map(
    ({ leg, underFaults, crashes }) => `${leg}${underFaults ? "+faults" : ""}${"!".repeat(crashes)}`,
  );
  world.trace.add("plan", names.join(" "), () => `fence ${plan.membership.fence} ${showPlan(plan)}`);
  const unhook = options.onUncaught?.((reason) => {
    world.violate("machine", reason instanceof Error ? (reason.stack ?? reason.message) : String(reason));
  });
  const usual = { ...limits };
  Object.assign(limits, plan.limits);
  try {
    const cluster = createCluster(world, plan, options.buildNode);
    const journey = prepare(cluster, options.seed);
    await tell(journey, legs);
    return {
      seed: options.seed,
      violation: world.violation(),
      legs: names,
      hash: world.trace.hash(),
      virtualMs: world.nowMs(),
      events: world.eventCount(),
      faults: journey.faults.count(),
      requests: journey.hosts.requestCount(),
    };
  } finally {
    Object.assign(limits, usual);
    unhook?.();
  }
}

const patienceMs = 6000;
const underLoadMs = 40_000;

interface Journey {
  readonly cluster: Cluster;
  readonly faults: Faults;
  readonly hosts: ReturnType<typeof createHosts>;
  readonly commander: Commander;
  readonly history: History;
  readonly random: ReturnType<typeof forkFor>;
}

function prepare(cluster: Cluster, seed: number): Journey {
  const { world, plan, contentOf } = cluster;
  const violate = (checker: string, message: string): void => world.violate(checker, message);
  const history = createHistory();
  const volumes = plan.membership.volumes.map(({ name }) => name);
  const lineage = createLineage({ history, volumes, contentOf, violate });
  for (const checker of [history, lineage, createJourneyReads({ history, writerOf: lineage.writerOf, violate })])
    cluster.watch(checker);
  cluster.watch(createSettledRootsChecker({ group: plan.membership.group, volumes, violate }));
  return {
    cluster,
    faults: createFaults(cluster, forkFor(plan, 1)),
    hosts: createHosts(cluster, forkFor(plan, 2)),
    commander: createCommander(cluster, lineage),
    history,
    random: forkFor(plan, seed),
  };
}

async function tell(journey: Journey, legs: readonly LegPlan[]): Promise<void> {
  const { cluster, hosts, faults, random } = journey;
  const { world, plan } = cluster;
  for (const machine of cluster.machines)
    world.after(random.next() * 500, () => {
      machine.start();
    });
  const { volumes } = plan.membership;
  const layout = dependentLayout(volumes, 0);
  let fleet = hosts.startFleet({ side: "any", layout, volumes });
  await home(journey, fleet, "at first");
  for (const { leg, underFaults, crashes } of legs) {
    if (world.violation() !== null) return;
    fleet = hosts.startFleet({ side: "any", layout, volumes, resume: fleet.dependent });
    await world.runFor(300 + random.next() * 500);
    if (underFaults || leg === "storm") faults.start();
    const beforeCommand = (): void => {
      for (let left = crashes; left > 0; left--) faults.crashSoon(random.pick(cluster.machines).name);
    };
    await walk[leg]({ cluster, faults, random, commander: journey.commander, beforeCommand });
    if (world.violation() === null) await home(journey, fleet, `after ${leg}`);
  }
}

/** Heals everything and does what is due, until the group is protected; then lets the hosts rest and compares. */
async function home(journey: Journey, fleet: Fleet, when: string): Promise<void> {
  const { cluster, faults } = journey;
  for (const { name } of cluster.machines) faults.allow(name);
  faults.healAll();
  // Hosts may ask for more than a small journal bears, and have the group suspended again and again: then they rest first.
  await arrive(journey, underLoadMs, () => unprotectedNow(cluster));
  fleet.stop();
  const missing = await arrive(journey, recoveryMsMax, () => {
    if (!fleet.idle()) return `hosts still wait: ${showRequests(journey.history.unanswered())}`;
    return unprotectedNow(cluster) ?? unequal(journey);
  });
  if (missing !== null) cluster.world.violate("way home", `${when}: ${missing}: ${tellAll(cluster)}`);
}

/** Much comes right by itself; the operator looks again after a while, and does what is due. Returns what is still lacking. */
async function arrive(
  { cluster, commander }: Journey,
  withinMs: number,
  lacking: () => string | null,
): Promise<string | null> {
  const { world } = cluster;
  const endMs = world.nowMs() + withinMs;
  while (world.violation() === null) {
    if (await world.runUntil(() => lacking() === null, { deadlineMs: patienceMs, stepMs })) return null;
    if (world.violation() !== null) return null;
    if (world.nowMs() > endMs) return lacking();
    await during({ cluster } as Stage, commander.doWhatIsDue());
  }
  return null;
}

function unprotectedNow(cluster: Cluster): string | null {
  const { relay } = rolesNow(cluster);
  if (relay === null) return "nobody has the relay's role";
  const stages = standings(cluster).find(({ node }) => node === relay)?.status.relay ?? null;
  if (stages === null) return "the relay is down";
  // A group whose relay a primary holds is as well as it can be without one, but that is not home.
  if (relay !== cluster.plan.membership.relay) return `${relay} has the relay's role`;
  return stages.protected ? null : stages.protectedDetail;
}

/** Every copy holds what its primary holds, and what was acknowledged is there; null when it is so. */
function unequal({ cluster, history }: Journey): string | null {
  const image = new Map<VolumeName, VolumeImage>();
  for (const { name } of cluster.plan.membership.volumes) {
    const [writer, rival] = writersOf(cluster, name);
    if (writer === undefined || rival !== undefined) return `${name} is open for writing on ${rival ?? "no node"}`;
    const content = cluster.contentOf(writer, name);
    image.set(name, { takenAt: history.moment(), cells: content });
    for (const node of holdersOf(cluster, name)) {
      const cell = differingCell(content, cluster.contentOf(node, name));
      if (cell !== null) return `${name} differs between ${writer} and ${node} in cell ${cell}`;
    }
  }
  const { wrong, missing } = judgeImage(history, image);
  const first = missing[0];
  return (
    wrong ?? (first === undefined ? null : `an acknowledged write to cell ${first.cell} of ${first.volume} is gone`)
  );
}

function holdersOf(cluster: Cluster, volume: VolumeName): NodeName[] {
  return cluster.machines.filter(({ disks }) => disks.has(volume)).map(({ name }) => name);
}

function differingCell(a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>): number | null {
  for (const [cell, tag] of a) if (b.get(cell) !== tag) return cell;
  for (const cell of b.keys()) if (!a.has(cell)) return cell;
  return null;
}

function showRequests(requests: readonly HostRequest[]): string {
  return requests
    .map(({ id, node, volume, offsetBytes }) => `${id} for ${volume} at ${offsetBytes} on ${node}`)
    .join(", ");
}

function tellAll(cluster: Cluster): string {
  return standings(cluster)
    .map(({ node, status }) => `${node}: epoch ${status.epoch.number} ${status.phase} ${status.detail}`)
    .join("; ");
}
