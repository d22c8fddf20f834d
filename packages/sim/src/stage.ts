/** What the parts of a story share: the cluster, who breaks it, who uses it, who commands it, and how long to wait. */
import type { Random } from "@waystation/contracts/random";
import type { NodeName } from "@waystation/contracts/ids";
import type { TakeoverResult } from "@waystation/replication/status";
import type { Checks } from "./checks.js";
import type { Cluster } from "./cluster.js";
import type { Faults } from "./faults.js";
import type { Hosts } from "./workload/fleet.js";
import type { Operator } from "./workload/operator.js";

export interface Stage {
  readonly cluster: Cluster;
  readonly checks: Checks;
  readonly faults: Faults;
  readonly hosts: Hosts;
  readonly operator: Operator;
  readonly random: Random;
  /** Secondaries that a takeover went on without: they may not open any more. */
  readonly excluded: Set<NodeName>;
}

/** How long the group may take to recover once nothing is broken any more. */
export const recoveryMsMax = 60_000;
export const stepMs = 50;

/** Expects that nothing is missing any more, soon enough. */
export async function expectWithin({ cluster: { world } }: Stage, missing: () => string | null): Promise<void> {
  const reached = await world.runUntil(() => missing() === null, { deadlineMs: recoveryMsMax, stepMs });
  if (!reached)
    world.violate("liveness", `nothing is broken for ${recoveryMsMax} ms, but ${missing() ?? "all is well"}`);
}

/** Runs the world until the promise has settled. */
export async function during<T>({ cluster }: Stage, activity: Promise<T>): Promise<T | null> {
  let outcome: { readonly value: T } | null = null;
  void activity.then((value) => {
    outcome = { value };
  });
  const settled = (): { readonly value: T } | null => outcome;
  await cluster.world.runUntil(() => settled() !== null, { deadlineMs: 10 * recoveryMsMax, stepMs: 10 });
  return settled()?.value ?? null;
}

/** Has a takeover run by one of the nodes, and tells the world of it. */
export function takeover(
  { cluster, operator, excluded }: Stage,
  coordinator: NodeName,
  options: { readonly force: boolean } = { force: false },
): Promise<TakeoverResult | null> {
  const { group } = cluster.plan.membership;
  return operator.takeover(cluster.machine(coordinator), {
    group,
    force: options.force,
    without: [...excluded],
    dryRun: false,
  });
}
