import { isFailure } from "@waystation/contracts/errors";
import { describe, expect, it } from "vitest";
import type { Membership } from "./membership.js";
import type { NodeName, VolumeName } from "./vocabulary.js";
import { createCluster, type Cluster } from "./testing/cluster.js";
import { allNodes, prefixShown, startAll, takeOver, writeNext, writeSome } from "./testing/dependent-writes.js";
import {
  epochOne,
  g1,
  primaryA,
  primaryB,
  relay1,
  secondaryA,
  secondaryB,
  valueOf,
  volA,
  volB,
  volumeBytes,
} from "./testing/fixture.js";

const secondaries = [secondaryA, secondaryB];

/** All five up, and writes 1 to 6 acknowledged and applied at the far side. */
function running(): Cluster {
  const cluster = startAll(createCluster());
  writeSome(cluster, 1, 6);
  cluster.pass(100);
  expect(prefixShown(cluster)).toBe(6);
  return cluster;
}

function losePrimarySite(cluster: Cluster): void {
  cluster.kill(primaryA);
  cluster.kill(primaryB);
}

/** Writes 7 to 10 acknowledged while the relay cannot reach these secondaries. */
function withBacklog(unreached: typeof secondaries): Cluster {
  const cluster = running();
  for (const node of unreached) cluster.cut(relay1, node);
  writeSome(cluster, 7, 4);
  return cluster;
}

function epochs(cluster: Cluster): string[] {
  return allNodes.flatMap((node) => (cluster.runs(node) ? [`${node} ${cluster.status(node).epoch.number}`] : []));
}

function phases(cluster: Cluster): string[] {
  return secondaries.map((node) => cluster.status(node).phase);
}

