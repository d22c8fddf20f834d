import { describe, expect, it } from "vitest";
import type { Membership } from "./membership.js";
import { at, epoch, g1, mark, primaryA, primaryB, secondaryA, secondaryB, seq, volA, volB } from "./testing/fixture.js";
import {
  createRelayBench,
  ofA as a,
  ofB as b,
  stampedRecords,
  stampingRelay,
  type RelayBench,
} from "./testing/relay-bench.js";

describe("a fenced relay (PROTOCOL 6.2, B11, B14)", () => {
  it("takes and acknowledges nothing any more, and tells F only when it is durable", () => {
    const relay = stampingRelay();
    relay.batch(primaryA, [a(1)]);
    relay.batch(primaryB, [b(1)]);
    const council = relay.open(secondaryA, "council", "peer");
    relay.receive(council, { kind: "promise", requestId: 7, settle: false, purpose: "takeover" }, epoch(2));
    relay.take();
    // Comes in while the fence is on its way to the disk.
    relay.batch(primaryA, [a(2)]);
    expect(relay.answer("commit") && relay.answer("commit")).toBe(true);
    relay.drain();
    const before = relay.take();
    expect(before).toContain("send ingress primary-a: refusal stale-epoch");
    expect(before.filter((line) => line.includes("council"))).toEqual([]);
    relay.settle();
    expect(stampedRecords(relay)).toEqual(["1 vol-a 1.1", "2 vol-b 1.1"]);
    const after = relay.take();
    expect(after).toContain("send ingress primary-b: refusal fenced");
    expect(after).toContain("send council secondary-a: council-reply granted fenced");
    expect(relay.medium.journal.marks.get("frozen-at")).toBe(2);
    const [reply] = relay.takeSent().flatMap(({ body }) => (body.kind === "council-reply" ? [body] : []));
    expect(reply?.state).toMatchObject({ stamped: 2, phase: "fenced", promised: epoch(2) });
  });

  it("B6: tells a secondary with nothing to receive of the new epoch: it would follow the old one for ever", () => {
    const relay = stampingRelay();
    relay.receive(
      relay.open(secondaryB, "council", "peer"),
      { kind: "promise", requestId: 7, settle: false, purpose: "takeover" },
      epoch(2),
    );
    relay.settle(["commit"]);
    const toldA = (): unknown[] =>
      relay.takeSent().flatMap((sent) => (sent.link === relay.link(secondaryA) ? [sent.epoch] : []));
    expect(toldA()).toEqual([]);
    relay.settle();
    expect(toldA()).toEqual([epoch(2)]);
  });

  it("refuses an old primary's epoch on every stream, after a restart too (B14)", () => {
    const relay = stampingRelay();
    relay.batch(primaryA, [a(1)]);
    relay.settle();
    relay.receive(
      relay.open(secondaryA, "council", "peer"),
      { kind: "promise", requestId: 7, settle: false, purpose: "takeover" },
      epoch(2),
    );
    relay.settle();
    for (const bench of [relay, createRelayBench({ medium: relay.medium })]) {
      bench.take();
      bench.greet(primaryA, { acknowledged: at(1, 1) });
      bench.settle();
      expect(bench.take()).toContain("send ingress primary-a: refusal stale-epoch");
      bench.receive(
        bench.open(primaryA, "ingress", "peer"),
        { kind: "origin-hello", leg: "joined", copyId: "", volumes: [] },
        epoch(2),
      );
      expect(bench.take()).toContain("send ingress primary-a: refusal fenced");
      expect(stampedRecords(bench)).toEqual(["1 vol-a 1.1"]);
    }
  });

  it("refuses a rival's promise of the same number, and a lower one, and grants a higher one", () => {
    const relay = stampingRelay();
    const council = relay.open(secondaryA, "council", "peer");
    const grantedTo = (number: number, id: string): boolean => {
      relay.takeSent();
      relay.receive(council, { kind: "promise", requestId: 1, settle: false, purpose: "takeover" }, epoch(number, id));
      relay.settle();
      const [reply] = relay.takeSent().flatMap(({ body }) => (body.kind === "council-reply" ? [body.granted] : []));
      return reply === true;
    };
    expect(grantedTo(3, "mine")).toBe(true);
    expect(grantedTo(3, "rival")).toBe(false);
    expect(grantedTo(2, "mine")).toBe(false);
    expect(grantedTo(3, "mine")).toBe(true);
    expect(grantedTo(4, "rival")).toBe(true);
  });

  it("goes on shipping up to F, and settles no further point", () => {
    const relay = stampingRelay();
    relay.batch(primaryA, [a(1)]);
    relay.batch(primaryB, [b(1)]);
    relay.receive(
      relay.open(secondaryA, "council", "peer"),
      { kind: "promise", requestId: 7, settle: false, purpose: "takeover" },
      epoch(2),
    );
    relay.settle();
    const kinds = relay.sentTo(secondaryA).map(({ kind }) => kind);
    expect(kinds).toContain("ship-batch");
    expect(kinds).not.toContain("prepare");
    for (const node of [secondaryA, secondaryB]) {
      relay.receive(relay.link(node), { kind: "ship-received", watermark: seq(2) }, epoch(2));
      relay.receive(relay.link(node), { kind: "prepared", sequence: seq(2) }, epoch(2));
    }
    relay.settle();
    expect(relay.stages()).toMatchObject({ valid: 0, gate: 0 });
    expect(relay.sentTo(secondaryB).map(({ kind }) => kind)).not.toContain("validate");
  });
});

