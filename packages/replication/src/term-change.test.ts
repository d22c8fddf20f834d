import { describe, expect, it } from "vitest";
import { createCluster, type Cluster } from "./testing/cluster.js";
import { startAll, takeOver } from "./testing/dependent-writes.js";
import {
  blockBytes,
  primaryA,
  primaryB,
  relay1,
  secondaryA,
  secondaryB,
  valueOf,
  volA,
  volB,
} from "./testing/fixture.js";
import { assertEqual, changeTerm, issue, outcomeOf, untilProtected, valueAt, writeAt } from "./testing/term-drill.js";

function running(): Cluster {
  const cluster = startAll(createCluster());
  writeAt(cluster, primaryA, volA, [1, 3, 5]);
  writeAt(cluster, primaryB, volB, [2, 4, 6]);
  untilProtected(cluster, relay1);
  return cluster;
}

describe("direct and return (B13)", () => {
  it("B13: without the relay a primary takes its role; hosts' writes wait and go on, and the relay comes back", () => {
    const cluster = running();
    cluster.kill(relay1);
    cluster.pass(50);
    const waiting = issue(cluster, primaryA, volA, 7);
    const result = changeTerm(cluster, primaryB, "direct");
    expect(result).toMatchObject({ outcome: "term-begun", code: "" });
    cluster.until(() => outcomeOf(cluster, primaryA, waiting) !== "open", "the write that waited is answered");
    expect(outcomeOf(cluster, primaryA, waiting)).toBe("acknowledged");
    writeAt(cluster, primaryB, volB, [8]);
    untilProtected(cluster, primaryA);
    assertEqual(cluster);

    cluster.start(relay1);
    const during = issue(cluster, primaryA, volA, 9);
    const back = changeTerm(cluster, secondaryA, "return");
    expect(back, back.message).toMatchObject({ outcome: "term-begun" });
    untilProtected(cluster, relay1);
    expect(outcomeOf(cluster, primaryA, during)).toBe("acknowledged");
    writeAt(cluster, primaryA, volA, [11]);
    untilProtected(cluster, relay1);
    assertEqual(cluster);
  });
});

