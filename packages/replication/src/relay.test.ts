import { describe, expect, it } from "vitest";
import { limits } from "./limits.js";
import {
  at,
  blockBytes,
  mark,
  primaryA,
  primaryB,
  secondaryA,
  secondaryB,
  seq,
  volA,
  volB,
} from "./testing/fixture.js";
import { createRelayBench, ofA as a, ofB as b, stampedRecords, stampingRelay } from "./testing/relay-bench.js";

describe("the relay takes writes (PROTOCOL 1.4, 1.5)", () => {
  it("B3: stamps in the order of arrival across two primaries, one number per record", () => {
    const relay = stampingRelay();
    relay.batch(primaryA, [a(1), a(2)]);
    relay.batch(primaryB, [b(1)]);
    relay.batch(primaryA, [a(3)]);
    expect(stampedRecords(relay)).toEqual(["1 vol-a 1.1", "2 vol-a 1.2", "3 vol-b 1.1", "4 vol-a 1.3"]);
  });

  it("B2: records and high marks go in one commit; acknowledged and shipped only when that is durable", () => {
    const relay = stampingRelay();
    relay.batch(primaryA, [a(1)]);
    relay.settle(["commit"]);
    expect(relay.take()).toEqual(["commit [1:vol-a] high/vol-a=[1,1] stamped=1"]);
    expect(relay.stages().stamped).toBe(0);
    relay.answer("commit");
    relay.drain();
    expect(relay.take()).toEqual([
      "send ingress primary-a: relay-ack vol-a 1.1",
      "read 1..1 of vol-a",
      "read 1..1 of vol-b",
    ]);
  });

  it("B3: acknowledges each primary its own prefix, everything below it durable", () => {
    const relay = stampingRelay();
    relay.batch(primaryA, [a(1)]);
    relay.batch(primaryB, [b(1)]);
    relay.batch(primaryA, [a(2)]);
    relay.answer("commit");
    relay.drain();
    expect(relay.sentTo(primaryA)).toMatchObject([{ kind: "relay-ack", marks: [mark(volA, 1, 1)] }]);
    expect(relay.sentTo(primaryB)).toEqual([]);
    relay.settle();
    expect(relay.sentTo(primaryA).at(-1)).toMatchObject({ marks: [mark(volA, 1, 2)] });
    expect(relay.sentTo(primaryB).at(-1)).toMatchObject({ marks: [mark(volB, 1, 1)] });
  });

  it("PROTOCOL 1.4: acknowledges duplicates again and stores them no second time", () => {
    const relay = stampingRelay();
    relay.batch(primaryA, [a(1), a(2)]);
    relay.settle();
    relay.sentTo(primaryA);
    relay.batch(primaryA, [a(1), a(2), a(3)]);
    relay.settle();
    expect(stampedRecords(relay)).toEqual(["1 vol-a 1.1", "2 vol-a 1.2", "3 vol-a 1.3"]);
    relay.batch(primaryA, [a(3)]);
    relay.settle();
    expect(relay.sentTo(primaryA).at(-1)).toMatchObject({ kind: "relay-ack", marks: [mark(volA, 1, 3)] });
  });

  it("PROTOCOL 1.4: refuses a gap, and nothing of the batch that has it counts as stamped", () => {
    const relay = stampingRelay();
    relay.batch(primaryA, [a(1), a(3)]);
    relay.settle();
    expect(relay.sentTo(primaryA)).toMatchObject([{ kind: "refusal", reason: "gap" }]);
    expect(stampedRecords(relay)).toEqual([]);
    // The primary starts again from the marks that it is told, and is taken at its word.
    relay.greet(primaryA);
    relay.settle();
    expect(relay.sentTo(primaryA)).toMatchObject([{ kind: "relay-welcome", marks: [mark(volA, 0, 0)] }]);
    relay.batch(primaryA, [a(1), a(2)]);
    relay.settle();
    expect(stampedRecords(relay)).toEqual(["1 vol-a 1.1", "2 vol-a 1.2"]);
    expect(relay.sentTo(primaryA).at(-1)).toMatchObject({ marks: [mark(volA, 1, 2)] });
  });

  it("PROTOCOL 1.4: refuses a batch of a volume that is another primary's, before the welcome, and of a replaced session", () => {
    const relay = stampingRelay();
    relay.batch(primaryA, [b(1)]);
    expect(relay.sentTo(primaryA)).toMatchObject([{ kind: "refusal", reason: "not-a-member" }]);

    const early = createRelayBench();
    early.start();
    const link = early.open(primaryA, "ingress", "peer");
    early.receive(link, { kind: "origin-batch", writes: [a(1)], localComplete: [] });
    expect(early.take()).toContain("send ingress primary-a: refusal gap");

    const twice = stampingRelay();
    const old = twice.link(primaryA);
    twice.greet(primaryA);
    twice.settle();
    twice.receive(old, { kind: "origin-batch", writes: [a(1)], localComplete: [] });
    twice.settle();
    expect(stampedRecords(twice)).toEqual([]);
  });

  it("PROTOCOL 1.1: refuses an incarnation older than the last one it saw", () => {
    const relay = stampingRelay();
    relay.batch(primaryA, [a(1, 3)]);
    relay.settle();
    relay.greet(primaryA, { incarnation: 2 });
    relay.settle();
    expect(relay.sentTo(primaryA).at(-1)).toMatchObject({ kind: "refusal", reason: "gap" });
    relay.greet(primaryA, { incarnation: 3 });
    relay.settle();
    expect(relay.sentTo(primaryA)).toMatchObject([{ kind: "relay-welcome", marks: [mark(volA, 3, 1)] }]);
  });

  it("PROTOCOL 2b: tells in its welcome what an earlier link's records have become, not less", () => {
    const relay = stampingRelay();
    relay.batch(primaryA, [a(1)]);
    relay.lose(relay.link(primaryA));
    relay.greet(primaryA, { incarnation: 2 });
    relay.answer("commit");
    expect(relay.sentTo(primaryA)).toEqual([]);
    relay.answer("commit");
    expect(relay.sentTo(primaryA)).toMatchObject([{ kind: "relay-welcome", marks: [mark(volA, 1, 1)] }]);
  });

  it("PROTOCOL 2b: answers a fetch with the volume's durable records above the origin number, in bounded batches", () => {
    const relay = stampingRelay();
    relay.batch(primaryA, [a(1), a(2), a(3)]);
    relay.batch(primaryB, [b(1)]);
    relay.settle();
    relay.sentTo(primaryA);
    relay.from(primaryA, { kind: "origin-fetch", volume: volA, above: at(1, 1), afterSequence: seq(0) });
    relay.settle();
    const [answer] = relay.sentTo(primaryA);
    expect(answer).toMatchObject({ kind: "relay-records", volume: volA, nextAfter: 0 });
    expect(answer?.kind === "relay-records" && answer.records.map(({ origin }) => origin.n)).toEqual([2, 3]);
    relay.from(primaryA, { kind: "origin-fetch", volume: volA, above: at(0, 0), afterSequence: seq(2) });
    relay.settle();
    const [rest] = relay.sentTo(primaryA);
    expect(rest?.kind === "relay-records" && rest.records.map(({ sequence }) => sequence)).toEqual([3]);
  });

  it("B3: goes on after a restart where it was, with the same marks", () => {
    const relay = stampingRelay();
    relay.batch(primaryA, [a(1), a(2)]);
    relay.settle();
    const again = createRelayBench({ medium: relay.medium });
    again.start();
    again.welcome(secondaryA);
    again.welcome(secondaryB);
    again.greet(primaryA, { acknowledged: at(1, 2) });
    again.settle();
    expect(again.sentTo(primaryA)).toMatchObject([{ kind: "relay-welcome", marks: [mark(volA, 1, 2)] }]);
    again.batch(primaryA, [a(2), a(3)]);
    again.settle();
    expect(stampedRecords(again).at(-1)).toBe("3 vol-a 1.3");
    expect(again.stages().stamped).toBe(3);
  });
});