describe("takeover with the relay alive (PROTOCOL 6.2, B11)", () => {
  it("B11: drains the relay and loses nothing that was acknowledged; both volumes show one prefix", () => {
    const cluster = withBacklog([secondaryB]);
    losePrimarySite(cluster);
    cluster.heal();
    const result = takeOver(cluster, secondaryA);
    expect(result).toMatchObject({
      outcome: "taken-over",
      sequence: 10,
      lost: "nothing",
      participants: secondaries,
      absent: [],
      risks: [],
    });
    expect(prefixShown(cluster)).toBe(10);
    expect(phases(cluster)).toEqual(["open", "open"]);
    const { progress } = cluster.node(secondaryA);
    expect(progress.map(({ phase }) => phase)).toEqual([
      "look",
      "promise",
      "fence",
      "drain",
      "decide",
      "roll-forward",
      "end",
    ]);
  });

  it("hosts write at the far side afterwards, on the local array alone", () => {
    const cluster = running();
    losePrimarySite(cluster);
    takeOver(cluster, secondaryB);
    const node = cluster.node(secondaryB);
    expect(node.access.get(volB)).toBe("read-write");
    const write = node.write({ volume: volB, block: 100, value: 77 });
    cluster.run();
    expect(node.replies.get(write)).toBeNull();
    expect(valueOf(node.block(volB, 100))).toBe(77);
  });

  it("B14: live primaries are fenced: no host is acknowledged any more, and no epoch below the new one is heard", () => {
    const cluster = running();
    const result = takeOver(cluster, secondaryA);
    expect(result).toMatchObject({ outcome: "taken-over", sequence: 6, lost: "nothing" });
    for (const node of [primaryA, primaryB]) expect(cluster.status(node).phase).toBe("fenced");
    expect(writeNext(cluster, 7)).toBe(false);
    expect(prefixShown(cluster)).toBe(6);
    expect(new Set(allNodes.map((node) => cluster.status(node).epoch.number))).toEqual(new Set([2]));
  });

  it.each([
    ["the relay and the secondaries", []],
    ["a secondary only", [relay1]],
    ["the relay only", [...secondaries]],
  ])("B14: an old primary that comes back and reaches %s serves no host", (_, gone) => {
    const cluster = running();
    losePrimarySite(cluster);
    takeOver(cluster, secondaryA);
    for (const node of gone) cluster.kill(node);
    cluster.start(primaryA);
    cluster.until(() => cluster.status(primaryA).phase === "fenced", "the old primary is fenced");
    const request = cluster.node(primaryA).write({ volume: volA, block: 7, value: 7 });
    cluster.run();
    expect(isFailure(cluster.node(primaryA).replies.get(request), "VOLUME_NOT_OPEN")).toBe(true);
    // Fenced for good: it does not come back to life when it is started where nobody answers.
    cluster.kill(primaryA);
    for (const node of [relay1, ...secondaries]) if (cluster.runs(node)) cluster.kill(node);
    cluster.start(primaryA);
    cluster.pass(3_000);
    expect(cluster.status(primaryA).phase).toBe("fenced");
  });

  it("an old primary that reaches nobody stays closed", () => {
    const cluster = running();
    losePrimarySite(cluster);
    takeOver(cluster, secondaryA);
    for (const node of [relay1, ...secondaries]) cluster.kill(node);
    cluster.start(primaryA);
    cluster.pass(5_000);
    expect(cluster.status(primaryA).phase).toBe("confirming");
    expect(cluster.node(primaryA).access.get(volA)).toBe("closed");
  });

  it("run again when it is done, tells what was decided, as truthfully as the first time", () => {
    const cluster = running();
    losePrimarySite(cluster);
    const first = takeOver(cluster, secondaryA);
    const again = takeOver(cluster, secondaryB);
    const { epoch, sequence, lost } = first;
    expect(again).toMatchObject({ outcome: "taken-over", epoch, sequence, lost });
  });

  it("a second takeover at the same node is refused and leaves the running one alone", () => {
    const cluster = withBacklog([secondaryB]);
    losePrimarySite(cluster);
    const bench = cluster.node(secondaryA);
    const first = bench.takeover();
    // Without secondary B reachable from the relay, the drain polls.
    cluster.pass(200);
    const second = cluster.node(secondaryA).takeover();
    expect(bench.result(second)).toMatchObject({ outcome: "refused", code: "TAKEOVER_RUNNING" });
    cluster.heal();
    cluster.until(() => bench.result(first) !== null, "the first ends");
    expect(bench.result(first)).toMatchObject({ outcome: "taken-over", sequence: 10 });
  });

  it("a drain that stalls is refused, and run again when the relay reaches the secondary, completes", () => {
    const cluster = withBacklog([secondaryB]);
    losePrimarySite(cluster);
    expect(takeOver(cluster, secondaryA)).toMatchObject({ outcome: "refused", code: "DRAIN_STALLED" });
    expect(phases(cluster)).toEqual(["promised", "promised"]);
    cluster.heal();
    expect(takeOver(cluster, secondaryB)).toMatchObject({ outcome: "taken-over", sequence: 10, lost: "nothing" });
    expect(prefixShown(cluster)).toBe(10);
  });

  it("a drain that stalls goes on with --force at what all have, and names what is lost", () => {
    const cluster = withBacklog([secondaryB]);
    losePrimarySite(cluster);
    expect(takeOver(cluster, secondaryA, { force: true })).toMatchObject({
      outcome: "taken-over",
      sequence: 6,
      lost: "known",
      lostDetail: expect.stringMatching(/^7\.\.10:/) as string,
    });
    expect(prefixShown(cluster)).toBe(6);
  });

  it("E5: while the group is suspended by command hosts are answered without the relay: what is lost is not known", () => {
    const cluster = running();
    cluster.node(relay1).step({ kind: "command", request: 90_000, command: { kind: "suspend" } });
    cluster.pass(500);
    writeSome(cluster, 7, 2);
    losePrimarySite(cluster);
    const told = { lost: "unknown", lostDetail: expect.stringContaining("acknowledged writes on their own") as string };
    expect(takeOver(cluster, secondaryA, { dryRun: true })).toMatchObject({ outcome: "planned", ...told });
    expect(takeOver(cluster, secondaryA)).toMatchObject({ outcome: "taken-over", sequence: 6, ...told });
    expect(prefixShown(cluster)).toBe(6);
  });
});

