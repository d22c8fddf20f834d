/**
 * A run from beginning to end: hosts write, things break, and then the ending that the plan drew. Whatever the ending,
 * all is healed at last, and the group must come to rest, or be open at the far side with every volume.
 */
import { afterTakeover } from "./aftermath.js";
import { unrest } from "./convergence.js";
import { endings } from "./endings.js";
import { expectWithin, type Stage } from "./stage.js";
import { dependentLayout, type Fleet } from "./workload/fleet.js";

export async function tellStory(stage: Stage): Promise<void> {
  const { cluster, faults, hosts, random } = stage;
  const { world, plan } = cluster;
  for (const machine of cluster.machines)
    world.after(random.next() * 500, () => {
      machine.start();
    });
  hosts.startFarReaders();
  const { volumes } = plan.membership;
  let fleet = hosts.startFleet({ side: "primary", layout: dependentLayout(volumes, 0), volumes });
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
  const { volumes } = cluster.plan.membership;
  const layout = dependentLayout(volumes, 0);
  const resumed = hosts.startFleet({ side: "primary", layout, volumes, resume: fleet.dependent });
  await world.runFor(300);
  return resumed;
}
