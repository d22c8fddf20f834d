/**
 * Whole groups without their relay for a while (B9, B10): primaries go on alone, everybody comes back, and the group copies
 * by itself what the far side lacks, under writes, until it is a pair again.
 */
import { isFailure } from "@waystation/contracts/errors";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import type { GroupCommand } from "./control-front.js";
import { limits } from "./limits.js";
import type { Membership } from "./membership.js";
import type { Bench } from "./testing/bench.js";
import { createCluster, type Cluster } from "./testing/cluster.js";
import {
  blockBytes,
  g1,
  primaryA,
  primaryB,
  relay1,
  secondaryA,
  secondaryB,
  valueOf,
  volA,
  volB,
} from "./testing/fixture.js";
import { volumeOf } from "./testing/medium.js";
import type { NodeName } from "./vocabulary.js";

const everyone = [relay1, primaryA, primaryB, secondaryA, secondaryB];
const never: Membership = { ...g1, fence: "never" };

function startGroup(membership: Membership): Cluster {
  const cluster = createCluster({ membership });
  for (const name of everyone) cluster.start(name);
  cluster.until(() => isPair(cluster), "the group is a pair");
  return cluster;
}

function isPair(cluster: Cluster): boolean {
  return (
    everyone.every((name) => cluster.runs(name)) &&
    cluster.status(relay1).relay?.pair === "PAIR" &&
    [primaryA, primaryB].every((name) => cluster.status(name).primary?.pair === "PAIR" && isOpen(cluster, name))
  );
}

function isOpen(cluster: Cluster, name: NodeName): boolean {
  return cluster.runs(name) && cluster.status(name).phase === "open";
}

let nextValue = 1;

type Side = "a" | "b";

function write(cluster: Cluster, side: Side, block: number): number {
  const [node, volume] = side === "a" ? ([primaryA, volA] as const) : ([primaryB, volB] as const);
  return cluster.node(node).write({ volume, block, value: nextValue++ });
}

/** What hosts wrote and were told of, over all lives of the primaries. */
class Hosts {
  private open: { readonly bench: Bench; readonly request: number; readonly key: string; readonly value: number }[] =
    [];
  private readonly told = new Map<string, number>();

  write(cluster: Cluster, side: Side, block: number): void {
    const bench = cluster.node(side === "a" ? primaryA : primaryB);
    this.open.push({ bench, value: nextValue, key: `${side} ${block}`, request: write(cluster, side, block) });
  }

  hear(): void {
    this.open = this.open.filter(({ bench, request, key, value }) => {
      if (bench.replies.get(request) !== null) return true;
      this.told.set(key, Math.max(value, this.told.get(key) ?? 0));
      return false;
    });
  }

  expectKept(cluster: Cluster): void {
    this.hear();
    for (const [key, value] of this.told) {
      const [side, block] = key.split(" ");
      const [node, volume] = side === "a" ? ([primaryA, volA] as const) : ([primaryB, volB] as const);
      const from = Number(block) * blockBytes;
      const held = valueOf(volumeOf(cluster.medium(node), volume).subarray(from, from + blockBytes));
      expect(held, `${key}: a host was told of ${value}`).toBeGreaterThanOrEqual(value);
    }
  }
}

function legsOf(cluster: Cluster): (string | undefined)[] {
  return [primaryA, primaryB].map((name) => cluster.status(name).primary?.leg);
}

/** Everything written is applied at the far side, and nothing else. */
function expectCopies(cluster: Cluster): void {
  const isApplied = (): boolean => {
    const { stamped, secondaries } = cluster.status(relay1).relay!;
    return secondaries.every(({ applied }) => applied === stamped);
  };
  cluster.until(isApplied, "everything is applied");
  for (const [volume, primary, secondary] of [
    [volA, primaryA, secondaryA],
    [volB, primaryB, secondaryB],
  ] as const) {
    const [near, far] = [primary, secondary].map((name) => volumeOf(cluster.medium(name), volume));
    expect(near!.equals(far!), `${volume} is the same at both ends`).toBe(true);
  }
}

function command(cluster: Cluster, asked: GroupCommand): unknown {
  const request = 1_000_000 + nextValue++;
  cluster.node(relay1).step({ kind: "command", request, command: asked });
  cluster.run();
  return cluster.node(relay1).replies.get(request);
}

