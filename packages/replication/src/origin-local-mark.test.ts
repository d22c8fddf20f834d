/** The local mark of a primary across its lives: what the relay was told once, it holds the primary to (PROTOCOL 2b). */
import { describe, expect, it } from "vitest";
import { limits } from "./limits.js";
import { at, mark, volA } from "./testing/fixture.js";
import type { Medium } from "./testing/medium.js";
import { createPrimaryBench, openPrimary, type PrimaryBench } from "./testing/primary-bench.js";
import type { OriginNumber } from "./vocabulary.js";

/** Died with two writes on its array, durably marked so; the relay has the first of them. */
function crashedAheadOfItsRelay(): Medium {
  const primary = openPrimary();
  primary.write({ volume: volA, block: 1, value: 1 });
  primary.settle();
  primary.ack(1);
  primary.write({ volume: volA, block: 2, value: 2 });
  primary.settle();
  primary.tick(limits.markIntervalMs);
  primary.settle();
  return primary.medium;
}

/** Starts on the medium and greets the relay; the local marks that it greets with. */
function greetAgain(medium: Medium): { readonly primary: PrimaryBench; readonly marks: readonly OriginNumber[] } {
  const primary = createPrimaryBench({ medium });
  primary.start();
  primary.settle();
  primary.connect();
  const hellos = primary.takeSent().flatMap(({ body }) => (body.kind === "origin-hello" ? [body] : []));
  const marks = hellos.flatMap(({ volumes }) => volumes.map(({ localComplete }) => localComplete));
  return { primary, marks };
}

describe("a primary whose array is ahead of its relay", () => {
  it("PROTOCOL 2b, 2c: never takes back a local mark that it told the relay of (simulator seeds 702128, 800498)", () => {
    const medium = crashedAheadOfItsRelay();
    const second = greetAgain(medium);
    expect(second.marks).toEqual([at(1, 2)]);
    second.primary.secondariesSilent();
    // The relay never saw write 2: what it has of the volume is less than what it has just been told of the array.
    second.primary.welcome([mark(volA, 1, 1)]);
    second.primary.records([]);
    second.primary.settle(["load"]);
    expect(second.primary.member.status().phase).toBe("reconciling");
    // Killed there. A lower mark would be an older copy's to the relay: it would be refused for good.
    const third = greetAgain(medium);
    expect(third.marks).toEqual([at(1, 2)]);
    third.primary.secondariesSilent();
    third.primary.welcome([mark(volA, 1, 1)]);
    third.primary.records([]);
    third.primary.settle();
    // Nor is write 2 forgotten: its extent is sent again as the first write of this life, and only then hosts may look.
    const writes = third.primary.takeSent().flatMap(({ body }) => (body.kind === "origin-batch" ? body.writes : []));
    expect(writes).toMatchObject([{ volume: volA, origin: at(3, 1), offsetBytes: 0 }]);
    expect(third.primary.member.status().phase).toBe("reconciling");
    third.primary.ack(1, 3);
    third.primary.settle();
    expect(third.primary.member.status().phase).toBe("open");
    expect(medium.journal.marks.get("local-complete/vol-a")).toEqual([1, 2]);
  });
});
