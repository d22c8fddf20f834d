/**
 * After a takeover: everything comes back, the old primaries too; the operator repeats the command until all volumes
 * are open, the dependent client looks for its writes, and new hosts go on at the far side through another crash.
 */
import type { GroupVolume } from "@waystation/replication/membership";
import type { Cluster } from "./cluster.js";
import { farNodeOf } from "./plan.js";
import { during, expectWithin, recoveryMsMax, stepMs, takeover, type Stage } from "./stage.js";
import {
  judgeDependentWrites,
  scanSlots,
  type DependentLayout,
  type DependentWriter,
} from "./workload/dependent-writes.js";
import { dependentLayout } from "./workload/fleet.js";

export async function afterTakeover(stage: Stage, before: DependentWriter): Promise<void> {
  const { cluster, faults, hosts, random, excluded } = stage;
  const { world, plan } = cluster;
  for (const machine of cluster.machines) if (!excluded.has(machine.name)) faults.allow(machine.name);
  faults.healAll();
  await finishTakeover(stage);
  if (world.violation() !== null) return;
  const mayLose = plan.ending === "forced-takeover" || plan.ending === "damaged-journal";
  await judgeScan(stage, { layout: dependentLayout(plan.membership.volumes, 0), writer: before, mayLose });
  const layout = dependentLayout(openVolumes(stage), 1);
  const fleet = hosts.startFleet({ side: "secondary", layout, volumes: openVolumes(stage) });
  for (const volume of openVolumes(stage)) {
    world.after(random.next() * 600, () => {
      const machine = cluster.machine(farNodeOf(volume));
      machine.crash({ silent: random.chance(0.5) });
      world.after(random.next() * 500, () => {
        machine.start();
      });
    });
  }
  for (const node of excluded) faults.allow(node);
  await world.runFor(800 + random.next() * 500);
  faults.healAll();
  fleet.stop();
  await expectWithin(stage, () => (fleet.idle() ? null : "the hosts at the far side are still waiting"));
  await judgeScan(stage, { layout, writer: fleet.dependent, mayLose: false });
  checkClosed(stage);
}

/** The volumes that the takeover did not give up. */
function openVolumes({ cluster, excluded }: Stage): GroupVolume[] {
  return cluster.plan.membership.volumes.filter((volume) => !excluded.has(farNodeOf(volume)));
}

/** The old site, and a secondary that was given up, let nobody write any more. */
function checkClosed({ cluster, checks, excluded }: Stage): void {
  for (const volume of cluster.plan.membership.volumes) {
    if (isWritable(cluster, volume)) {
      cluster.world.violate("acknowledged-writes", `${volume.name} is still writable on ${volume.primary}`);
    }
    if (excluded.has(farNodeOf(volume)) && checks.far.opened().has(volume.name)) {
      cluster.world.violate("far-prefix", `${volume.name} opened on ${farNodeOf(volume)}, which was given up`);
    }
  }
}

function isWritable(cluster: Cluster, volume: GroupVolume): boolean {
  const status = cluster.machine(volume.primary).node()?.control.status();
  return status?.volumes.some(({ name, access }) => name === volume.name && access === "read-write") ?? false;
}

/** The operator repeats the command until it is done and every volume is open. */
async function finishTakeover(stage: Stage): Promise<void> {
  const { cluster, checks, random } = stage;
  const { world } = cluster;
  const endMs = world.nowMs() + 2 * recoveryMsMax;
  let lastMessage = "no result";
  const isOpen = (): boolean => openVolumes(stage).every(({ name }) => checks.far.opened().has(name));
  for (let done = false; !(done && isOpen());) {
    if (world.violation() !== null) return;
    if (world.nowMs() > endMs) {
      return world.violate("liveness", `nothing is broken any more, but the takeover does not end: ${lastMessage}`);
    }
    await world.runFor(500);
    const result = await during(stage, takeover(stage, farNodeOf(random.pick(openVolumes(stage)))));
    lastMessage = result?.message ?? lastMessage;
    done = result?.outcome === "taken-over";
    await world.runUntil(isOpen, { deadlineMs: 5000, stepMs });
  }
}

async function judgeScan(
  stage: Stage,
  { layout, writer, mayLose }: { layout: DependentLayout; writer: DependentWriter; mayLose: boolean },
): Promise<void> {
  const { cluster, hosts, excluded } = stage;
  const { world, plan } = cluster;
  // With a volume missing, what remains has holes; the checker of the prefix knows better than this client.
  if (excluded.size > 0) return;
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