describe("takeover without the relay (PROTOCOL 6.3 to 6.5)", () => {
  it("is refused without --force, and changes nothing: the group goes on when the relay is back", () => {
    const cluster = running();
    cluster.kill(relay1);
    const before = epochs(cluster);
    const result = takeOver(cluster, secondaryA);
    expect(result).toMatchObject({ outcome: "refused", code: "RELAY_UNREACHABLE", epoch: epochOne, lost: "unknown" });
    expect(result.risks.join()).toMatch(/split brain/);
    expect(epochs(cluster)).toEqual(before);
    cluster.start(relay1);
    cluster.pass(1_000);
    writeSome(cluster, 7, 2);
    cluster.pass(100);
    expect(prefixShown(cluster)).toBe(8);
  });

  it("B6, PROTOCOL 6.5: with --force takes the highest point that all are complete to, and says that the loss is unknown", () => {
    const cluster = withBacklog([secondaryB]);
    losePrimarySite(cluster);
    cluster.kill(relay1);
    expect(takeOver(cluster, secondaryA, { force: true })).toMatchObject({
      outcome: "taken-over",
      sequence: 6,
      lost: "unknown",
      lostDetail: expect.stringMatching(/^unknown from 7:/) as string,
      risks: [expect.stringMatching(/relay-1 could not be fenced/) as string],
    });
    expect(prefixShown(cluster)).toBe(6);
  });

  it("B6: with --force says of an absent secondary that a takeover may have been decided there (simulator seed 500965)", () => {
    const cluster = withBacklog([secondaryB]);
    losePrimarySite(cluster);
    for (const node of [relay1, secondaryB]) cluster.kill(node);
    const { risks } = takeOver(cluster, secondaryA, { force: true });
    expect(risks).toHaveLength(2);
    expect(risks[1]).toMatch(/^secondary-b does not answer: .* run it there, not here/);
  });

  it("B14: a relay that comes back afterwards stamps nothing any more", () => {
    const cluster = running();
    cluster.kill(relay1);
    takeOver(cluster, secondaryA, { force: true });
    for (const node of [primaryA, primaryB]) expect(cluster.status(node).phase).toBe("fenced");
    cluster.start(relay1);
    cluster.pass(2_000);
    expect(cluster.status(relay1).epoch.number).toBe(2);
    expect(cluster.status(relay1).phase).toBe("fenced");
    expect(prefixShown(cluster)).toBe(6);
  });

  it("takes a relay whose journal was lost for none: it cannot say what it had stamped", () => {
    const cluster = running();
    cluster.kill(relay1);
    const medium = cluster.medium(relay1);
    medium.journal.marks = new Map();
    medium.journal.records = [];
    cluster.start(relay1);
    cluster.until(() => cluster.status(relay1).phase === "journal-lost", "the loss is noticed");
    expect(takeOver(cluster, secondaryA)).toMatchObject({ code: "RELAY_UNREACHABLE" });
    expect(takeOver(cluster, secondaryA, { force: true })).toMatchObject({ sequence: 6, lost: "unknown" });
  });
});