describe("a group whose relay is away (B9)", () => {
  it("B9: with fence never, one primary cut off from the relay takes both alone; everybody back, it resyncs by itself", () => {
    const cluster = startGroup(never);
    for (const block of [0, 200]) write(cluster, "a", block);
    write(cluster, "b", 7);
    cluster.run();
    cluster.cut(primaryA, relay1);
    cluster.until(() => legsOf(cluster).every((leg) => leg === "alone"), "both primaries are alone");
    const alone = [write(cluster, "a", 1), write(cluster, "a", 300)];
    const other = write(cluster, "b", 400);
    cluster.run();
    expect(alone.map((request) => cluster.node(primaryA).replies.get(request))).toEqual([null, null]);
    expect(cluster.node(primaryB).replies.get(other)).toBeNull();
    expect(cluster.status(relay1).relay?.pair).toBe("PSUE");
    cluster.heal();
    cluster.until(() => isPair(cluster), "the group is a pair again");
    expectCopies(cluster);
    expect(cluster.status(primaryA).primary?.loggedBytes).toBe(0);
  });

  it("B9: the relay dead and back: primaries went alone after their leases, and what was written since is copied", () => {
    const cluster = startGroup(never);
    write(cluster, "a", 0);
    cluster.run();
    cluster.kill(relay1);
    cluster.until(() => legsOf(cluster).every((leg) => leg === "alone"), "both primaries are alone");
    write(cluster, "a", 5);
    write(cluster, "b", 6);
    cluster.run();
    cluster.start(relay1);
    cluster.until(() => isPair(cluster), "the group is a pair again");
    expectCopies(cluster);
  });

  it("B9: an operator splits and resyncs it, at every fence level, with hosts writing throughout", () => {
    for (const fence of ["never", "data", "status"] as const) {
      const cluster = startGroup({ ...g1, fence });
      write(cluster, "a", 0);
      cluster.run();
      expect(command(cluster, { kind: "suspend" })).toBeNull();
      cluster.run();
      expect(legsOf(cluster)).toEqual(["alone", "alone"]);
      const split = write(cluster, "a", 9);
      cluster.run();
      expect(cluster.node(primaryA).replies.get(split)).toBeNull();
      expect(isFailure(command(cluster, { kind: "suspend" }))).toBe(true);
      expect(command(cluster, { kind: "resync", full: false })).toBeNull();
      for (let turns = 0; turns < 20; turns++) {
        write(cluster, "a", turns * 20);
        write(cluster, "b", turns * 20);
        cluster.pass(25);
      }
      cluster.until(() => isPair(cluster), "the group is a pair again");
      expectCopies(cluster);
    }
  });
});

const nodes = fc.constantFrom(...everyone);
const event = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("write" as const), side: fc.constantFrom("a", "b"), block: fc.nat(511) }),
  },
  { weight: 5, arbitrary: fc.nat(40).map((steps) => ({ kind: "steps" as const, steps })) },
  { weight: 4, arbitrary: fc.nat(40).map((ticks) => ({ kind: "pass" as const, ticks })) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("kill" as const), node: nodes }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("start" as const), node: nodes }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cut" as const), node: nodes, from: nodes }) },
  { weight: 1, arbitrary: fc.constant({ kind: "heal" as const }) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom<GroupCommand[]>({ kind: "suspend" }, { kind: "resync", full: false })
      .map((asked) => ({ kind: "command" as const, asked })),
  },
);

describe("a group under whatever happens to it", () => {
  it("B10: comes back to a pair whose ends are equal once everybody is back", () => {
    const usual = limits.intentUnitsMax;
    limits.intentUnitsMax = 2;
    onTestFinished(() => void (limits.intentUnitsMax = usual));
    fc.assert(
      fc.property(
        fc.constantFrom("never", "data", "status" as const),
        fc.array(event, { minLength: 30, maxLength: 120, size: "max" }),
        (fence, events) => {
          const cluster = startGroup({ ...g1, fence: fence });
          const hosts = new Hosts();
          for (const step of events)
            switch (step.kind) {
              case "write": {
                const side = step.side;
                if (isOpen(cluster, side === "a" ? primaryA : primaryB)) hosts.write(cluster, side, step.block);
                break;
              }
              case "steps":
                cluster.run(step.steps);
                break;
              case "pass":
                for (let tick = 0; tick < step.ticks; tick++) {
                  cluster.tickAll();
                  cluster.run(20);
                }
                break;
              case "kill":
                if (cluster.runs(step.node)) cluster.kill(step.node);
                break;
              case "start":
                if (!cluster.runs(step.node)) cluster.start(step.node);
                break;
              case "cut":
                if (step.node !== step.from) cluster.cut(step.node, step.from);
                break;
              case "heal":
                cluster.heal();
                break;
              case "command":
                if (cluster.runs(relay1)) command(cluster, step.asked);
            }
          cluster.heal();
          for (const node of everyone) if (!cluster.runs(node)) cluster.start(node);
          cluster.pass(3_000);
          if (cluster.status(relay1).relay?.pair === "PSUS") command(cluster, { kind: "resync", full: false });
          cluster.until(() => isPair(cluster), "the group is a pair again");
          expectCopies(cluster);
          hosts.expectKept(cluster);
        },
      ),
      { numRuns: 20 },
    );
  });
});
