/** One run: a seed in, what happened out. The same seed gives the same run, whatever ran before. */
import { limits } from "@waystation/replication/limits";
import { attachChecks } from "./checks.js";
import { createCluster, forkFor } from "./cluster.js";
import { createFaults } from "./faults.js";
import type { BuildNode } from "./machine.js";
import { drawPlan, showPlan, type Ending } from "./plan.js";
import { tellStory } from "./story.js";
import { createWorld, type Violation } from "./world.js";
import { createHosts } from "./workload/fleet.js";
import { createOperator } from "./workload/operator.js";

export interface RunResult {
  readonly seed: number;
  readonly violation: Violation | null;
  readonly ending: Ending;
  readonly hash: string;
  readonly virtualMs: number;
  readonly events: number;
  readonly faults: number;
  readonly requests: number;
  readonly stamped: number;
}

export interface RunOptions {
  readonly seed: number;
  readonly buildNode: BuildNode;
  /** Takes the readable trace. */
  readonly print?: ((line: string) => void) | undefined;
  /** Hooks in who is told of what a node throws where nobody catches it; the function returned unhooks. */
  readonly onUncaught?: ((report: (reason: unknown) => void) => () => void) | undefined;
}

const takeoverMsMax = 120_000;

export async function runSeed(options: RunOptions): Promise<RunResult> {
  const plan = drawPlan(options.seed);
  const world = createWorld({ print: options.print });
  world.trace.add("plan", plan.ending, () => showPlan(plan));
  const unhook = options.onUncaught?.((reason) => {
    world.violate("machine", reason instanceof Error ? (reason.stack ?? reason.message) : String(reason));
  });
  const usual = { ...limits };
  Object.assign(limits, plan.limits);
  try {
    const cluster = createCluster(world, plan, options.buildNode);
    const checks = attachChecks(cluster);
    const faults = createFaults(cluster, forkFor(plan, 1));
    const hosts = createHosts(cluster, forkFor(plan, 2));
    const operator = createOperator(world, { observe: cluster.observe, deadlineMs: takeoverMsMax });
    const sweep = (): void => {
      checks.bounds.sweep();
      world.after(1000, sweep);
    };
    sweep();
    const random = forkFor(plan, 3);
    await tellStory({ cluster, checks, faults, hosts, operator, random, excluded: new Set() });
    return {
      seed: options.seed,
      violation: world.violation(),
      ending: plan.ending,
      hash: world.trace.hash(),
      virtualMs: world.nowMs(),
      events: world.eventCount(),
      faults: faults.count(),
      requests: hosts.requestCount(),
      stamped: checks.order.last(),
    };
  } finally {
    Object.assign(limits, usual);
    unhook?.();
  }
}
