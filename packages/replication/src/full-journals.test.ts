import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { recordOverheadBytes } from "@waystation/contracts/journal";
import { createCluster } from "./testing/cluster.js";
import { prefixShown, startAll, takeOver, writeNext, writeSome } from "./testing/dependent-writes.js";
import { blockBytes, primaryA, primaryB, relay1, secondaryA, secondaryB } from "./testing/fixture.js";

const recordCost = recordOverheadBytes + blockBytes;
const journals = fc.record({
  relay: fc.integer({ min: 2, max: 20 }),
  a: fc.integer({ min: 1, max: 6 }),
  b: fc.integer({ min: 1, max: 6 }),
});
const event = fc.oneof(
  { weight: 20, arbitrary: fc.constant("write" as const) },
  fc.constant("cut a" as const),
  fc.constant("cut b" as const),
  fc.constant("cut primary" as const),
  fc.constant("heal" as const),
  fc.constant("pass" as const),
);

describe("journals that are full (DESIGN rule 6)", () => {
  it("of a secondary: the others' records above its own do not stop it, though it is full to the brim", () => {
    const cluster = startAll(createCluster({ capacityBytes: new Map([[secondaryA, recordCost]]) }));
    cluster.cut(relay1, secondaryB);
    writeSome(cluster, 1, 12);
    cluster.heal();
    cluster.until(() => prefixShown(cluster) === 12, "write 12 at the far side");
  });

  it("of the secondaries: a takeover drains a relay that holds many times as much, and loses nothing (B11)", () => {
    const small = 3 * recordCost;
    const cluster = startAll(
      createCluster({
        capacityBytes: new Map([
          [secondaryA, small],
          [secondaryB, small],
        ]),
      }),
    );
    for (const node of [secondaryA, secondaryB]) cluster.cut(relay1, node);
    writeSome(cluster, 1, 60);
    cluster.kill(primaryA);
    cluster.kill(primaryB);
    cluster.heal();
    expect(takeOver(cluster, secondaryA)).toMatchObject({ outcome: "taken-over", sequence: 60, lost: "nothing" });
    expect(prefixShown(cluster)).toBe(60);
  });

  it("hold writes back all the way to the hosts, and never for ever: with the links whole, all of it arrives", () => {
    fc.assert(
      fc.property(journals, fc.array(event, { minLength: 10, maxLength: 60 }), ({ relay, a, b }, events) => {
        const capacityBytes = new Map([
          [relay1, relay * recordCost],
          [secondaryA, a * recordCost],
          [secondaryB, b * recordCost],
        ]);
        const cluster = startAll(createCluster({ capacityBytes }));
        let next = 1;
        let issued = 0;
        for (const step of events) {
          if (step === "cut a") cluster.cut(relay1, secondaryA);
          else if (step === "cut b") cluster.cut(relay1, secondaryB);
          else if (step === "cut primary") cluster.cut(relay1, primaryA);
          else if (step === "heal") cluster.heal();
          else if (step === "pass") cluster.pass(400);
          else if (issued < next) {
            issued = next;
            if (writeNext(cluster, next)) next += 1;
          }
          expect(cluster.status(relay1).relay?.journalUsedBytes).toBeLessThanOrEqual(relay * recordCost);
        }
        cluster.heal();
        const shownAll = (): boolean => prefixShown(cluster) === issued;
        cluster.until(shownAll, `write ${issued} at the far side`);
      }),
      { numRuns: 40 },
    );
  });
});
