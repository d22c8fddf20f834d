import { describe, expect, it } from "vitest";
import { limits } from "./limits.js";
import { createCluster, type Cluster } from "./testing/cluster.js";
import { startAll, takeOver } from "./testing/dependent-writes.js";
import { epochOne, primaryA, primaryB, relay1, secondaryA, secondaryB, volA, volB } from "./testing/fixture.js";
import { untilProtected, writeAt } from "./testing/term-drill.js";

function running(): Cluster {
  const cluster = startAll(createCluster());
  writeAt(cluster, primaryA, volA, [1, 3]);
  writeAt(cluster, primaryB, volB, [2, 4]);
  untilProtected(cluster, relay1);
  return cluster;
}

describe("a dry run (E6)", () => {
  it("E6: tells whom it would contact and where it would open, and changes and promises nothing", () => {
    const cluster = running();
    const told = takeOver(cluster, secondaryA, { dryRun: true });
    expect(told).toMatchObject({
      outcome: "planned",
      code: "",
      lost: "nothing",
      participants: [secondaryA, secondaryB],
    });
    for (const name of [primaryA, relay1, secondaryB]) expect(told.message).toContain(name);
    cluster.pass(500);
    for (const name of [primaryA, primaryB, relay1, secondaryA, secondaryB])
      expect(cluster.status(name).epoch, name).toEqual(epochOne);
    writeAt(cluster, primaryA, volA, [5]);
  });

  it("E6: ends with everybody else dead or silent, within the deadline of one question, with the refusal it would give", () => {
    const cluster = running();
    for (const name of [primaryA, primaryB, secondaryB]) cluster.kill(name);
    const bench = cluster.node(secondaryA);
    bench.take();
    const request = bench.takeover({ dryRun: true });
    // The relay hangs: nothing is delivered to it, and no link closes.
    bench.tick(limits.councilDeadlineMs + 25);
    cluster.run();
    expect(bench.result(request)).toMatchObject({ outcome: "refused", sequence: 4 });
  });

  it("E6: of a takeover that is decided already says so", () => {
    const cluster = running();
    takeOver(cluster, secondaryA);
    expect(takeOver(cluster, secondaryB, { dryRun: true })).toMatchObject({ outcome: "planned", sequence: 4 });
  });
});

describe("what a takeover leaves behind (E5)", () => {
  it("E5: names each lost write by number and extent while the relay can be asked", () => {
    const cluster = running();
    cluster.cut(relay1, secondaryB);
    writeAt(cluster, primaryA, volA, [5]);
    writeAt(cluster, primaryB, volB, [6]);
    cluster.cut(secondaryA, secondaryB);
    for (const name of [primaryA, primaryB, secondaryB]) cluster.kill(name);
    const result = takeOver(cluster, secondaryA, { force: true });
    expect(result).toMatchObject({ outcome: "taken-over", sequence: 4, lost: "known" });
    expect(result.lostDetail).toMatch(/^5\.\.6: .*: 5 \(vol-a 2560\+512\), 6 \(vol-b 3072\+512\)$/);
  });
});
