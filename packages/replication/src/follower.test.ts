import { isFailure } from "@waystation/contracts/errors";
import { describe, expect, it } from "vitest";
import type { LinkId } from "./effects.js";
import type { Decision, MemberState } from "./messages.js";
import { blockBytes, epoch, record, secondaryA, secondaryB, seq, valueOf, volA, roleOf } from "./testing/fixture.js";
import { createSecondaryBench, followingSecondary, type SecondaryBench } from "./testing/secondary-bench.js";
import type { Epoch } from "./vocabulary.js";

/** Received 1 to 4, validated 3, applied 2: each number has the block of its name. */
function partWay(): SecondaryBench {
  const secondary = followingSecondary();
  secondary.ship(
    0,
    4,
    [1, 2, 3, 4].map((n) => record(n, { block: n })),
  );
  secondary.settle();
  secondary.point(2);
  secondary.relay({ kind: "validate", sequence: seq(3) });
  secondary.settle();
  secondary.take();
  secondary.takeSent();
  return secondary;
}

function restart(secondary: SecondaryBench): SecondaryBench {
  const again = createSecondaryBench({ medium: secondary.medium });
  again.start();
  again.settle();
  return again;
}

function decisionAt(sequence: number, fields: Partial<Decision> = {}): Decision {
  const participants = [secondaryA, secondaryB];
  return {
    epoch: epoch(2),
    participants,
    excluded: [],
    term: null,
    fenced: true,
    stamped: seq(4),
    ...fields,
    sequence: seq(sequence),
  };
}

function stateOfB(decision: Decision | null, promised: Epoch = epoch(2)): MemberState {
  const numbers = { received: seq(4), validated: seq(3), applied: seq(2), stamped: seq(0) };
  return { ...roleOf(secondaryB), phase: "decided", promised, decision, ...numbers };
}

/** Another node's question, and the answers that were sent to it since. */
function council(secondary: SecondaryBench) {
  const link = secondary.open(secondaryB, "council", "peer");
  return {
    promise: (number = 2) =>
      secondary.receive(link, { kind: "promise", requestId: 1, settle: false, purpose: "takeover" }, epoch(number)),
    decide: (decision: Decision) => secondary.receive(link, { kind: "decide", requestId: 2, decision }, decision.epoch),
    granted: () =>
      secondary
        .takeSent()
        .flatMap((sent) => (sent.link === link && sent.body.kind === "council-reply" ? [sent.body.granted] : [])),
  };
}

/** Answers what this node asks of secondary B. */
function answerAsB(secondary: SecondaryBench, link: LinkId, state: MemberState): void {
  for (const sent of secondary.takeSent()) {
    if (sent.link !== link || sent.body.kind !== "inquire") continue;
    const { requestId } = sent.body;
    secondary.receive(link, { kind: "council-reply", requestId, granted: true, state }, state.promised);
  }
}

/** Promised and decided, durably; the others have not been asked yet. */
function decidedAt(sequence: number): SecondaryBench {
  const secondary = partWay();
  const asker = council(secondary);
  asker.promise();
  secondary.settle();
  asker.decide(decisionAt(sequence));
  secondary.settle();
  expect(asker.granted()).toEqual([true, true]);
  return secondary;
}

/** Lets it see that secondary B holds the decision too. */
function confirm(secondary: SecondaryBench, state: MemberState): void {
  secondary.tick();
  const link = secondary.open(secondaryB, "council", "self");
  answerAsB(secondary, link, state);
}

