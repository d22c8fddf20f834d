import { describe, expect, it } from "vitest";
import type { Membership } from "./membership.js";
import { createCluster } from "./testing/cluster.js";
import { allNodes, prefixShown, startAll, takeOver, writeNext, writeSome } from "./testing/dependent-writes.js";
import { g1, primaryA, primaryB, relay1, secondaryA, secondaryB, volumeBytes } from "./testing/fixture.js";
import type { NodeName, Sequence, VolumeName } from "./vocabulary.js";

const secondaryC = "secondary-c" as NodeName;
const threeSecondaries: Membership = {
  ...g1,
  volumes: [
    ...g1.volumes,
    { name: "vol-c" as VolumeName, sizeBytes: volumeBytes, primary: primaryA, secondaries: [secondaryC] },
  ],
};

describe("takeover with a secondary absent and the others apart (PROTOCOL 3.3, 6.3)", () => {
  it("B6: takes the highest point that any of those present has validated: the absent one may have gone so far", () => {
    // All of the first site dies, and secondary C, when secondary A has validated a point and B has not.
    const apart: { readonly a: Sequence; readonly b: Sequence }[] = [];
    let armed = false;
    const cluster = createCluster({
      membership: threeSecondaries,
      beforeStep(self) {
        if (!armed || apart.length > 0) return;
        const [a, b] = [secondaryA, secondaryB].map(
          (node) => self.status(node).secondary?.validated ?? (0 as Sequence),
        );
        if (a === undefined || b === undefined || a <= b) return;
        apart.push({ a, b });
        for (const node of [relay1, primaryA, primaryB, secondaryC, secondaryB]) self.kill(node);
        self.start(secondaryB);
      },
    });
    startAll(cluster, [...allNodes, secondaryC]);
    writeSome(cluster, 1, 6);
    cluster.pass(100);
    armed = true;
    for (let k = 7; apart.length === 0 && writeNext(cluster, k); k++) cluster.pass(25);
    expect(apart).toEqual([{ a: 7, b: 6 }]);
    expect(takeOver(cluster, secondaryB, { force: true })).toMatchObject({
      outcome: "taken-over",
      sequence: 7,
      participants: [secondaryA, secondaryB],
      absent: [secondaryC],
    });
    expect(prefixShown(cluster)).toBe(7);
    cluster.start(secondaryC);
    cluster.until(() => cluster.status(secondaryC).phase === "open", "the absent one joins");
  });
});
