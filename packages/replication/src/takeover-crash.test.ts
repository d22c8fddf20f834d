import { describe, expect, it } from "vitest";
import { createCluster, type Cluster } from "./testing/cluster.js";
import { prefixShown, startAll, takeOver, writeSome } from "./testing/dependent-writes.js";
import { primaryA, primaryB, relay1, secondaryA, secondaryB } from "./testing/fixture.js";
import type { NodeName } from "./vocabulary.js";

const secondaries = [secondaryA, secondaryB];

/** Writes 1 to 10 acknowledged, the last four not yet at secondary B; then the primary site is lost. */
function atDisaster(beforeStep?: (cluster: Cluster) => void): Cluster {
  let armed = false;
  const cluster = startAll(createCluster({ beforeStep: (self) => (armed ? beforeStep?.(self) : undefined) }));
  writeSome(cluster, 1, 6);
  cluster.pass(100);
  cluster.cut(relay1, secondaryB);
  writeSome(cluster, 7, 4);
  cluster.kill(primaryA);
  cluster.kill(primaryB);
  cluster.heal();
  armed = true;
  return cluster;
}

/** How many steps a takeover takes from its command to its end, time passing included. */
function stepsOfTakeover(): number {
  const cluster = atDisaster();
  const { request, steps } = runFor(cluster, Number.POSITIVE_INFINITY);
  expect(cluster.node(secondaryA).result(request)).toMatchObject({ outcome: "taken-over" });
  return steps;
}

/** Starts a takeover at secondary A, and lets exactly so many steps happen, or those until its end. */
function runFor(cluster: Cluster, stepsMax: number): { readonly request: number; readonly steps: number } {
  const bench = cluster.node(secondaryA);
  const request = bench.takeover();
  let steps = 0;
  while (bench.result(request) === null && steps < stepsMax) {
    const made = cluster.run(Math.min(1, stepsMax - steps));
    steps += made;
    if (made === 0) cluster.tickAll();
  }
  return { request, steps };
}

/** Every node up that is to be up; a takeover from `coordinator`, repeated as its refusals advise. */
function completeFrom(cluster: Cluster, coordinator: NodeName): void {
  let last = null;
  for (let attempts = 0; attempts < 5; attempts++) {
    last = takeOver(cluster, coordinator);
    if (last.outcome === "taken-over") break;
    expect(["PARTICIPANT_LOST", "RIVAL_TAKEOVER", "TAKEOVER_RUNNING", "DRAIN_STALLED", "RELAY_UNREACHABLE"]).toContain(
      last.code,
    );
    cluster.pass(500);
  }
  expect(last).toMatchObject({ outcome: "taken-over", sequence: 10, lost: "nothing" });
  cluster.until(() => secondaries.every((node) => cluster.status(node).phase === "open"), "both are open");
  expect(prefixShown(cluster)).toBe(10);
}

describe("a takeover killed and run again (PROTOCOL 6.2, DESIGN rule 8)", () => {
  const total = stepsOfTakeover();

  it("takes a number of steps that makes these tests worth while", () => {
    expect(total).toBeGreaterThan(30);
  });

  it.each([
    ["the coordinator", secondaryA, secondaryA],
    ["the coordinator, its successor being the other secondary", secondaryA, secondaryB],
    ["a participant", secondaryB, secondaryA],
    ["the relay", relay1, secondaryA],
  ])(
    "B11: with %s killed after any step, a later run opens both at one point, with nothing lost",
    (_, victim, next) => {
      for (let steps = 0; steps <= total; steps++) {
        const cluster = atDisaster();
        runFor(cluster, steps);
        cluster.kill(victim);
        cluster.pass(200);
        cluster.start(victim);
        cluster.pass(1_200);
        const running = victim === secondaryA ? null : cluster.node(secondaryA);
        if (running !== null) cluster.until(() => running.progress.at(-1)?.result !== null, "the first run ends");
        completeFrom(cluster, next);
      }
    },
  );

  it("B6: killed after any step, and gone on with by the other alone, never shows two points to anybody", () => {
    for (let steps = 0; steps <= total; steps++) {
      const cluster = atDisaster();
      runFor(cluster, steps);
      cluster.kill(secondaryA);
      const result = takeOver(cluster, secondaryB, { force: true });
      cluster.start(secondaryA);
      cluster.pass(5_000);
      if (result.outcome !== "taken-over") {
        // What one participant may have decided must be kept to: the other waits for it.
        expect(["PARTICIPANT_LOST", "ROLL_FORWARD_STALLED"]).toContain(result.code);
        takeOver(cluster, secondaryB);
      }
      cluster.until(() => secondaries.every((node) => cluster.status(node).phase === "open"), `open after ${steps}`);
      const shown = prefixShown(cluster);
      if (result.outcome === "taken-over") expect(shown).toBe(result.sequence);
    }
  });

  it("with all nodes killed after any step, a later run completes it", () => {
    for (let steps = 0; steps <= total; steps++) {
      const cluster = atDisaster();
      runFor(cluster, steps);
      for (const node of [relay1, ...secondaries]) cluster.kill(node);
      for (const node of [relay1, ...secondaries]) cluster.start(node);
      cluster.pass(500);
      completeFrom(cluster, secondaryA);
    }
  });
});