describe("takeover with a secondary absent (PROTOCOL 3.3, 6.3, B6)", () => {
  it("B6: goes on at the highest validated point, and the absent one joins there when it comes back", () => {
    const cluster = running();
    losePrimarySite(cluster);
    cluster.kill(secondaryB);
    expect(takeOver(cluster, secondaryA)).toMatchObject({
      outcome: "taken-over",
      sequence: 6,
      lost: "nothing",
      participants: [secondaryA],
      absent: [secondaryB],
    });
    cluster.start(secondaryB);
    cluster.until(() => cluster.status(secondaryB).phase === "open", "the absent one joins");
    expect(prefixShown(cluster)).toBe(6);
  });

  it("B6: one that had received more than C cuts its journal there before it opens", () => {
    const cluster = withBacklog([secondaryA]);
    cluster.pass(100);
    expect(cluster.status(secondaryB).secondary?.received).toBeGreaterThan(6);
    losePrimarySite(cluster);
    cluster.kill(secondaryB);
    // The coordinator cannot reach the relay either: what it stamped beyond is not known here.
    expect(takeOver(cluster, secondaryA, { force: true })).toMatchObject({ sequence: 6, lost: "unknown" });
    cluster.start(secondaryB);
    cluster.until(() => cluster.status(secondaryB).phase === "open", "the absent one joins");
    expect(prefixShown(cluster)).toBe(6);
    expect(cluster.medium(secondaryB).journal.records.filter(({ sequence }) => sequence > 6)).toEqual([]);
  });

  it("is refused when acknowledged writes would be left out, and changes nothing", () => {
    const cluster = withBacklog([secondaryB]);
    losePrimarySite(cluster);
    cluster.kill(secondaryB);
    const result = takeOver(cluster, secondaryA);
    expect(result).toMatchObject({ outcome: "refused", code: "WOULD_LOSE_WRITES" });
    expect(result.message).toContain("secondary-b (7..10)");
    expect(epochs(cluster)).toEqual(["relay-1 1", "secondary-a 1"]);
    cluster.start(secondaryB);
    cluster.heal();
    cluster.pass(500);
    expect(takeOver(cluster, secondaryA)).toMatchObject({ outcome: "taken-over", sequence: 10, lost: "nothing" });
    expect(prefixShown(cluster)).toBe(10);
  });

  it("with --without keeps every write of those who remain; the excluded one needs a resync when it comes back", () => {
    const cluster = withBacklog([secondaryB]);
    losePrimarySite(cluster);
    cluster.kill(secondaryB);
    expect(takeOver(cluster, secondaryA, { without: [secondaryB] })).toMatchObject({ sequence: 10, lost: "nothing" });
    cluster.start(secondaryB);
    cluster.until(() => cluster.status(secondaryB).phase === "needs-resync", "the excluded one learns of it");
    expect(cluster.node(secondaryB).access.get(volB)).toBe("closed");
    cluster.kill(secondaryB);
    cluster.start(secondaryB);
    cluster.pass(500);
    expect(cluster.status(secondaryB).phase).toBe("needs-resync");
    expect(cluster.node(secondaryB).access.get(volB)).toBe("closed");
  });

  it("B10: one that lost its data is copied while the group goes on, and may be taken over to afterwards", () => {
    const cluster = running();
    cluster.pass(500);
    cluster.kill(secondaryB);
    Object.assign(cluster.medium(secondaryB), createCluster().medium(secondaryB));
    cluster.start(secondaryB);
    cluster.until(() => cluster.status(secondaryB).phase === "needs-resync", "it is found to hold nothing of use");
    expect(cluster.node(secondaryB).access.get(volB)).toBe("closed");
    cluster.until(() => cluster.status(secondaryB).phase === "following", "it was copied");
    cluster.until(() => cluster.status(relay1).relay?.protected === true, "the group is protected by it again");
    expect(cluster.node(secondaryB).access.get(volB)).toBe("read-only");
    expect(cluster.medium(secondaryB).volumes.get(volB)).toEqual(cluster.medium(primaryB).volumes.get(volB));
    losePrimarySite(cluster);
    expect(takeOver(cluster, secondaryA)).toMatchObject({ outcome: "taken-over", lost: "nothing" });
  });

  it("B14: one that had taken over alone and died does not open again beside those who went on without it", () => {
    const cluster = withBacklog([secondaryB]);
    losePrimarySite(cluster);
    cluster.kill(secondaryB);
    expect(takeOver(cluster, secondaryA, { without: [secondaryB] })).toMatchObject({ outcome: "taken-over" });
    cluster.kill(secondaryA);
    cluster.start(secondaryB);
    const result = takeOver(cluster, secondaryB, { without: [secondaryA], force: true });
    expect(result).toMatchObject({ outcome: "taken-over", participants: [secondaryB] });
    cluster.start(secondaryA);
    cluster.pass(3000);
    expect(phases(cluster)).toEqual(["needs-resync", "open"]);
    expect(cluster.node(secondaryA).access.get(volA)).toBe("closed");
  });

  it("does not lose what is acknowledged between its look and its fence", () => {
    let armed = false;
    const cluster = createCluster({
      beforeStep(self) {
        const coordinator = self.runs(secondaryA) ? self.node(secondaryA) : null;
        if (!armed || !coordinator?.progress.some(({ phase }) => phase === "promise")) return;
        armed = false;
        const primary = self.node(primaryA);
        primary.write({ volume: volA, block: 7, value: 7 });
      },
    });
    startAll(cluster);
    writeSome(cluster, 1, 6);
    cluster.pass(100);
    cluster.kill(secondaryB);
    armed = true;
    const result = takeOver(cluster, secondaryA);
    expect(armed).toBe(false);
    // Writes 1, 3, 5 and 7, all acknowledged.
    expect([...cluster.node(primaryA).replies.values()]).toEqual([null, null, null, null]);
    expect(result).toMatchObject({ outcome: "refused", code: "WOULD_LOSE_WRITES" });
    expect(takeOver(cluster, secondaryA, { without: [secondaryB] })).toMatchObject({ sequence: 7, lost: "nothing" });
  });

  it.each([
    ["NODE_IS_PRESENT", [secondaryB]],
    ["NOT_A_PEER", [relay1]],
    ["NOT_A_PEER", [secondaryA]],
  ])("--without is refused with %s for %s", (code, without) => {
    const cluster = running();
    expect(takeOver(cluster, secondaryA, { without })).toMatchObject({ outcome: "refused", code });
    expect(new Set(epochs(cluster).map((text) => text.split(" ")[1]))).toEqual(new Set(["1"]));
  });
});