describe("a secondary that promised an epoch (PROTOCOL 6.1, 6.2)", () => {
  it("B14: the promise is durable before it is given, and kept across a restart", () => {
    const secondary = partWay();
    const asker = council(secondary);
    asker.promise();
    secondary.settle(["commit"]);
    expect(asker.granted()).toEqual([]);
    secondary.settle();
    expect(asker.granted()).toEqual([true]);
    expect(restart(secondary).member.status()).toMatchObject({ epoch: epoch(2), phase: "promised" });
  });

  it("goes on taking records, and settles no point any more behind the takeover's back", () => {
    const secondary = partWay();
    council(secondary).promise();
    secondary.settle();
    secondary.takeSent();
    secondary.relay({ kind: "ship-batch", after: seq(4), watermark: seq(5), records: [record(5)] }, epoch(2));
    for (const kind of ["prepare", "validate", "gate"] as const) {
      secondary.relay({ kind, sequence: seq(3) }, epoch(2));
      secondary.settle();
    }
    expect(secondary.told()).toEqual(["ship-received 5"]);
    expect(secondary.stages()).toMatchObject({ received: 5, validated: 3, gate: 2, applied: 2 });
  });

  it("counts a Validate that was under way when it promised: it is in the vote that follows", () => {
    const secondary = partWay();
    secondary.relay({ kind: "validate", sequence: seq(4) });
    const asker = secondary.open(secondaryB, "council", "peer");
    secondary.receive(asker, { kind: "promise", requestId: 1, settle: false, purpose: "takeover" }, epoch(2));
    secondary.settle();
    const [reply] = secondary.takeSent().flatMap(({ body }) => (body.kind === "council-reply" ? [body] : []));
    expect(reply?.state).toMatchObject({ validated: 4 });
  });

  it("refuses a lower epoch and a rival's of the same number, and keeps its word", () => {
    const secondary = partWay();
    const asker = council(secondary);
    asker.promise(3);
    asker.promise(2);
    const link = secondary.open(secondaryB, "council", "peer");
    secondary.receive(link, { kind: "promise", requestId: 9, settle: false, purpose: "takeover" }, epoch(3, "rival"));
    secondary.settle();
    const granted = secondary.takeSent().flatMap(({ body }) => (body.kind === "council-reply" ? [body.granted] : []));
    expect(granted.sort()).toEqual([false, false, true]);
    expect(secondary.member.status().epoch).toEqual(epoch(3));
  });
});