describe("leases at the relay (PROTOCOL 4)", () => {
  const never = { ...g1, fence: "never" } as const;

  /** A relay that stamps under leases that both primaries have just renewed. */
  function leased(membership: Membership = g1): RelayBench {
    const relay = createRelayBench({ membership });
    relay.start();
    for (const node of [secondaryA, secondaryB]) relay.welcome(node);
    const links = [primaryA, primaryB].map((node) => relay.open(node, "lease", "peer"));
    relay.takeSent();
    relay.tick();
    for (const { link, body } of relay.takeSent())
      if (links.includes(link) && body.kind === "lease-challenge")
        relay.receive(link, { kind: "lease-renewal", id: body.id });
    for (const node of [primaryA, primaryB]) relay.greet(node);
    relay.settle();
    return relay;
  }

  it("PROTOCOL 4: having stood still for longer than a lease, stamps nothing of what came meanwhile", () => {
    const relay = leased(never);
    relay.batch(primaryB, [b(1)]);
    relay.settle();
    relay.standStill(g1.leaseMs);
    // primary-a may have gone on alone, and its host have written to primary-b what depends on that.
    relay.batch(primaryB, [b(2)]);
    relay.settle();
    expect(stampedRecords(relay)).toEqual(["1 vol-b 1.1"]);
    expect(relay.stages()).toMatchObject({ pair: "PSUE" });
  });

  it("with fence never, freezes the whole group at one number when a lease ends, durably before it says so", () => {
    const relay = leased(never);
    expect(relay.stages().protected).toBe(true);
    relay.batch(primaryB, [b(1)]);
    relay.settle();
    relay.take();
    relay.tick(g1.leaseMs);
    // Comes in while the freeze record is on its way to the disk.
    relay.batch(primaryB, [b(2)]);
    relay.drain();
    expect(relay.take().filter((line) => /suspended|commit/.test(line))).toEqual([
      expect.stringMatching(/^commit course={"kind":"suspended","at":1,"state":"PSUE"/),
    ]);
    relay.settle();
    expect(stampedRecords(relay)).toEqual(["1 vol-b 1.1"]);
    expect(relay.sentTo(primaryB)).toContainEqual(expect.objectContaining({ kind: "suspended", at: 1, state: "PSUE" }));
    expect(relay.stages()).toMatchObject({ protected: false, pair: "PSUE" });
    expect(relay.stages().protectedDetail).toMatch(/suspended at 1 \(PSUE\): the lease of primary-. has ended/);
  });

  it("with fence data nobody can go on alone: the others go on, and the group is shown as not protected", () => {
    const relay = leased();
    expect(relay.stages()).toMatchObject({ protected: true, protectedDetail: "" });
    relay.tick(g1.leaseMs);
    relay.batch(primaryB, [b(1)]);
    relay.settle();
    expect(stampedRecords(relay)).toEqual(["1 vol-b 1.1"]);
    expect(relay.stages().protected).toBe(false);
    expect(relay.stages().protectedDetail).toMatch(/lease of primary-a has ended/);
  });
});

describe("the relay's trimming (PROTOCOL 7)", () => {
  function withTwo(): RelayBench {
    const relay = stampingRelay();
    relay.batch(primaryA, [a(1)]);
    relay.batch(primaryB, [b(1)]);
    relay.settle();
    return relay;
  }

  it("forgets only what every secondary has applied and every origin has locally complete", () => {
    const relay = withTwo();
    relay.from(secondaryA, { kind: "applied", sequence: seq(2) });
    relay.batch(primaryA, [], [mark(volA, 1, 1)]);
    relay.tick();
    expect(relay.stages().trimmed).toBe(0);
    relay.from(secondaryB, { kind: "applied", sequence: seq(2) });
    relay.tick();
    expect(relay.stages().trimmed).toBe(1);
    relay.batch(primaryB, [], [mark(volB, 1, 1)]);
    relay.tick();
    expect(relay.stages().trimmed).toBe(2);
    expect(relay.medium.journal.records).toEqual([]);
  });

  it("after a restart keeps every record until its origin reports the last of them", () => {
    const relay = withTwo();
    const again = createRelayBench({ medium: relay.medium });
    again.start();
    for (const node of [secondaryA, secondaryB]) again.welcome(node, { received: 2, validated: 2, applied: 2 });
    again.tick();
    expect(again.stages().trimmed).toBe(0);
    again.greet(primaryA, { acknowledged: at(1, 1), localComplete: at(1, 1) });
    again.settle();
    again.tick();
    expect(again.stages().trimmed).toBe(0);
    again.greet(primaryB, { acknowledged: at(1, 1), localComplete: at(1, 1) });
    again.settle();
    again.tick();
    expect(again.stages().trimmed).toBe(2);
  });

  it("keeps the stamp and the marks of what it trimmed", () => {
    const relay = withTwo();
    for (const node of [secondaryA, secondaryB]) relay.from(node, { kind: "applied", sequence: seq(2) });
    relay.batch(primaryA, [], [mark(volA, 1, 1)]);
    relay.batch(primaryB, [], [mark(volB, 1, 1)]);
    relay.tick();
    const again = createRelayBench({ medium: relay.medium });
    again.start();
    for (const node of [secondaryA, secondaryB]) again.welcome(node, { received: 2, validated: 2, applied: 2 });
    again.greet(primaryA, { acknowledged: at(1, 1) });
    again.settle();
    again.batch(primaryA, [a(2)]);
    again.settle();
    expect(stampedRecords(again)).toEqual(["3 vol-a 1.2"]);
  });

  it("does not connect a secondary that needs records it has trimmed", () => {
    const relay = withTwo();
    for (const node of [secondaryA, secondaryB]) relay.from(node, { kind: "applied", sequence: seq(2) });
    relay.batch(primaryA, [], [mark(volA, 1, 1)]);
    relay.batch(primaryB, [], [mark(volB, 1, 1)]);
    relay.tick();
    relay.take();
    relay.welcome(secondaryB, { received: 1 });
    relay.settle();
    expect(relay.take()).toEqual(expect.arrayContaining(["log error", "send ship secondary-b: refusal gap"]));
    expect(relay.stages().secondaries.map(({ connected }) => connected)).toEqual([true, false]);
  });
});
