import { describe, expect, it } from "vitest";
import { createCluster, type Cluster } from "./testing/cluster.js";
import { allNodes, startAll, takeOver } from "./testing/dependent-writes.js";
import { primaryA, primaryB, relay1, secondaryA, secondaryB, volA, volB } from "./testing/fixture.js";
import { assertEqual, changeTerm, untilProtected, writeAt } from "./testing/term-drill.js";
import type { TermChangeRequest } from "./control-front.js";
import type { NodeName } from "./vocabulary.js";

interface Drill {
  readonly cause: TermChangeRequest["cause"];
  readonly coordinator: NodeName;
  /** Killed in the middle of it, and started again. */
  readonly victim: NodeName;
  /** Dead all the time. */
  readonly dead?: NodeName;
}

function prepare({ dead }: Drill): Cluster {
  const cluster = startAll(createCluster());
  writeAt(cluster, primaryA, volA, [1, 3]);
  writeAt(cluster, primaryB, volB, [2, 4]);
  untilProtected(cluster, relay1);
  if (dead !== undefined) cluster.kill(dead);
  cluster.pass(25);
  return cluster;
}

/** How many steps the change takes when nobody is killed. */
function stepsOf(drill: Drill): number {
  const cluster = prepare(drill);
  const bench = cluster.node(drill.coordinator);
  const request = bench.changeTerm(drill.cause);
  let steps = 0;
  while (bench.result(request) === null) {
    const made = cluster.run(1);
    steps += made;
    if (made === 0) cluster.tickAll();
  }
  return steps;
}

function killedAfter(drill: Drill, steps: number): void {
  const { cause, coordinator, victim } = drill;
  const cluster = prepare(drill);
  cluster.node(coordinator).changeTerm(cause);
  for (let made = 0; made < steps;) {
    const more = cluster.run(1);
    made += Math.max(more, 1);
    if (more === 0) cluster.tickAll();
  }
  cluster.kill(victim);
  cluster.run();
  cluster.start(victim);
  cluster.pass(3_000);
  const result = changeTerm(cluster, coordinator, cause);
  if (result.code !== "NOTHING_TO_DO") expect(result, JSON.stringify(result)).toMatchObject({ outcome: "term-begun" });
  const at = (name: NodeName): boolean => cluster.status(name).relay !== null;
  const relay = allNodes.find((node) => cluster.runs(node) && at(node)) ?? relay1;
  untilProtected(cluster, relay);
  const [a, b] = cause === "swap" ? [secondaryA, secondaryB] : [primaryA, primaryB];
  cluster.until(
    () => [a, b].every((node, i) => cluster.node(node).access.get(i === 0 ? volA : volB) === "read-write"),
    "both open",
  );
  writeAt(cluster, a, volA, [11]);
  writeAt(cluster, b, volB, [12]);
  untilProtected(cluster, relay);
  assertEqual(cluster);
}

describe("a change of term that is killed (PROTOCOL 6.2)", () => {
  const drills: Drill[] = [
    { cause: "direct", coordinator: primaryB, victim: primaryB, dead: relay1 },
    { cause: "direct", coordinator: secondaryB, victim: primaryA, dead: relay1 },
    { cause: "swap", coordinator: secondaryA, victim: secondaryA },
    { cause: "swap", coordinator: secondaryA, victim: relay1 },
    { cause: "swap", coordinator: secondaryA, victim: primaryB },
  ];
  it.each(drills)(
    "B12, B13: $cause by $coordinator with $victim killed at every step, ends when it is run again",
    (drill) => {
      const steps = stepsOf(drill);
      for (let after = 0; after <= steps; after += Math.max(1, Math.floor(steps / 12))) killedAfter(drill, after);
    },
    60_000,
  );
});

describe("a way back from a takeover that ended half-way", () => {
  it("B14: return gives a fenced group its old roles again, and loses nothing", () => {
    const cluster = startAll(createCluster());
    writeAt(cluster, primaryA, volA, [1]);
    untilProtected(cluster, relay1);
    // It promises and fences, and then loses a participant.
    const bench = cluster.node(secondaryA);
    bench.takeover();
    while (cluster.status(primaryA).phase !== "fenced") cluster.run(1);
    cluster.kill(secondaryA);
    cluster.run();
    cluster.start(secondaryA);
    cluster.pass(2_000);
    expect(cluster.node(primaryA).access.get(volA)).toBe("closed");
    const result = changeTerm(cluster, secondaryB, "return");
    expect(result).toMatchObject({ outcome: "term-begun" });
    writeAt(cluster, primaryA, volA, [3]);
    writeAt(cluster, primaryB, volB, [4]);
    untilProtected(cluster, relay1);
    assertEqual(cluster);
  });

  it("B14: return is refused once the takeover is decided", () => {
    const cluster = startAll(createCluster());
    writeAt(cluster, primaryA, volA, [1]);
    untilProtected(cluster, relay1);
    expect(takeOver(cluster, secondaryA)).toMatchObject({ outcome: "taken-over" });
    expect(changeTerm(cluster, secondaryB, "return")).toMatchObject({ outcome: "refused", code: "TAKEN_OVER" });
  });
});
