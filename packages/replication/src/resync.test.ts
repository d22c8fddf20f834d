import { afterEach, describe, expect, it } from "vitest";
import type { GroupCommand } from "./control-front.js";
import { limits } from "./limits.js";
import type { Membership } from "./membership.js";
import { createCluster, type Cluster, type ClusterOptions } from "./testing/cluster.js";
import { prefixShown, startAll, takeOver, writeSome } from "./testing/dependent-writes.js";
import { g1, primaryA, primaryB, relay1, secondaryA, secondaryB, volA, volB } from "./testing/fixture.js";
import { createMedium, volumeOf } from "./testing/medium.js";
import type { NodeName } from "./vocabulary.js";

const secondaries = [secondaryA, secondaryB];
const legs = [
  [primaryA, secondaryA, volA],
  [primaryB, secondaryB, volB],
] as const;
const never: Membership = { ...g1, fence: "never" };

/** All five up, and writes 1 to 6 acknowledged and applied at the far side. */
function running(options: ClusterOptions = {}): Cluster {
  const cluster = startAll(createCluster(options));
  writeSome(cluster, 1, 6);
  cluster.until(() => prefixShown(cluster) === 6, "six writes at the far side");
  return cluster;
}

function command(cluster: Cluster, asked: GroupCommand): string {
  const bench = cluster.node(relay1);
  const request = 1_000_000 + bench.replies.size;
  bench.step({ kind: "command", request, command: asked });
  cluster.run();
  const result = bench.replies.get(request);
  return result instanceof Error ? result.message : "";
}

const pairOf = (cluster: Cluster): string => cluster.status(relay1).relay?.pair ?? "";

function untilPair(cluster: Cluster): void {
  cluster.until(() => cluster.runs(relay1) && pairOf(cluster) === "PAIR", "PAIR");
}

/** Both sides hold the same, and the far side shows all writes. */
function expectEqual(cluster: Cluster, prefix: number): void {
  untilPair(cluster);
  const isEqual = ([near, far, volume]: (typeof legs)[number]): boolean =>
    volumeOf(cluster.medium(near), volume).equals(volumeOf(cluster.medium(far), volume));
  cluster.until(() => legs.every(isEqual), "both sides are the same");
  expect(prefixShown(cluster)).toBe(prefix);
}

/** An operator suspends; hosts write 7 to 10 meanwhile; the operator resyncs. */
function resyncing(options: ClusterOptions = {}): Cluster {
  const cluster = running(options);
  expect(command(cluster, { kind: "suspend" })).toBe("");
  cluster.pass(100);
  writeSome(cluster, 7, 4);
  cluster.pass(500);
  expect(prefixShown(cluster)).toBe(6);
  expect(command(cluster, { kind: "resync", full: false })).toBe("");
  return cluster;
}

describe("split and resync of a whole group (B8, B9, B10)", () => {
  it.each(["data", "never", "status"] as const)("fence %s: what was written while it was split arrives", (fence) => {
    expectEqual(resyncing({ membership: { ...g1, fence } }), 10);
  });

  it("hosts go on writing while it resyncs, and afterwards", () => {
    const cluster = resyncing();
    let next = 11;
    for (; pairOf(cluster) !== "PAIR" && next < 60; next++) {
      writeSome(cluster, next, 1);
      cluster.pass(25);
    }
    writeSome(cluster, next, 2);
    expectEqual(cluster, next + 1);
  });

  it("a takeover in the middle of it yields the image that it began with", () => {
    const cluster = resyncing();
    for (let ticks = 0; ticks < 200 && pairOf(cluster) === "COPY"; ticks++) {
      cluster.run(20);
      if (secondaries.every((node) => cluster.status(node).phase === "copying")) break;
      cluster.tickAll();
    }
    cluster.kill(primaryA);
    cluster.kill(primaryB);
    cluster.kill(relay1);
    expect(takeOver(cluster, secondaryA, { force: true })).toMatchObject({ outcome: "taken-over", sequence: 6 });
    cluster.until(() => secondaries.every((node) => cluster.status(node).phase === "open"), "both open");
    expect(prefixShown(cluster)).toBe(6);
  });

  it("PROTOCOL 9: a takeover that finds volumes half copied goes back to the image that the run began with", () => {
    const cluster = resyncing();
    const isHalfCopied = (): boolean =>
      cluster.status(relay1).relay?.copy?.end === null &&
      secondaries.some((node) => (cluster.status(node).secondary?.applied ?? 0) > 6);
    for (let steps = 0; steps < 10_000 && !isHalfCopied(); steps++) if (cluster.run(1) === 0) cluster.tickAll();
    expect(isHalfCopied()).toBe(true);
    for (const node of [primaryA, primaryB, relay1]) cluster.kill(node);
    expect(takeOver(cluster, secondaryA, { force: true })).toMatchObject({ outcome: "taken-over", sequence: 6 });
    cluster.until(() => secondaries.every((node) => cluster.status(node).phase === "open"), "both open");
    expect(prefixShown(cluster)).toBe(6);
  });

  it.each([
    ["a primary", primaryA],
    ["the relay", relay1],
    ["a secondary", secondaryB],
  ])("with %s killed after any step and started again, both sides are the same in the end", (_, victim) => {
    for (let steps = 0; steps < 400; steps += 23) {
      const cluster = resyncing();
      for (let left = steps; left > 0;) {
        const made = cluster.run(Math.min(left, 20));
        left -= Math.max(1, made);
        if (made === 0) cluster.tickAll();
      }
      cluster.kill(victim);
      cluster.pass(100);
      cluster.start(victim);
      expectEqual(cluster, 10);
    }
  });
});

