import { describe, expect, it } from "vitest";
import { createCluster } from "./testing/cluster.js";
import { startAll, takeOver } from "./testing/dependent-writes.js";
import { g1, primaryA, primaryB, relay1, secondaryA, secondaryB, volA, volB } from "./testing/fixture.js";
import { createMedium } from "./testing/medium.js";
import { assertEqual, changeTerm, issue, outcomeOf, untilProtected, writeAt } from "./testing/term-drill.js";
import type { Membership } from "./membership.js";
import type { NodeName } from "./vocabulary.js";

const second = ["secondary-c", "secondary-d"] as NodeName[];
const [secondaryC, secondaryD] = second as [NodeName, NodeName];

describe("live membership", () => {
  it("B10: a dead secondary replaced by an empty machine of its name is copied to, while hosts write", () => {
    const cluster = startAll(createCluster());
    writeAt(cluster, primaryA, volA, [1, 3]);
    writeAt(cluster, primaryB, volB, [2, 4]);
    untilProtected(cluster, relay1);
    cluster.kill(secondaryB);
    const empty = createMedium(g1, secondaryB);
    Object.assign(cluster.medium(secondaryB), empty);
    writeAt(cluster, primaryB, volB, [6]);
    cluster.start(secondaryB);
    writeAt(cluster, primaryB, volB, [8]);
    untilProtected(cluster, relay1);
    assertEqual(cluster);
  });

  it("B12: an old primary replaced by an empty machine of its name gets everything by the swap, not what logs say", () => {
    const cluster = startAll(createCluster());
    writeAt(cluster, primaryA, volA, [1, 3]);
    writeAt(cluster, primaryB, volB, [2, 4]);
    untilProtected(cluster, relay1);
    cluster.kill(primaryA);
    Object.assign(cluster.medium(primaryA), createMedium(g1, primaryA));
    expect(changeTerm(cluster, secondaryA, "swap", { force: true })).toMatchObject({ outcome: "term-begun" });
    // Nothing is written to vol-a any more: no log would name what is missing.
    cluster.start(primaryA);
    untilProtected(cluster, relay1);
    assertEqual(cluster);
  });

  it("B13: a relay replaced by an empty machine of its name gets its role back by return", () => {
    const cluster = startAll(createCluster());
    writeAt(cluster, primaryA, volA, [1, 3]);
    untilProtected(cluster, relay1);
    cluster.kill(relay1);
    Object.assign(cluster.medium(relay1), createMedium(g1, relay1));
    cluster.start(relay1);
    cluster.pass(4_000);
    expect(changeTerm(cluster, secondaryA, "return")).toMatchObject({ outcome: "term-begun" });
    writeAt(cluster, primaryA, volA, [5]);
    writeAt(cluster, primaryB, volB, [6]);
    untilProtected(cluster, relay1);
    assertEqual(cluster);
  });

  it("B1: a second pair of secondaries joins by the members of the configuration, with no downtime", () => {
    const wide: Membership = {
      ...g1,
      volumes: g1.volumes.map((volume, index) => ({
        ...volume,
        secondaries: [...volume.secondaries, index === 0 ? secondaryC : secondaryD],
      })),
    };
    // As the nodes were started first: their terms are of the narrow group.
    const cluster = startAll(createCluster({ membership: wide, configuredAs: g1 }));
    writeAt(cluster, primaryA, volA, [1, 3]);
    untilProtected(cluster, relay1);
    cluster.configure(wide);
    for (const name of second) cluster.start(name);
    cluster.pass(1_000);
    writeAt(cluster, primaryA, volA, [5]);
    expect(changeTerm(cluster, secondaryA, "members")).toMatchObject({ outcome: "term-begun" });
    writeAt(cluster, primaryA, volA, [7]);
    writeAt(cluster, primaryB, volB, [8]);
    untilProtected(cluster, relay1);
    assertEqual(cluster, wide);
  });

  it("B11: of the secondaries that hold a volume one alone is written after a takeover, the others are read", () => {
    const wide: Membership = {
      ...g1,
      volumes: g1.volumes.map((volume) => ({ ...volume, secondaries: [...volume.secondaries, secondaryC] })),
    };
    const cluster = createCluster({ membership: wide });
    cluster.start(secondaryC);
    startAll(cluster);
    writeAt(cluster, primaryA, volA, [1]);
    untilProtected(cluster, relay1);
    for (const node of [primaryA, primaryB]) cluster.kill(node);
    expect(takeOver(cluster, secondaryC)).toMatchObject({ outcome: "taken-over" });
    cluster.pass(100);
    expect(cluster.node(secondaryA).access.get(volA)).toBe("read-write");
    expect(cluster.node(secondaryC).access.get(volA)).toBe("read-only");
    writeAt(cluster, secondaryA, volA, [3]);
    const elsewhere = issue(cluster, secondaryC, volA, 5);
    cluster.run();
    expect(outcomeOf(cluster, secondaryC, elsewhere)).toBe("READ_ONLY");
  });

  it("B13: an empty machine in place of a term's relay stamps nothing, and takes nobody's image, until `return` (seed 42 of the journeys)", () => {
    const cluster = startAll(createCluster());
    writeAt(cluster, primaryA, volA, [1, 3]);
    expect(changeTerm(cluster, secondaryA, "swap")).toMatchObject({ outcome: "term-begun" });
    writeAt(cluster, secondaryA, volA, [5]);
    untilProtected(cluster, relay1);
    const { validated } = cluster.status(primaryA).secondary ?? {};
    cluster.kill(relay1);
    Object.assign(cluster.medium(relay1), createMedium(g1, relay1));
    cluster.start(relay1);
    cluster.pass(4_000);
    expect(cluster.status(relay1).phase).toBe("journal-lost");
    expect(cluster.status(primaryA).secondary).toMatchObject({ validated, copy: null });
    expect(changeTerm(cluster, secondaryB, "return")).toMatchObject({ outcome: "term-begun" });
    writeAt(cluster, secondaryA, volA, [7]);
    untilProtected(cluster, relay1);
    assertEqual(cluster);
  });

  it("B12: an empty machine in place of a term's primary serves no host, and is copied in full once it follows", () => {
    const cluster = startAll(createCluster());
    writeAt(cluster, primaryA, volA, [1, 3]);
    expect(changeTerm(cluster, secondaryA, "swap")).toMatchObject({ outcome: "term-begun" });
    writeAt(cluster, secondaryA, volA, [5]);
    untilProtected(cluster, relay1);
    cluster.kill(secondaryA);
    Object.assign(cluster.medium(secondaryA), createMedium(g1, secondaryA));
    cluster.start(secondaryA);
    cluster.pass(4_000);
    expect(cluster.node(secondaryA).access.get(volA)).toBe("closed");
    expect(changeTerm(cluster, primaryA, "swap", { force: true })).toMatchObject({ outcome: "term-begun" });
    writeAt(cluster, primaryA, volA, [7]);
    untilProtected(cluster, relay1);
    assertEqual(cluster);
  });
});
