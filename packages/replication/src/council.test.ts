import { initialEpoch } from "@waystation/contracts/ids";
import { describe, expect, it } from "vitest";
import { createCouncil, type CouncilAnswer, type CouncilAnswers } from "./council.js";
import { createDesk, type Effect } from "./effects.js";
import { limits } from "./limits.js";
import type { CouncilBody, MemberState } from "./messages.js";
import type { NodeName } from "./vocabulary.js";
import { relay1, secondaryA, secondaryB, seq, roleOf } from "./testing/fixture.js";
import { showEffect } from "./testing/transcript.js";

function stateOf(node: NodeName): MemberState {
  const none = seq(0);
  const numbers = { received: none, validated: none, applied: none, stamped: none };
  return { ...roleOf(node), phase: "following", promised: initialEpoch, decision: null, ...numbers };
}

function setUp() {
  const desk = createDesk({ epoch: () => initialEpoch, term: () => 0, uniqueId: () => "x", onCommit() {} });
  const answerOf = (node: NodeName): CouncilAnswer => ({ granted: true, state: stateOf(node) });
  const council = createCouncil(desk, { node: secondaryA, answer: (_question, reply) => reply(answerOf(secondaryA)) });
  let effects: Effect[] = [];
  const effectsNow = (): string[] => {
    effects = desk.takeEffects();
    return effects.map((effect) => showEffect(effect, "link" in effect ? `link ${effect.link}` : ""));
  };
  const questionIds = (): number[] =>
    effects.flatMap((effect) =>
      effect.kind === "send" ? [(effect.message.body as Exclude<CouncilBody, { kind: "refusal" }>).requestId] : [],
    );
  const reply = (requestId: number, node: NodeName): void =>
    council.replied({ kind: "council-reply", requestId, ...answerOf(node) });
  return { desk, council, effectsNow, questionIds, reply };
}

function answered(answers: CouncilAnswers | null): Record<string, boolean | null> | null {
  return answers && Object.fromEntries([...answers].map(([node, answer]) => [node, answer && answer.granted]));
}

describe("council (PROTOCOL 6)", () => {
  it("asks a node once that is named for two roles, as where a primary holds the relay's (B13)", () => {
    const { council, effectsNow, questionIds, reply } = setUp();
    let answers: CouncilAnswers | null = null;
    council.ask([relay1, secondaryB, relay1], { kind: "inquire" }, (all) => (answers = all));
    expect(effectsNow()).toEqual(["dial council relay-1", "dial council secondary-b"]);
    council.opened(1, relay1);
    council.opened(2, secondaryB);
    effectsNow();
    const [first, second] = questionIds();
    reply(first!, relay1);
    expect(answers).toBeNull();
    reply(second!, secondaryB);
    expect(answered(answers)).toEqual({ "relay-1": true, "secondary-b": true });
  });

  it("asks all at once, itself without a link, and answers when each has", () => {
    const { council, effectsNow, questionIds, reply } = setUp();
    let answers: CouncilAnswers | null = null;
    council.ask([secondaryA, secondaryB, relay1], { kind: "inquire" }, (all) => (answers = all));
    expect(effectsNow()).toEqual(["dial council secondary-b", "dial council relay-1"]);
    council.opened(1, secondaryB);
    council.opened(2, relay1);
    expect(effectsNow()).toEqual(["send link 1: inquire", "send link 2: inquire"]);
    const [first, second] = questionIds();
    reply(second!, relay1);
    expect(answers).toBeNull();
    reply(first!, secondaryB);
    expect(answered(answers)).toEqual({ [secondaryA]: true, [secondaryB]: true, [relay1]: true });
  });

  it("takes a failed dial, or a link that closes, as no answer, at once", () => {
    const { council } = setUp();
    let answers: CouncilAnswers | null = null;
    council.ask([secondaryB, relay1], { kind: "inquire" }, (all) => (answers = all));
    council.dialFailed(relay1);
    expect(answers).toBeNull();
    council.opened(1, secondaryB);
    council.closed(1);
    expect(answered(answers)).toEqual({ [relay1]: null, [secondaryB]: null });
  });

  it("gives a silent peer until the deadline, and opens a new link for the next question: the old may be half gone", () => {
    const { desk, council, effectsNow, questionIds, reply } = setUp();
    let answers: CouncilAnswers | null = null;
    council.ask([secondaryB], { kind: "inquire" }, (all) => (answers = all));
    council.opened(1, secondaryB);
    effectsNow();
    const [id] = questionIds();
    desk.beginStep(limits.councilDeadlineMs - 1, 0);
    council.tick();
    expect(answers).toBeNull();
    desk.beginStep(limits.councilDeadlineMs, 0);
    council.tick();
    expect(answered(answers)).toEqual({ [secondaryB]: null });
    expect(effectsNow()).toEqual(["close link 1"]);
    // An answer that comes after all is not taken for that of a later question.
    answers = null;
    council.ask([secondaryB], { kind: "inquire" }, (all) => (answers = all));
    expect(effectsNow()).toEqual(["dial council secondary-b"]);
    reply(id!, secondaryB);
    expect(answers).toBeNull();
    council.opened(2, secondaryB);
    expect(effectsNow()).toEqual(["send link 2: inquire"]);
  });

  it("reuses an open link, and dials once for questions that wait together", () => {
    const { council, effectsNow } = setUp();
    council.ask([secondaryB], { kind: "inquire" }, () => {});
    council.ask([secondaryB], { kind: "promise", settle: false, purpose: "takeover" }, () => {});
    expect(effectsNow()).toEqual(["dial council secondary-b"]);
    council.opened(1, secondaryB);
    expect(effectsNow()).toEqual(["send link 1: inquire", "send link 1: promise"]);
    council.ask([secondaryB], { kind: "inquire" }, () => {});
    expect(effectsNow()).toEqual(["send link 1: inquire"]);
  });

  it("asks a node once that is named twice, for it has two roles", () => {
    const { council, effectsNow, questionIds, reply } = setUp();
    const answers: CouncilAnswers[] = [];
    council.ask([secondaryB, secondaryB], { kind: "inquire" }, (all) => answers.push(all));
    council.opened(1, secondaryB);
    expect(effectsNow()).toEqual(["dial council secondary-b", "send link 1: inquire"]);
    reply(questionIds()[0] ?? 0, secondaryB);
    expect(answers.map((all) => [...all.keys()])).toEqual([[secondaryB]]);
  });

  it("answers a question to nobody", () => {
    const { council } = setUp();
    let answers: CouncilAnswers | null = null;
    council.ask([], { kind: "inquire" }, (all) => (answers = all));
    expect(answered(answers)).toEqual({});
  });
});