describe("takeover of three secondaries", () => {
  const secondaryC = "secondary-c" as NodeName;
  const volC = "vol-c" as VolumeName;
  const three: Membership = {
    ...g1,
    volumes: [...g1.volumes, { name: volC, sizeBytes: volumeBytes, primary: primaryA, secondaries: [secondaryC] }],
  };

  it("one that was left out and came back may be left out again: it is present, but of no use before its resync", () => {
    // Secondary C dies while the decision is on its way to it.
    const cluster = createCluster({
      membership: three,
      beforeStep(self) {
        if (!self.runs(secondaryC) || !self.runs(secondaryA)) return;
        if (self.node(secondaryA).progress.some(({ phase }) => phase === "decide")) self.kill(secondaryC);
      },
    });
    startAll(cluster, [...allNodes, secondaryC]);
    writeSome(cluster, 1, 6);
    cluster.pass(100);
    losePrimarySite(cluster);
    cluster.kill(secondaryB);
    expect(takeOver(cluster, secondaryA, { without: [secondaryB] })).toMatchObject({ code: "PARTICIPANT_LOST" });
    cluster.start(secondaryB);
    cluster.until(() => cluster.status(secondaryB).phase === "needs-resync", "it learns that it was left out");
    expect(takeOver(cluster, secondaryA)).toMatchObject({ outcome: "refused", code: "NEEDS_RESYNC" });
    expect(takeOver(cluster, secondaryA, { without: [secondaryB, secondaryC] })).toMatchObject({
      outcome: "taken-over",
      sequence: 6,
      lost: "nothing",
      participants: [secondaryA],
    });
  });
});
