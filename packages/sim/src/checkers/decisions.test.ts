import type { NodeName } from "@waystation/contracts/ids";
import { decisionMark, markNames } from "@waystation/replication/marks";
import { describe, expect, it } from "vitest";
import type { Decision } from "@waystation/replication/messages";
import { collectFindings, secondaryA, secondaryB, seq } from "../testing/history.js";
import { createDecisionsChecker } from "./decisions.js";

function setUp(complete = 10) {
  const { found, violate } = collectFindings();
  const secondaries = [secondaryA, secondaryB];
  const checker = createDecisionsChecker({ secondaries, completeThrough: () => complete, violate });
  const decide = (node: NodeName, epoch: number, sequence: number, changes: Partial<Decision> = {}): void => {
    const decision = {
      epoch: { number: epoch, takeoverId: "t" },
      sequence: seq(sequence),
      participants: secondaries,
      excluded: [],
      term: null,
      fenced: true,
      stamped: seq(sequence),
      ...changes,
    };
    const marks = new Map([[markNames.decision, decisionMark(decision)]]);
    checker.observe({ kind: "journal-durable", node, commit: { marks } });
  };
  return { checker, found, decide };
}

describe("decisions (PROTOCOL 6)", () => {
  it("are settled once they are durable at all participants", () => {
    const { checker, found, decide } = setUp();
    decide(secondaryA, 2, 5);
    expect(checker.settledFor(secondaryA)).toBe(0);
    decide(secondaryB, 2, 5);
    expect([checker.settledFor(secondaryA), checker.settledFor(secondaryB)]).toEqual([5, 5]);
    expect(found).toEqual([]);
  });

  it("may be superseded while one participant lacks them, and no more afterwards", () => {
    const { found, decide } = setUp();
    decide(secondaryA, 2, 5);
    decide(secondaryA, 3, 4);
    decide(secondaryB, 3, 4);
    expect(found).toEqual([]);
    decide(secondaryA, 4, 6);
    decide(secondaryB, 4, 6);
    expect(found).toEqual(["decisions: the takeover settled 6 (epoch 4 t), but 4 (epoch 3 t) was settled before"]);
  });

  it("are found when they name more than a secondary that must come along holds", () => {
    const { found, decide } = setUp(4);
    decide(secondaryA, 2, 5, { participants: [secondaryA] });
    expect(found).toHaveLength(2);
    expect(found[0]).toContain("secondary-a is complete only up to 4");
  });
});