describe("a secondary that takes a decision (PROTOCOL 6.2)", () => {
  it("the decision is durable before it is granted; nothing is taken from the relay afterwards", () => {
    const secondary = partWay();
    const asker = council(secondary);
    asker.promise();
    secondary.settle();
    asker.granted();
    asker.decide(decisionAt(3));
    secondary.settle(["commit"]);
    expect(asker.granted()).toEqual([]);
    secondary.settle();
    expect(secondary.take()).toContain("send ship relay-1: refusal fenced");
    expect(restart(secondary).member.status().phase).toBe("decided");
    secondary.connect();
    secondary.settle();
    expect(secondary.stages()).toMatchObject({ relayConnected: false });
  });

  it("shows it to nobody before it is durable: others would open because of what power loss takes back", () => {
    const secondary = partWay();
    const asker = council(secondary);
    asker.promise();
    secondary.settle();
    asker.decide(decisionAt(3));
    secondary.takeSent();
    const link = secondary.open(secondaryB, "council", "peer");
    const shown = (): (Decision | null)[] => {
      secondary.receive(link, { kind: "inquire", requestId: 7 }, epoch(2));
      return secondary.takeSent().flatMap(({ body }) => (body.kind === "council-reply" ? [body.state.decision] : []));
    };
    expect(shown()).toEqual([null]);
    secondary.settle();
    secondary.takeSent();
    expect(shown()).toEqual([decisionAt(3)]);
  });

  it("opens for nobody before every participant is seen to hold it", () => {
    const secondary = decidedAt(3);
    confirm(secondary, stateOfB(null));
    secondary.settle();
    expect(secondary.member.status().phase).toBe("decided");
    expect(secondary.access.get(volA)).toBe("read-only");
    confirm(secondary, stateOfB(decisionAt(3, { epoch: epoch(2, "rival") })));
    secondary.settle();
    expect(secondary.member.status().phase).toBe("decided");
    confirm(secondary, stateOfB(decisionAt(3)));
    secondary.settle();
    expect(secondary.member.status().phase).toBe("open");
    expect(secondary.access.get(volA)).toBe("read-write");
  });

  it("B6: cuts its journal at C, rolls forward to C and no further, then makes its role durable, then opens", () => {
    const secondary = decidedAt(3);
    secondary.take();
    confirm(secondary, stateOfB(decisionAt(3)));
    const lines: string[] = [];
    // One thing at a time, as slowly as a disk may be.
    for (let turns = 0; turns < 20; turns++) {
      secondary.drain();
      const [next] = secondary.asked();
      if (next === undefined) break;
      expect(secondary.access.get(volA)).toBe("read-only");
      secondary.answer(next.kind);
    }
    lines.push(...secondary.take().filter((line) => /^(commit|store|access|trim)/.test(line)));
    expect(lines).toEqual([
      "commit cut 3 received=3",
      "commit applying=3",
      `store vol-a ${3 * blockBytes}+${blockBytes}`,
      "commit applied=3",
      "trim 3",
      'commit promoted={"number":2,"takeoverId":"takeover-2"}',
      "access vol-a read-write",
    ]);
    expect([3, 4].map((block) => valueOf(secondary.block(volA, block)))).toEqual([3, 0]);
  });

  it.each([
    ["below what its volumes may hold already", 1],
    ["above what it has received", 5],
  ])("refuses a decision %s, and stores none of it", (_, sequence) => {
    const secondary = partWay();
    const asker = council(secondary);
    asker.promise();
    secondary.settle();
    asker.decide(decisionAt(sequence));
    secondary.settle();
    expect(asker.granted()).toEqual([true, false]);
    expect(secondary.medium.journal.marks.has("decision")).toBe(false);
    expect(secondary.member.status().phase).toBe("promised");
  });

  it("takes the same decision twice, and refuses one of an epoch that is over", () => {
    const secondary = decidedAt(3);
    const asker = council(secondary);
    asker.decide(decisionAt(3));
    secondary.settle();
    expect(asker.granted()).toEqual([true]);
    const rival = secondary.open(secondaryB, "council", "peer");
    secondary.takeSent();
    secondary.receive(rival, { kind: "decide", requestId: 3, decision: decisionAt(3, { epoch: epoch(1, "old") }) });
    secondary.settle();
    const granted = secondary.takeSent().flatMap(({ body }) => (body.kind === "council-reply" ? [body.granted] : []));
    expect(granted).toEqual([false]);
  });

  it("dropped at any step of the roll forward, it comes back to the same end", () => {
    for (let steps = 0; steps < 12; steps++) {
      const secondary = decidedAt(3);
      confirm(secondary, stateOfB(decisionAt(3)));
      for (let left = steps; left > 0; left--) {
        secondary.drain();
        const [next] = secondary.asked();
        if (next !== undefined) secondary.answer(next.kind);
      }
      const again = restart(secondary);
      if (again.member.status().phase !== "open") {
        confirm(again, stateOfB(decisionAt(3)));
        again.settle();
      }
      expect(again.member.status().phase, `after ${steps} steps`).toBe("open");
      expect([1, 2, 3, 4].map((block) => valueOf(again.block(volA, block)))).toEqual([1, 2, 3, 0]);
      expect(again.medium.journal.records).toEqual([]);
    }
  });

  it("one that is left out closes its volumes, durably", () => {
    const secondary = partWay();
    const asker = council(secondary);
    asker.decide(decisionAt(9, { participants: [secondaryB], excluded: [secondaryA] }));
    secondary.settle();
    expect(asker.granted()).toEqual([true]);
    for (const bench of [secondary, restart(secondary)]) {
      expect(bench.member.status().phase).toBe("needs-resync");
      expect(bench.access.get(volA)).toBe("closed");
      expect(isFailure(bench.replies.get(bench.read(volA, 1)), "VOLUME_NOT_OPEN")).toBe(true);
      expect(bench.mayReadNow(volA, 1)).toBe(false);
    }
  });
});

