import type { NodeName } from "@waystation/contracts/ids";
import type { MarkValue } from "@waystation/contracts/journal";
import { decisionMark, epochMark, markNames } from "@waystation/replication/marks";
import type { CouncilBody, Decision, MemberState } from "@waystation/replication/messages";
import { describe, expect, it } from "vitest";
import type { Observation } from "../observation.js";
import { collectFindings, relay1, secondaryA, secondaryB, seq } from "../testing/history.js";
import { createCouncilAnswersChecker } from "./council-answers.js";

const epoch = { number: 2, takeoverId: "t" };
const decision: Decision = {
  epoch,
  sequence: seq(3),
  participants: [secondaryA, secondaryB],
  excluded: [],
  term: null,
  fenced: true,
  stamped: seq(3),
};

function setUp() {
  const { found, violate } = collectFindings();
  const checker = createCouncilAnswersChecker({ order: { last: () => 5 }, completeThrough: () => 5, violate });
  return { checker, found };
}

function says(from: NodeName, to: NodeName, body: CouncilBody): Observation {
  return { kind: "sent", from, to, channel: "council", message: { epoch, term: 0, body }, inFlightBytes: 0 };
}

function reply(changes: Partial<MemberState> = {}, granted = true): Observation {
  const none = seq(0);
  const state: MemberState = {
    ...{ node: secondaryB, role: "secondary", roles: ["secondary"], relayPhase: "", term: null, copy: null },
    ...{ phase: "promised", promised: epoch, decision: null },
    ...{ received: none, validated: none, applied: none, stamped: none },
    ...changes,
  };
  return says(state.node, secondaryA, { kind: "council-reply", requestId: 1, granted, state });
}

function keeps(node: NodeName, mark: string, value: MarkValue): Observation {
  return { kind: "journal-durable", node, commit: { marks: new Map([[mark, value]]) } };
}

describe("council answers (PROTOCOL 6.2)", () => {
  it("finds a promise that is granted before it is durable", () => {
    for (const kept of [false, true]) {
      const { checker, found } = setUp();
      checker.observe(
        says(secondaryA, secondaryB, { kind: "promise", requestId: 1, settle: false, purpose: "takeover" }),
      );
      if (kept) checker.observe(keeps(secondaryB, markNames.promised, epochMark(epoch)));
      checker.observe(reply());
      expect(found).toHaveLength(kept ? 0 : 1);
    }
  });

  it("lets a promise be refused, and an inquiry be answered, at any time", () => {
    const { checker, found } = setUp();
    checker.observe(
      says(secondaryA, secondaryB, { kind: "promise", requestId: 1, settle: false, purpose: "takeover" }),
    );
    checker.observe(reply({}, false));
    checker.observe({ kind: "node-up", node: secondaryA });
    checker.observe(reply());
    expect(found).toEqual([]);
  });

  it("finds a decision that is shown before it is durable", () => {
    for (const kept of [false, true]) {
      const { checker, found } = setUp();
      if (kept) checker.observe(keeps(secondaryB, markNames.decision, decisionMark(decision)));
      checker.observe(reply({ decision }));
      expect(found).toHaveLength(kept ? 0 : 1);
    }
  });

  it("finds numbers that are told before they are durable", () => {
    const { checker, found } = setUp();
    checker.observe(keeps(secondaryB, markNames.validated, 4));
    checker.observe(reply({ received: seq(5), validated: seq(4) }));
    checker.observe(reply({ node: relay1, role: "relay", stamped: seq(5) }));
    expect(found).toEqual([]);
    checker.observe(reply({ received: seq(6) }));
    checker.observe(reply({ validated: seq(5) }));
    checker.observe(reply({ node: relay1, role: "relay", stamped: seq(6) }));
    expect(found).toHaveLength(3);
  });
});
