import { describe, expect, it } from "vitest";
import { legMark, markNames, termMark, type Marks } from "./marks.js";
import type { OriginLeg } from "./messages.js";
import { epoch, g1, primaryA, secondaryA, seq, volA } from "./testing/fixture.js";
import { underTerm, type Term } from "./term.js";
import { marksAtTermStart } from "./term-marks.js";

/** vol-a the other way round. */
function swapped(number: number, tail: boolean): Term {
  const volumes = g1.volumes.map((volume) =>
    volume.name === volA ? { ...volume, primary: secondaryA, secondaries: [primaryA] } : volume,
  );
  const common = { cause: "swap", relay: g1.relay, base: seq(7), atBase: [] } as const;
  return { ...common, epoch: epoch(number), volumes, tail };
}

function branchOf(term: Term, marks: Marks): unknown {
  const common = { sequence: seq(7), participants: [], excluded: [], fenced: true, stamped: seq(7) };
  const change = marksAtTermStart({
    ...{ self: primaryA, term, marks, membership: underTerm(g1, term) },
    decision: { ...common, epoch: term.epoch, term },
    standing: { atBase: false, comparable: true },
  });
  return (change.get(markNames.copy) as { readonly branch: unknown }).branch;
}

const written = (leg: OriginLeg): Marks =>
  new Map([
    [`${markNames.intentPrefix(volA)}3`, true],
    [markNames.leg, legMark(leg)],
  ]);

describe("an old primary's divergent tail, as it becomes a secondary (PROTOCOL 6.4, B12)", () => {
  it("is kept where the term says that something may have been lost, or the node knows that it went on alone", () => {
    expect(branchOf(swapped(3, true), written("joined"))).toBe("branch-3");
    expect(branchOf(swapped(3, false), written("alone"))).toBe("branch-3");
    expect(branchOf(swapped(3, false), written("copying"))).toBe("branch-3");
  });

  it("is kept by a node that may have missed the term that said so", () => {
    expect(branchOf(swapped(5, false), written("joined"))).toBe("branch-5");
    const followed = termMark(swapped(3, false));
    expect(branchOf(swapped(5, false), new Map([...written("joined"), [markNames.term, followed]]))).toBe("");
  });

  it("is none after a planned swap, or where no host wrote", () => {
    expect(branchOf(swapped(3, false), written("joined"))).toBe("");
    expect(branchOf(swapped(3, true), new Map())).toBe("");
  });
});