describe("a secondary that missed a takeover (B6, PROTOCOL 3.3)", () => {
  it("B6: asks while it has no relay, follows the epoch durably, and joins at the decided point", () => {
    const secondary = partWay();
    secondary.lose(secondary.link());
    secondary.tick(1_000);
    const link = secondary.open(secondaryB, "council", "self");
    const decision = decisionAt(3, { participants: [secondaryB] });
    answerAsB(secondary, link, stateOfB(decision));
    expect(secondary.member.status().epoch).toEqual(epoch(2));
    secondary.settle();
    expect(secondary.member.status().phase).toBe("decided");
    secondary.tick();
    answerAsB(secondary, link, stateOfB(decision));
    secondary.settle();
    expect(secondary.member.status().phase).toBe("open");
    expect([3, 4].map((block) => valueOf(secondary.block(volA, block)))).toEqual([3, 0]);
  });

  it("asks nobody while its relay is connected, and follows no decision of an epoch below its own", () => {
    const secondary = partWay();
    secondary.take();
    secondary.tick(3_000);
    expect(secondary.take()).toEqual([]);
    council(secondary).promise(5);
    secondary.settle();
    secondary.tick(1_000);
    const link = secondary.open(secondaryB, "council", "self");
    answerAsB(secondary, link, stateOfB(decisionAt(3)));
    secondary.settle();
    expect(secondary.member.status()).toMatchObject({ phase: "promised", epoch: epoch(5) });
  });

  it("says that it needs a resync when the others decided a point that it cannot join", () => {
    const secondary = partWay();
    secondary.lose(secondary.link());
    secondary.tick(1_000);
    const link = secondary.open(secondaryB, "council", "self");
    answerAsB(secondary, link, stateOfB(decisionAt(7, { participants: [secondaryB] })));
    secondary.settle();
    expect(secondary.member.status().phase).toBe("needs-resync");
    expect(secondary.access.get(volA)).toBe("closed");
  });
});

describe("a promoted secondary (SSWS)", () => {
  function promoted(): SecondaryBench {
    const secondary = decidedAt(3);
    confirm(secondary, stateOfB(decisionAt(3)));
    secondary.settle();
    secondary.take();
    return secondary;
  }

  it("acknowledges a host's write when its own array has it, and not before", () => {
    const secondary = promoted();
    const write = secondary.write({ volume: volA, block: 9, value: 9 });
    secondary.drain();
    expect(secondary.take()).toEqual(["commit intent/vol-a/0=true"]);
    secondary.answer("commit");
    secondary.drain();
    expect(secondary.take()).toEqual([`store vol-a ${9 * blockBytes}+${blockBytes}`]);
    secondary.answer("store");
    expect(secondary.replies.get(write)).toBeNull();
  });

  it("orders overlapping requests, and reads what was acknowledged", () => {
    const secondary = promoted();
    secondary.write({ volume: volA, block: 9, value: 1 });
    secondary.drain();
    secondary.write({ volume: volA, block: 9, value: 2 });
    const read = secondary.read(volA, 9);
    secondary.settle(["store"]);
    expect(secondary.asked("store")).toHaveLength(1);
    expect(secondary.replies.has(read)).toBe(false);
    expect([8, 9, 10].map((block) => secondary.mayReadNow(volA, block))).toEqual([true, false, true]);
    secondary.settle();
    expect(valueOf(secondary.replies.get(read) as Buffer)).toBe(2);
    expect(secondary.mayReadNow(volA, 9)).toBe(true);
  });

  it("is open again after a restart, with what hosts wrote, once the others were asked", () => {
    const secondary = promoted();
    secondary.write({ volume: volA, block: 9, value: 9 });
    secondary.settle();
    const again = restart(secondary);
    expect(again.access.get(volA)).toBe("closed");
    again.tick(1600);
    again.settle();
    expect(again.access.get(volA)).toBe("read-write");
    const read = again.read(volA, 9);
    again.settle();
    expect(valueOf(again.replies.get(read) as Buffer)).toBe(9);
  });

  it("takes nothing from a relay any more", () => {
    const secondary = promoted();
    secondary.open("relay-1" as never, "ship", "peer");
    secondary.relay({ kind: "ship-hello", copy: null }, epoch(2));
    secondary.settle();
    expect(secondary.stages()).toMatchObject({ relayConnected: false, received: 3 });
  });
});
