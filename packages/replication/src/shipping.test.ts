import { afterEach, describe, expect, it } from "vitest";
import { limits } from "./limits.js";
import type { PeerBody } from "./messages.js";
import { originWrite, primaryA, primaryB, secondaryA, secondaryB, seq, volA } from "./testing/fixture.js";
import { createRelayBench, ofA, ofB, stampingRelay, type RelayBench } from "./testing/relay-bench.js";
import { showBody } from "./testing/transcript.js";

const both = [secondaryA, secondaryB];

function told(relay: RelayBench, node = secondaryA): string[] {
  return relay.sentTo(node).map(showBody);
}

/** Stamps 1 and 3 for vol-a, 2 for vol-b. */
function withThree(relay = stampingRelay()): RelayBench {
  relay.batch(primaryA, [ofA(1)]);
  relay.batch(primaryB, [ofB(1)]);
  relay.batch(primaryA, [ofA(2)]);
  while (relay.answer("commit"));
  relay.settle();
  return relay;
}

function fromBoth(relay: RelayBench, body: PeerBody): void {
  for (const node of both) relay.from(node, body);
  relay.settle();
}

describe("shipping (PROTOCOL 3.1)", () => {
  it("B4: each secondary gets only its own volumes' records, in sequence order, with the watermark it is complete to", () => {
    const relay = withThree();
    expect(told(relay, secondaryA)).toEqual(["ship-batch (0, 3] [1:vol-a 3:vol-a]"]);
    expect(told(relay, secondaryB)).toEqual(["ship-batch (0, 3] [2:vol-b]"]);
  });

  it("B4: a secondary without records of its own is told by a batch of none that it is complete", () => {
    const relay = stampingRelay();
    relay.batch(primaryA, [ofA(1)]);
    relay.settle();
    relay.from(secondaryA, { kind: "ship-received", watermark: seq(1) });
    relay.settle();
    expect(told(relay, secondaryB)).toEqual(["ship-batch (0, 1] []", "prepare 1"]);
  });

  it("PROTOCOL 1.4: ships nothing that is not durable at the relay", () => {
    const relay = stampingRelay();
    relay.batch(primaryA, [ofA(1)]);
    relay.batch(primaryA, [ofA(2)]);
    relay.answer("commit");
    relay.settle(["commit"]);
    expect(told(relay)).toEqual(["ship-batch (0, 1] [1:vol-a]"]);
  });

  it("ships on to one secondary while the other is away, and to that one from where it was when it comes back", () => {
    const relay = stampingRelay();
    relay.lose(relay.link(secondaryB));
    withThree(relay);
    expect(told(relay, secondaryA)).toEqual(["ship-batch (0, 3] [1:vol-a 3:vol-a]"]);
    expect(told(relay, secondaryB)).toEqual([]);
    relay.welcome(secondaryB, { received: 1 });
    relay.settle();
    expect(told(relay, secondaryB)).toEqual(["ship-hello", "ship-batch (1, 3] [2:vol-b]"]);
  });

  it("lets no more than a window of bytes be on the way to a secondary that makes nothing durable", () => {
    const relay = stampingRelay();
    const payload = Buffer.alloc(1024 * 1024);
    const total = 2 * (limits.shipWindowBytes / payload.length);
    for (let n = 1; n <= total; n++)
      relay.batch(primaryA, [{ ...originWrite({ volume: volA, n }), lengthBytes: payload.length, payload }]);
    relay.settle();
    const shipped = relay.sentTo(secondaryA).flatMap((body) => (body.kind === "ship-batch" ? [body.watermark] : []));
    expect(shipped).toEqual(Array.from({ length: total / 2 }, (_, index) => index + 1));
    relay.from(secondaryA, { kind: "ship-received", watermark: seq(2) });
    relay.settle();
    const more = relay.sentTo(secondaryA).flatMap((body) => (body.kind === "ship-batch" ? [body.watermark] : []));
    expect(more).toEqual([total / 2 + 1, total / 2 + 2]);
  });

  it("drops what it had read for a link that was replaced: the secondary may have more by now", () => {
    const relay = stampingRelay();
    relay.batch(primaryA, [ofA(1)]);
    relay.settle(["read-journal"]);
    relay.lose(relay.link(secondaryA));
    relay.welcome(secondaryA, { received: 1 });
    relay.settle();
    expect(told(relay, secondaryA)).toEqual(["ship-hello", "prepare 1"]);
  });

  it("takes a new link of a secondary for the old one's end, and hears the old one no more", () => {
    const relay = withThree();
    const old = relay.link(secondaryA);
    relay.welcome(secondaryA);
    expect(relay.take()).toContain("close ship secondary-a");
    relay.receive(old, { kind: "applied", sequence: seq(3) });
    expect(relay.stages().secondaries[0]).toMatchObject({ applied: 0 });
  });
});