describe("the relay's credit (PROTOCOL 12, DESIGN rule 6)", () => {
  const cost = 96 + blockBytes;

  it("counts bytes made durable, not bytes received", () => {
    const relay = stampingRelay();
    relay.batch(primaryA, [a(1)]);
    relay.settle(["commit"]);
    expect(relay.sentTo(primaryA)).toEqual([]);
    relay.settle();
    expect(relay.sentTo(primaryA)).toMatchObject([
      { kind: "relay-ack", creditBytes: limits.ingressWindowBytes + cost },
    ]);
  });

  it("never grants more than the journal has room for, and grants again when records were trimmed", () => {
    const relay = stampingRelay({ capacityBytes: 8 * cost });
    const granted = { a: 0, b: 0 };
    let sent = 0;
    const collect = (): void => {
      for (const body of relay.sentTo(primaryA)) if (body.kind === "relay-ack") granted.a = body.creditBytes;
      for (const body of relay.sentTo(primaryB)) if (body.kind === "relay-ack") granted.b = body.creditBytes;
    };
    // Each primary had half of the room; A uses its half up, and gets no more while B's is promised.
    for (let n = 1; n <= 4; n++) relay.batch(primaryA, [a(n)]);
    sent = 4;
    relay.settle();
    collect();
    expect(granted.a === 0 || granted.a <= sent * cost).toBe(true);
    for (let n = 1; n <= 4; n++) relay.batch(primaryB, [b(n)]);
    relay.settle();
    collect();
    expect(relay.stages().journalUsedBytes).toBe(8 * cost);
    expect(granted.b <= 4 * cost).toBe(true);
    for (const node of [secondaryA, secondaryB]) relay.from(node, { kind: "applied", sequence: seq(8) });
    relay.batch(primaryA, [], [mark(volA, 1, 4)]);
    relay.batch(primaryB, [], [mark(volB, 1, 4)]);
    relay.tick();
    relay.settle();
    collect();
    expect(relay.stages()).toMatchObject({ trimmed: 8, journalUsedBytes: 0 });
    expect(granted.a).toBeGreaterThan(4 * cost);
    expect(granted.b).toBeGreaterThan(4 * cost);
  });

  it("gives what a full journal has trimmed to every primary: the first to ask does not starve another (sim seed 105361)", () => {
    const relay = createRelayBench({ capacityBytes: 8 * cost });
    relay.start();
    for (const secondary of [secondaryA, secondaryB]) relay.welcome(secondary);
    relay.greet(primaryA);
    relay.settle();
    for (let n = 1; n <= 8; n++) {
      relay.batch(primaryA, [a(n)]);
      relay.settle();
    }
    relay.greet(primaryB);
    relay.settle();
    expect(relay.sentTo(primaryB)).toMatchObject([{ kind: "relay-welcome", creditBytes: 0 }]);
    for (const node of [secondaryA, secondaryB]) relay.from(node, { kind: "applied", sequence: seq(4) });
    relay.batch(primaryA, [], [mark(volA, 1, 4)]);
    relay.tick();
    relay.settle();
    expect(relay.stages()).toMatchObject({ trimmed: 4 });
    expect(relay.sentTo(primaryB).at(-1)).toMatchObject({ kind: "relay-ack", creditBytes: 2 * cost });
  });
});