const usual = { ...limits };
afterEach(() => void Object.assign(limits, usual));

describe("suspension by failure, and the way back (B9, PROTOCOL 4)", () => {
  it("fence never: a primary cut off from the relay goes on alone, and so do the others; healed, the group is PAIR again", () => {
    const cluster = running({ membership: never });
    cluster.cut(primaryA, relay1);
    cluster.until(() => pairOf(cluster) === "PSUE", "PSUE");
    cluster.pass(3000);
    writeSome(cluster, 7, 4);
    expect(prefixShown(cluster)).toBe(6);
    cluster.heal();
    expectEqual(cluster, 10);
  });

  it("fence never: with the relay dead hosts go on, and it takes the group up again when it is back", () => {
    const cluster = running({ membership: never });
    cluster.kill(relay1);
    cluster.pass(3000);
    writeSome(cluster, 7, 4);
    cluster.start(relay1);
    expectEqual(cluster, 10);
  });

  it("fence never: a relay that was restarted stamps nobody while another primary may have gone on alone", () => {
    const cluster = running({ membership: never });
    cluster.kill(relay1);
    cluster.pass(3000);
    writeSome(cluster, 7, 3);
    cluster.cut(primaryA, relay1);
    cluster.start(relay1);
    cluster.pass(10_000);
    expect(pairOf(cluster)).toBe("PSUE");
    expect(prefixShown(cluster)).toBe(6);
    cluster.heal();
    expectEqual(cluster, 9);
  });

  it("a relay whose journal is full of what a dead secondary lacks lets its hosts go on, and all of it arrives later", () => {
    limits.copyPieceBytes = 64 * 1024;
    const cluster = running({ capacityBytes: new Map([[relay1, 256 * 1024]]) });
    cluster.kill(secondaryB);
    let next = 7;
    const room = (): boolean => pairOf(cluster) !== "PFUS" && next < 500;
    while (room()) {
      const { primary, volume } =
        next % 2 === 1 ? { primary: primaryA, volume: volA } : { primary: primaryB, volume: volB };
      const bench = cluster.node(primary);
      const request = bench.write({ volume, block: next, value: next });
      cluster.until(() => bench.replies.has(request), `write ${next} is answered`);
      expect(bench.replies.get(request)).toBeNull();
      next += 1;
    }
    expect(pairOf(cluster)).toBe("PFUS");
    writeSome(cluster, next, 4);
    cluster.start(secondaryB);
    expectEqual(cluster, next + 3);
  });
});

describe("a secondary that lost its disks (B10, B12)", () => {
  const lose = (cluster: Cluster, node: NodeName): void => {
    cluster.kill(node);
    Object.assign(cluster.medium(node), createMedium(g1, node));
    cluster.start(node);
  };

  it("is copied by itself while hosts write; the group is PAIR again without an operator", () => {
    const cluster = running();
    lose(cluster, secondaryB);
    let next = 7;
    for (; next < 15; next++) {
      writeSome(cluster, next, 1);
      cluster.pass(50);
    }
    expectEqual(cluster, next - 1);
  });

  it("even when it loses them again in the middle of the copy, and the relay is restarted", () => {
    for (let steps = 0; steps < 300; steps += 41) {
      const cluster = running();
      lose(cluster, secondaryB);
      cluster.pass(100);
      cluster.run(steps);
      if (steps % 2 === 0) lose(cluster, secondaryB);
      cluster.kill(relay1);
      if (steps % 2 === 1) lose(cluster, secondaryB);
      cluster.pass(100);
      cluster.start(relay1);
      expectEqual(cluster, 6);
    }
  });
});