describe("prepare and validate (PROTOCOL 3.2, B5)", () => {
  it("B5: from point to point, as a transcript", () => {
    const relay = withThree();
    relay.take();
    relay.from(secondaryA, { kind: "ship-received", watermark: seq(3) });
    relay.settle();
    expect(relay.take()).toEqual([]);
    relay.from(secondaryB, { kind: "ship-received", watermark: seq(3) });
    relay.settle();
    expect(relay.take()).toEqual(["send ship secondary-a: prepare 3", "send ship secondary-b: prepare 3"]);
    relay.from(secondaryA, { kind: "prepared", sequence: seq(3) });
    relay.settle();
    expect(relay.take()).toEqual([]);
    relay.from(secondaryB, { kind: "prepared", sequence: seq(3) });
    relay.settle(["commit"]);
    expect(relay.take()).toEqual(["commit valid=3"]);
    relay.settle();
    expect(relay.take()).toEqual(["send ship secondary-a: validate 3", "send ship secondary-b: validate 3"]);
    relay.from(secondaryB, { kind: "validated", sequence: seq(3) });
    relay.settle();
    expect(relay.take()).toEqual([]);
    relay.from(secondaryA, { kind: "validated", sequence: seq(3) });
    relay.settle(["commit"]);
    expect(relay.take()).toEqual(["commit gate=3"]);
    relay.settle();
    expect(relay.take()).toEqual(["send ship secondary-a: gate 3", "send ship secondary-b: gate 3"]);
    expect(relay.stages()).toMatchObject({ prepared: 3, valid: 3, gate: 3 });
  });

  it("B5: the valid counter is durable before any Validate is sent, the gate before it is told, and both survive", () => {
    const relay = withThree();
    fromBoth(relay, { kind: "ship-received", watermark: seq(3) });
    for (const node of both) relay.from(node, { kind: "prepared", sequence: seq(3) });
    relay.settle(["commit"]);
    expect(told(relay).filter((line) => line.startsWith("validate"))).toEqual([]);
    relay.settle();
    expect(told(relay)).toEqual(["validate 3"]);
    const again = createRelayBench({ medium: relay.medium });
    again.start();
    for (const node of both) again.welcome(node, { received: 3 });
    again.settle();
    expect(again.stages()).toMatchObject({ valid: 3, gate: 0 });
    // What was ready to be validated is validated again, whether or not it was told before.
    expect(told(again)).toEqual(["ship-hello", "prepare 3", "validate 3"]);
    fromBoth(again, { kind: "validated", sequence: seq(3) });
    expect(told(again)).toEqual(["gate 3"]);
    const third = createRelayBench({ medium: again.medium });
    expect(third.stages()).toMatchObject({ valid: 3, gate: 3 });
  });

  it("B6: settles no point while a secondary is away, whatever the others have", () => {
    const relay = withThree();
    relay.lose(relay.link(secondaryB));
    relay.from(secondaryA, { kind: "ship-received", watermark: seq(3) });
    relay.from(secondaryA, { kind: "prepared", sequence: seq(3) });
    relay.settle();
    expect(relay.stages()).toMatchObject({ valid: 0, gate: 0 });
    relay.welcome(secondaryB, { received: 3 });
    relay.settle();
    relay.from(secondaryB, { kind: "prepared", sequence: seq(3) });
    relay.settle();
    expect(relay.stages()).toMatchObject({ valid: 3, gate: 0 });
    expect(told(relay, secondaryA).at(-1)).toBe("validate 3");
  });

  it("asks again on a new link for the point in hand, and tells the gate again", () => {
    const relay = withThree();
    fromBoth(relay, { kind: "ship-received", watermark: seq(3) });
    relay.welcome(secondaryB, { received: 3 });
    relay.settle();
    expect(told(relay, secondaryB).slice(-3)).toEqual(["prepare 3", "ship-hello", "prepare 3"]);
    fromBoth(relay, { kind: "prepared", sequence: seq(3) });
    relay.welcome(secondaryB, { received: 3 });
    relay.settle();
    expect(told(relay, secondaryB).at(-1)).toBe("validate 3");
    fromBoth(relay, { kind: "validated", sequence: seq(3) });
    relay.welcome(secondaryB, { received: 3, validated: 3 });
    relay.settle();
    expect(told(relay, secondaryB)).toEqual(["gate 3", "ship-hello", "gate 3"]);
  });

  it("B5: the next point is never beyond what each secondary holds durably: one with a full journal could not prepare it", () => {
    const relay = withThree();
    relay.from(secondaryA, { kind: "ship-received", watermark: seq(3) });
    fromBoth(relay, { kind: "prepared", sequence: seq(3) });
    fromBoth(relay, { kind: "validated", sequence: seq(3) });
    told(relay, secondaryA);
    // B's batch is still not durable; A's next records are.
    relay.batch(primaryA, [ofA(3)]);
    relay.settle();
    relay.from(secondaryA, { kind: "ship-received", watermark: seq(4) });
    relay.settle();
    expect(told(relay, secondaryA)).toEqual(["ship-batch (3, 4] [4:vol-a]"]);
    relay.from(secondaryB, { kind: "ship-received", watermark: seq(3) });
    relay.settle();
    expect(told(relay, secondaryA)).toEqual(["prepare 4"]);
    expect(told(relay, secondaryB).slice(-2)).toEqual(["ship-batch (3, 4] []", "prepare 4"]);
  });

  it("takes what only a relay sends for an error of the other end, and lets the link go", () => {
    for (const body of [
      { kind: "gate", sequence: seq(9) },
      { kind: "ship-hello", copy: null },
    ] as const) {
      const relay = withThree();
      relay.take();
      relay.from(secondaryA, body);
      expect(relay.take()).toEqual(["log warn", "close ship secondary-a"]);
      expect(relay.stages().secondaries[0]).toMatchObject({ connected: false });
    }
  });
});