describe("a relay that may have lost its journal (PROTOCOL 7)", () => {
  it("is found out by a primary's acknowledged mark: refuses to stamp, at once and after a restart", () => {
    const relay = stampingRelay();
    relay.batch(primaryA, [a(1)]);
    relay.settle();
    relay.greet(primaryB, { acknowledged: at(1, 5) });
    relay.settle();
    expect(relay.sentTo(primaryB).at(-1)).toMatchObject({ kind: "refusal", reason: "journal-lost" });
    expect(relay.sentTo(primaryA).at(-1)).toMatchObject({ kind: "refusal", reason: "journal-lost" });
    expect(relay.stages()).toMatchObject({ protected: false });
    const again = createRelayBench({ medium: relay.medium });
    again.start();
    again.greet(primaryA, { acknowledged: at(1, 1) });
    again.settle();
    expect(again.sentTo(primaryA)).toMatchObject([{ kind: "refusal", reason: "journal-lost" }]);
    expect(again.member.status().phase).toBe("journal-lost");
  });

  it("is found out by a secondary's watermark, and ships it nothing over what was lost", () => {
    const relay = stampingRelay();
    relay.batch(primaryA, [a(1)]);
    relay.settle();
    const again = createRelayBench({ medium: relay.medium });
    again.start();
    again.greet(primaryA, { acknowledged: at(1, 1) });
    again.welcome(secondaryA, { received: 2 });
    again.settle();
    expect(again.sentTo(primaryA).at(-1)).toMatchObject({ kind: "refusal", reason: "journal-lost" });
    expect(again.sentTo(secondaryA).map(({ kind }) => kind)).toEqual(["ship-hello"]);
  });

  it("an empty journal stamps nothing before every secondary was seen, and empty", () => {
    const relay = createRelayBench();
    relay.start();
    relay.greet(primaryA);
    relay.welcome(secondaryA);
    relay.tick(60_000, 1000);
    relay.settle();
    expect(relay.sentTo(primaryA)).toEqual([]);
    expect(relay.member.status()).toMatchObject({
      phase: "waiting",
      detail: expect.stringContaining("secondary-b") as string,
    });
    relay.welcome(secondaryB);
    relay.tick();
    relay.settle();
    expect(relay.sentTo(primaryA)).toMatchObject([{ kind: "relay-welcome" }]);
    expect(relay.medium.journal.marks.get("born")).toBe(true);
  });

  it("after a restart stamps nothing before every secondary was heard, or one has been silent for three seconds", () => {
    const relay = stampingRelay();
    relay.batch(primaryA, [a(1)]);
    relay.settle();
    const again = createRelayBench({ medium: relay.medium });
    again.start();
    again.greet(primaryA, { acknowledged: at(1, 1) });
    again.welcome(secondaryA, { received: 1 });
    again.tick(2900);
    again.settle();
    expect(again.sentTo(primaryA)).toEqual([]);
    again.tick(200);
    again.settle();
    expect(again.sentTo(primaryA)).toMatchObject([{ kind: "relay-welcome" }]);
  });

  it("after a restart with a journal that lost its end, learns it from the secondaries before it stamps a number twice", () => {
    const relay = stampingRelay();
    relay.batch(primaryA, [a(1)]);
    relay.settle();
    const again = createRelayBench({ medium: relay.medium });
    again.start();
    // What the primary knows to be acknowledged is behind, as it is when it was restarted too.
    again.greet(primaryA, { incarnation: 2, acknowledged: at(1, 1) });
    again.welcome(secondaryA, { received: 5 });
    again.tick();
    again.settle();
    expect(again.sentTo(primaryA)).toMatchObject([{ kind: "refusal", reason: "journal-lost" }]);
  });

  it("refuses a primary that has less on its array than it had: its data was replaced by an older copy", () => {
    const relay = stampingRelay();
    relay.batch(primaryA, [a(1), a(2)]);
    relay.settle();
    relay.batch(primaryA, [], [mark(volA, 1, 2)]);
    relay.greet(primaryA, { incarnation: 2, acknowledged: at(1, 1), localComplete: at(1, 1) });
    relay.settle();
    expect(relay.sentTo(primaryA).at(-1)).toMatchObject({ kind: "refusal", reason: "gap" });
  });

  it("an empty journal with a secondary that holds records was lost, not new", () => {
    const relay = createRelayBench();
    relay.start();
    relay.welcome(secondaryA);
    relay.welcome(secondaryB, { received: 7 });
    relay.greet(primaryA);
    expect(relay.sentTo(primaryA)).toMatchObject([{ kind: "refusal", reason: "journal-lost" }]);
  });
});