describe("swap (B12)", () => {
  it("B12: roles change at one point with both sites alive, data flows back, and swaps again", () => {
    const cluster = running();
    expect(changeTerm(cluster, secondaryA, "swap")).toMatchObject({ outcome: "term-begun", lost: "nothing" });
    writeAt(cluster, secondaryA, volA, [21, 23]);
    writeAt(cluster, secondaryB, volB, [22]);
    untilProtected(cluster, relay1);
    assertEqual(cluster);
    expect(cluster.node(primaryA).access.get(volA)).toBe("read-only");

    expect(changeTerm(cluster, primaryA, "swap")).toMatchObject({ outcome: "term-begun", lost: "nothing" });
    writeAt(cluster, primaryA, volA, [31]);
    writeAt(cluster, primaryB, volB, [32]);
    untilProtected(cluster, relay1);
    assertEqual(cluster);
    expect(valueAt(cluster, secondaryA, volA, 23)).toBe(23);
  });

  it("B12: a swap takes in a secondary that missed the takeover and joined it later (seed 20160 of the journeys)", () => {
    const cluster = running();
    for (const node of [primaryA, primaryB, relay1, secondaryA]) cluster.kill(node);
    expect(takeOver(cluster, secondaryB, { force: true })).toMatchObject({ outcome: "taken-over" });
    cluster.start(secondaryA);
    cluster.until(() => cluster.status(secondaryA).phase === "open", "the one that was away has joined");
    writeAt(cluster, secondaryA, volA, [43]);
    for (const node of [primaryA, primaryB, relay1]) cluster.start(node);
    cluster.pass(1_000);
    expect(changeTerm(cluster, secondaryA, "swap")).toMatchObject({ outcome: "term-begun" });
    untilProtected(cluster, relay1);
    assertEqual(cluster);
    expect(valueAt(cluster, primaryA, volA, 43)).toBe(43);
  });

  it("B12: a primary that a takeover fences in the midst of a change of term lets nobody wait (seed 20535 of the journeys)", () => {
    const cluster = running();
    expect(takeOver(cluster, secondaryA, { force: true })).toMatchObject({ outcome: "taken-over" });
    const bench = cluster.node(secondaryA);
    const request = bench.changeTerm("swap");
    while (cluster.status(primaryA).epoch.number < 3) expect(cluster.run(1)).toBe(1);
    expect(bench.result(request)).toBeNull();
    cluster.kill(secondaryA);
    cluster.run();
    expect(cluster.status(primaryA)).toMatchObject({ phase: "fenced", primary: { paused: false } });
  });

  it("B12: after a disaster what the old primaries wrote and nobody was told of is overwritten", () => {
    const cluster = running();
    cluster.cut(primaryA, relay1);
    issue(cluster, primaryA, volA, 41);
    cluster.run();
    expect(valueAt(cluster, primaryA, volA, 41)).toBe(41);
    for (const node of [primaryA, primaryB]) cluster.kill(node);
    expect(takeOver(cluster, secondaryA)).toMatchObject({ outcome: "taken-over" });
    writeAt(cluster, secondaryA, volA, [43]);
    writeAt(cluster, secondaryB, volB, [44]);
    cluster.heal();
    for (const node of [primaryA, primaryB]) cluster.start(node);
    cluster.pass(500);
    expect(cluster.node(primaryA).access.get(volA)).toBe("closed");
    expect(changeTerm(cluster, secondaryB, "swap")).toMatchObject({ outcome: "term-begun" });
    writeAt(cluster, secondaryA, volA, [45]);
    untilProtected(cluster, relay1);
    assertEqual(cluster);
    expect(valueAt(cluster, primaryA, volA, 41)).toBe(0);
  });

  it("B6: a secondary that was away when the takeover was decided, and has joined it, swaps with the others (journey 2021)", () => {
    const cluster = running();
    for (const node of [relay1, primaryA, primaryB, secondaryB]) cluster.kill(node);
    expect(takeOver(cluster, secondaryA, { force: true })).toMatchObject({ participants: [secondaryA] });
    for (const node of [relay1, primaryA, primaryB, secondaryB]) cluster.start(node);
    cluster.pass(5000);
    expect(cluster.node(secondaryB).access.get(volB)).toBe("read-write");
    expect(changeTerm(cluster, secondaryA, "swap")).toMatchObject({ outcome: "term-begun" });
    writeAt(cluster, secondaryB, volB, [12]);
    untilProtected(cluster, relay1);
    assertEqual(cluster);
  });

  it("B12: a group that was paired without its relay, and taken over then, swaps back through it (journey 3136)", () => {
    const cluster = running();
    cluster.kill(relay1);
    expect(changeTerm(cluster, primaryA, "direct")).toMatchObject({ outcome: "term-begun" });
    writeAt(cluster, primaryA, volA, [20]);
    cluster.pass(5000);
    for (const node of [primaryA, primaryB]) cluster.kill(node);
    expect(takeOver(cluster, secondaryA, { force: true })).toMatchObject({ outcome: "taken-over" });
    for (const node of [relay1, primaryA, primaryB]) cluster.start(node);
    cluster.pass(5000);
    expect(changeTerm(cluster, secondaryA, "swap")).toMatchObject({ outcome: "term-begun" });
    writeAt(cluster, secondaryA, volA, [21]);
    untilProtected(cluster, relay1);
    assertEqual(cluster);
  });

  it("PROTOCOL 6.4: an old primary's volumes are kept as branches first, when nobody can say that nothing is lost", () => {
    const cluster = running();
    cluster.cut(relay1, secondaryB);
    writeAt(cluster, primaryB, volB, [8]);
    for (const node of [relay1, primaryA, primaryB]) cluster.kill(node);
    expect(takeOver(cluster, secondaryA, { force: true })).toMatchObject({ outcome: "taken-over", lost: "unknown" });
    writeAt(cluster, secondaryB, volB, [10]);
    cluster.heal();
    for (const node of [relay1, primaryA, primaryB]) cluster.start(node);
    cluster.pass(500);
    expect(changeTerm(cluster, secondaryB, "swap")).toMatchObject({ outcome: "term-begun" });
    untilProtected(cluster, relay1);
    assertEqual(cluster);
    expect(valueAt(cluster, primaryB, volB, 8)).toBe(0);
    const [[name, kept] = ["", Buffer.alloc(0)]] = [...cluster.medium(primaryB).branches];
    expect(name).toMatch(/^vol-b\/branch-\d+$/);
    expect(valueOf(kept.subarray(8 * blockBytes, 9 * blockBytes))).toBe(8);
  });
});