describe("gathering (nobody waits for the far legs)", () => {
  const usual = { ...limits };
  afterEach(() => void Object.assign(limits, usual));

  const shipped = (relay: RelayBench): string[] => told(relay).filter((line) => line.startsWith("ship-batch"));

  it("B4: ships the next batch when the last one is durable and old enough, or when enough numbers wait", () => {
    Object.assign(limits, { shipIntervalMs: 50, shipNumbersMax: 3 });
    const relay = stampingRelay();
    const stampOne = (n: number): void => {
      relay.batch(primaryA, [ofA(n)]);
      relay.settle();
    };
    for (const n of [1, 2]) stampOne(n);
    expect(shipped(relay)).toEqual(["ship-batch (0, 1] [1:vol-a]"]);
    relay.from(secondaryA, { kind: "ship-received", watermark: seq(1) });
    relay.settle();
    expect(shipped(relay)).toEqual([]);
    relay.tick(50);
    relay.settle();
    expect(shipped(relay)).toEqual(["ship-batch (1, 2] [2:vol-a]"]);
    for (const n of [3, 4, 5]) stampOne(n);
    expect(shipped(relay)).toEqual(["ship-batch (2, 5] [3:vol-a 4:vol-a 5:vol-a]"]);
  });

  it("B4: what a full batch left behind follows at once: a long link is filled by many batches, not by one at a time", () => {
    const relay = stampingRelay();
    for (const n of [1, 2, 3]) relay.batch(primaryA, [ofA(n)]);
    while (relay.answer("commit"));
    // Room for one record per batch, and nothing of them is durable at the far end.
    Object.assign(limits, { shipIntervalMs: 1_000_000, shipNumbersMax: 1000, shipBatchBytes: 1 });
    relay.settle();
    expect(shipped(relay)).toEqual([1, 2, 3].map((n) => `ship-batch (${n - 1}, ${n}] [${n}:vol-a]`));
    relay.batch(primaryA, [ofA(4)]);
    relay.settle();
    expect(shipped(relay)).toEqual([]);
  });

  it("B5: one point follows the other by an interval", () => {
    const relay = withThree();
    limits.pointIntervalMs = 100;
    fromBoth(relay, { kind: "ship-received", watermark: seq(3) });
    expect(told(relay)).toContain("prepare 3");
    for (const kind of ["prepared", "validated", "applied"] as const) fromBoth(relay, { kind, sequence: seq(3) });
    relay.batch(primaryA, [ofA(3)]);
    relay.settle();
    fromBoth(relay, { kind: "ship-received", watermark: seq(4) });
    expect(told(relay)).not.toContain("prepare 4");
    relay.tick(100);
    relay.settle();
    expect(told(relay)).toContain("prepare 4");
  });

  it("B11: a takeover that drains the relay waits for nothing", () => {
    Object.assign(limits, { shipIntervalMs: 1_000_000, shipNumbersMax: 1000 });
    const relay = stampingRelay();
    for (const n of [1, 2]) {
      relay.batch(primaryA, [ofA(n)]);
      relay.settle();
    }
    expect(told(relay)).toEqual(["ship-batch (0, 1] [1:vol-a]"]);
    const epoch = { number: 2, takeoverId: "t" };
    relay.receive(
      relay.open(secondaryA, "council", "peer"),
      { kind: "promise", requestId: 1, settle: true, purpose: "takeover" },
      epoch,
    );
    relay.settle();
    expect(told(relay)).toContain("ship-batch (1, 2] [2:vol-a]");
  });
});

describe("how far the secondaries are behind", () => {
  it("is told in writes, and in seconds since the oldest write that is not applied", () => {
    const relay = withThree();
    relay.tick();
    relay.tick(2_000);
    expect(relay.stages().secondaries[1]).toMatchObject({ node: secondaryB, lagWrites: 3, lagSeconds: 2 });
    relay.from(secondaryB, { kind: "applied", sequence: seq(3) });
    expect(relay.stages().secondaries[1]).toMatchObject({ lagWrites: 0, lagSeconds: 0 });
  });
});