describe("a takeover that loses a participant on its way (PROTOCOL 6.2)", () => {
  it.each([
    ["promise", "promised"],
    ["decide", "decided"],
  ])("at its %s is refused, opens nobody, leaves what is durable, and is completed by the next run", (at, left) => {
    let lose = true;
    const cluster = atDisaster((self) => {
      if (!lose || !self.node(secondaryA).progress.some(({ phase }) => phase === at)) return;
      lose = false;
      self.kill(secondaryB);
    });
    expect(takeOver(cluster, secondaryA)).toMatchObject({ outcome: "refused", code: "PARTICIPANT_LOST" });
    cluster.pass(2_000);
    expect(cluster.status(secondaryA)).toMatchObject({ phase: left, epoch: { number: 2 } });
    cluster.start(secondaryB);
    cluster.pass(1_000);
    completeFrom(cluster, secondaryB);
  });
});

describe("two rival takeovers (PROTOCOL 6.1)", () => {
  it("begun any number of steps apart, settle on one decision and one point, at the latest when run again", () => {
    const total = stepsOfTakeover();
    for (let steps = 0; steps <= total; steps++) {
      const cluster = atDisaster();
      const { request } = runFor(cluster, steps);
      const rivals: [NodeName, number][] = [
        [secondaryA, request],
        [secondaryB, cluster.node(secondaryB).takeover()],
      ];
      for (const [node, id] of rivals) cluster.until(() => cluster.node(node).result(id) !== null, "both end");
      const sequences = rivals.flatMap(([node, id]) => {
        const result = cluster.node(node).result(id);
        return result?.outcome === "taken-over" ? [result.sequence] : [];
      });
      expect(sequences.every((sequence) => sequence === 10)).toBe(true);
      completeFrom(cluster, secondaryB);
    }
  });

  it("B14: the same epoch number with another id is refused by whoever promised the first", () => {
    const cluster = atDisaster();
    const [a, b] = [cluster.node(secondaryA), cluster.node(secondaryB)];
    const requests = [a.takeover(), b.takeover()];
    cluster.until(() => a.result(requests[0]!) !== null && b.result(requests[1]!) !== null, "both end");
    const outcomes = [a.result(requests[0]!), b.result(requests[1]!)].map((result) => result?.code ?? "");
    expect(outcomes).toContain("RIVAL_TAKEOVER");
  });
});

describe("a secondary that holds an undone decision", () => {
  it.each([
    ["with the relay alive", []],
    ["from the other secondary alone", [relay1]],
  ])("B14: learns of the later one that was taken without it, %s, and does not open by the old one", (_, gone) => {
    const total = stepsOfTakeover();
    for (let steps = 0; steps <= total; steps++) {
      const cluster = atDisaster();
      runFor(cluster, steps);
      cluster.kill(secondaryA);
      if (cluster.status(secondaryB).phase === "open") continue;
      const result = takeOver(cluster, secondaryB, { without: [secondaryA] });
      if (result.outcome !== "taken-over") continue;
      expect(result).toMatchObject({ sequence: 10, lost: "nothing" });
      for (const node of gone) cluster.kill(node);
      cluster.start(secondaryA);
      cluster.until(
        () => ["needs-resync", "open"].includes(cluster.status(secondaryA).phase),
        `settled after ${steps}`,
      );
      if (cluster.status(secondaryA).phase === "open") expect(prefixShown(cluster)).toBe(10);
    }
  });
});
