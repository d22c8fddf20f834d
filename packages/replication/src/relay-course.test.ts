import { describe, expect, it } from "vitest";
import { readCourse, runOf } from "./course.js";
import type { Membership } from "./membership.js";
import type { PeerBody } from "./messages.js";
import { at, g1, mark, primaryA, primaryB, secondaryA, secondaryB, seq, volA, volB } from "./testing/fixture.js";
import {
  createRelayBench,
  ofA,
  ofB,
  playFar,
  stampedRecords,
  stampingRelay,
  type RelayBench,
} from "./testing/relay-bench.js";

const far = [secondaryA, secondaryB];
const near = [primaryA, primaryB];
const manual: Membership = { ...g1, autoResync: false };

/** Two writes of A and one of B, on every secondary's volumes; both primaries have them on their arrays. */
function withThree(relay = stampingRelay()): RelayBench {
  relay.batch(primaryA, [ofA(1), ofA(2)]);
  relay.batch(primaryB, [ofB(1)]);
  playFar(relay);
  for (const node of near) relay.sentTo(node);
  return relay;
}

function suspended(relay = withThree()): RelayBench {
  expect(relay.command({ kind: "suspend" })).toBeNull();
  return relay;
}

function orderOf(relay: RelayBench): string {
  const run = runOf(readCourse(relay.journal.marks));
  expect(run).not.toBeNull();
  return run?.order.copyId ?? "";
}

/** Primaries that go alone as they are told, and greet again. */
function greetAlone(relay: RelayBench): void {
  for (const node of near) relay.greetAgain(node, { leg: "alone", incarnation: 1 });
  relay.settle();
}

/** Every secondary greets into the run in hand, and names no region. */
function joinRun(relay: RelayBench, points: { readonly received: number; readonly blank?: boolean }): void {
  const copyId = orderOf(relay);
  const { received, blank = false } = points;
  for (const node of far) {
    relay.welcome(node, {
      received,
      validated: received,
      applied: received,
      copyId,
      blank: blank && node === secondaryB,
    });
    relay.from(node, { kind: "ship-regions", copyId, regions: [], last: true });
  }
  relay.settle();
}

function bodies(relay: RelayBench, node: (typeof near)[number], kind: PeerBody["kind"]): PeerBody[] {
  return relay.sentTo(node).filter((body) => body.kind === kind);
}

describe("an operator suspends the group (B9)", () => {
  it("stops stamping at one number at once, and tells every primary only when that is durable", () => {
    const relay = withThree();
    relay.batch(primaryA, [ofA(3)]);
    relay.step({ kind: "command", request: 1, command: { kind: "suspend" } });
    // Comes in while the mark is on its way to the disk.
    relay.batch(primaryB, [ofB(2)]);
    relay.drain();
    expect(bodies(relay, primaryA, "suspended")).toEqual([]);
    relay.settle();
    expect(stampedRecords(relay).at(-1)).toBe("4 vol-a 1.3");
    for (const node of near)
      expect(relay.sentTo(node)).toContainEqual(expect.objectContaining({ kind: "suspended", at: 4, state: "PSUS" }));
    expect(relay.replies.get(1)).toBeNull();
    expect(relay.stages()).toMatchObject({ pair: "PSUS", protected: false });
    expect(relay.stages().protectedDetail).toContain("wayctl group resync g1");
  });

  it("every secondary goes to that number, and stays there", () => {
    const relay = withThree();
    relay.batch(primaryA, [ofA(3)]);
    suspended(relay);
    playFar(relay);
    relay.batch(primaryA, [ofA(4)]);
    playFar(relay);
    expect(relay.stages()).toMatchObject({ stamped: 4, gate: 4 });
    expect(relay.stages().secondaries.map(({ applied }) => applied)).toEqual([4, 4]);
    relay.tick();
    for (const node of far)
      expect(relay.sentTo(node)).toContainEqual(expect.objectContaining({ kind: "ship-state", state: "PSUS" }));
  });

  it("drops what a primary sent before it knew, and refuses none of it: the next greeting begins anew", () => {
    const relay = suspended();
    relay.batch(primaryA, [ofA(5)]);
    relay.settle();
    expect(bodies(relay, primaryA, "refusal")).toEqual([]);
    expect(stampedRecords(relay)).toHaveLength(3);
  });

  it("refuses a second suspend and tells what is due; a primary that connects is told too", () => {
    const relay = suspended();
    expect(relay.command({ kind: "suspend" })).toMatch(/^g1 is PSUS .*due is: wayctl group resync g1$/);
    relay.greet(primaryB);
    relay.settle();
    expect(relay.sentTo(primaryB)).toContainEqual(expect.objectContaining({ kind: "suspended", at: 3 }));
  });

  it("is still suspended after a crash with the mark durable, and was not if it was lost", () => {
    const relay = withThree();
    relay.step({ kind: "command", request: 1, command: { kind: "suspend" } });
    const before = createRelayBench({ medium: relay.medium });
    expect(before.stages()).toMatchObject({ pair: "PAIR" });
    relay.settle();
    const after = createRelayBench({ medium: relay.medium });
    after.start();
    for (const node of near) after.greet(node, { acknowledged: at(1, 1) });
    after.settle();
    for (const node of near) expect(bodies(after, node, "suspended")).toHaveLength(1);
    after.tick(10_000);
    after.settle();
    expect(after.stages()).toMatchObject({ pair: "PSUS" });
  });
});

describe("resync (B8, B10, PROTOCOL 9)", () => {
  /** Suspended by an operator, drained, resync ordered, and everybody in the run. */
  function copying(relay = suspended()): RelayBench {
    greetAlone(relay);
    expect(relay.command({ kind: "resync", full: false })).toBeNull();
    joinRun(relay, { received: 3 });
    return relay;
  }

  it("welcomes the primaries into the run, and starts the copy once every secondary has named its regions", () => {
    const relay = suspended();
    greetAlone(relay);
    for (const node of near) relay.sentTo(node);
    relay.command({ kind: "resync", full: false });
    relay.tick();
    relay.settle();
    const copyId = orderOf(relay);
    for (const node of near) expect(relay.sentTo(node)).toMatchObject([{ kind: "relay-welcome", copyId }]);
    relay.welcome(secondaryA, { received: 3, validated: 3, applied: 3, copyId });
    relay.from(secondaryA, { kind: "ship-regions", copyId, regions: [{ volume: volA, runs: [[1, 2]] }], last: false });
    relay.from(secondaryA, { kind: "ship-regions", copyId, regions: [{ volume: volA, runs: [[3, 1]] }], last: true });
    relay.settle();
    expect(relay.sentTo(primaryA)).toEqual([]);
    expect(relay.sentTo(secondaryA)[0]).toEqual({
      kind: "ship-hello",
      copy: { copyId, base: 3, begin: 3, nodes: [], end: null },
    });
    relay.welcome(secondaryB, { received: 3, validated: 3, applied: 3, copyId });
    relay.from(secondaryB, { kind: "ship-regions", copyId, regions: [], last: true });
    relay.settle();
    expect(relay.sentTo(primaryA)).toMatchObject([
      { kind: "copy-start", copyId, full: [], regions: [{ volume: volA, runs: [[1, 3]] }] },
    ]);
    expect(relay.sentTo(primaryB)).toMatchObject([{ kind: "copy-start", copyId, full: [], regions: [] }]);
    expect(relay.stages()).toMatchObject({ pair: "COPY", protected: false });
  });

  it("with --full names every volume, trusting no log", () => {
    const relay = suspended();
    greetAlone(relay);
    relay.command({ kind: "resync", full: true });
    relay.tick();
    joinRun(relay, { received: 3 });
    expect(bodies(relay, primaryA, "copy-start")).toMatchObject([{ full: [volA] }]);
    expect(bodies(relay, primaryB, "copy-start")).toMatchObject([{ full: [volB] }]);
  });

  it("begins the copy anew at a primary that was welcomed again", () => {
    const relay = copying();
    relay.tick();
    relay.settle();
    const copyId = orderOf(relay);
    expect(bodies(relay, primaryA, "copy-start")).toHaveLength(1);
    relay.greet(primaryA, { leg: "copying", copyId });
    relay.settle();
    expect(relay.sentTo(primaryA).map(({ kind }) => kind)).toEqual(["relay-welcome", "copy-start"]);
  });

  it("settles no point at the last number before the end is known, then has all validate it again, and is PAIR", () => {
    const relay = copying();
    relay.tick();
    relay.settle();
    const copyId = orderOf(relay);
    relay.batch(primaryA, [{ ...ofA(1, 2), kind: "copy" }, ofA(2, 2)]);
    playFar(relay);
    expect(relay.stages()).toMatchObject({ stamped: 5, gate: 4 });
    relay.from(primaryA, { kind: "copy-done", copyId });
    relay.tick();
    relay.settle();
    expect(relay.stages().copy).toMatchObject({ end: null });
    relay.from(primaryB, { kind: "copy-done", copyId });
    relay.tick();
    const told = playFar(relay);
    const ends = told.filter((line) => line.includes("ship-copy"));
    expect(ends).toHaveLength(2);
    for (const node of far) {
      const lines = told.filter((line) => line.startsWith(`${node}:`));
      expect(lines.findIndex((line) => line.includes("ship-copy"))).toBeLessThan(
        lines.findIndex((line) => line.includes("validate 5")),
      );
    }
    for (const node of near) relay.sentTo(node);
    relay.tick();
    relay.settle();
    expect(relay.stages()).toMatchObject({ pair: "PAIR", gate: 5, copy: null });
    for (const node of near) expect(relay.sentTo(node)).toMatchObject([{ kind: "copy-ended", copyId }]);
  });

  it("ends a run in which nothing was copied only after every secondary has answered for its end", () => {
    const relay = copying();
    relay.tick();
    relay.settle();
    const copyId = orderOf(relay);
    for (const node of near) relay.from(node, { kind: "copy-done", copyId });
    relay.tick();
    relay.settle();
    relay.tick();
    relay.settle();
    expect(relay.stages()).toMatchObject({ pair: "COPY", copy: { end: 3 } });
    playFar(relay);
    relay.tick();
    relay.settle();
    expect(relay.stages()).toMatchObject({ pair: "PAIR" });
  });

  it("does not take an answer from before the end was told for one that knows of it", () => {
    const relay = copying();
    relay.tick();
    relay.settle();
    const copyId = orderOf(relay);
    relay.batch(primaryA, [ofA(1, 2), ofA(2, 2)]);
    relay.settle();
    for (const node of far) relay.from(node, { kind: "ship-received", watermark: seq(5) });
    for (const node of far) relay.from(node, { kind: "prepared", sequence: seq(4) });
    relay.settle();
    // Validate 4 is asked, and not answered yet: one of them says that it had validated 5 by itself long ago.
    for (const node of near) relay.from(node, { kind: "copy-done", copyId });
    relay.tick();
    relay.settle();
    for (const node of far) relay.from(node, { kind: "validated", sequence: seq(5) });
    relay.tick();
    relay.settle();
    expect(relay.stages()).toMatchObject({ pair: "COPY", gate: 3 });
    playFar(relay);
    expect(relay.stages()).toMatchObject({ gate: 5 });
  });

  it("tells a primary that missed it that the run has ended", () => {
    const relay = copying();
    relay.tick();
    relay.settle();
    const copyId = orderOf(relay);
    for (const node of near) relay.from(node, { kind: "copy-done", copyId });
    relay.tick();
    playFar(relay);
    relay.lose(relay.link(primaryA));
    relay.tick();
    relay.settle();
    relay.greet(primaryA, { leg: "copying", copyId });
    relay.settle();
    expect(relay.sentTo(primaryA).slice(-2)).toMatchObject([
      { kind: "relay-welcome", copyId: "" },
      { kind: "copy-ended", copyId },
    ]);
  });

  it("passes digests: those that all secondaries of the volume agree on, zeros when one cannot be asked", () => {
    const relay = copying();
    relay.tick();
    relay.settle();
    relay.sentTo(secondaryA);
    relay.sentTo(primaryA);
    const ask = { kind: "digest-ask", id: 7, volume: volA, offsetBytes: 0, lengthBytes: 1024, unitBytes: 512 } as const;
    relay.from(primaryA, ask);
    const [asked] = relay.sentTo(secondaryA);
    if (asked?.kind !== "digest-ask") throw new Error("nobody was asked");
    const digests = new Uint8Array(64).fill(9);
    relay.from(secondaryA, { kind: "digest-reply", id: asked.id, digests });
    expect(relay.sentTo(primaryA)).toEqual([{ kind: "digest-reply", id: 7, digests }]);
    relay.from(primaryA, { ...ask, id: 8 });
    relay.lose(relay.link(secondaryA));
    expect(relay.sentTo(primaryA)).toEqual([{ kind: "digest-reply", id: 8, digests: new Uint8Array(64) }]);
    // A volume of another primary is none of its business.
    relay.from(primaryA, { ...ask, id: 9, volume: volB });
    expect(relay.sentTo(primaryA)).toEqual([{ kind: "digest-reply", id: 9, digests: new Uint8Array(64) }]);
  });

  it("tells nothing of what was validated while the far side can still go back; afterwards it does", () => {
    const relay = copying();
    relay.tick();
    relay.settle();
    relay.batch(primaryA, [ofA(1, 2)]);
    playFar(relay);
    relay.tick(5000);
    relay.batch(primaryA, [ofA(2, 2)]);
    playFar(relay);
    expect(relay.stages()).toMatchObject({ gate: 4 });
    relay.tick(5000);
    relay.settle();
    expect(bodies(relay, primaryA, "far-validated")).toEqual([]);
    const copyId = orderOf(relay);
    for (const node of near) relay.from(node, { kind: "copy-done", copyId });
    relay.tick();
    playFar(relay);
    for (let turn = 0; turn < 2; turn++) {
      relay.tick(5000);
      relay.settle();
    }
    expect(bodies(relay, primaryA, "far-validated").at(-1)).toMatchObject({ marks: [mark(volA, 2, 2)] });
  });

  it("an operator who suspends in the middle keeps the image that a takeover goes back to: the next run has the same base", () => {
    const relay = copying();
    relay.tick();
    relay.settle();
    const first = orderOf(relay);
    relay.batch(primaryA, [ofA(1, 2), ofA(2, 2)]);
    playFar(relay);
    suspended(relay);
    greetAlone(relay);
    expect(relay.command({ kind: "resync", full: false })).toBeNull();
    expect(relay.stages().copy).toMatchObject({ base: 3, begin: 5, end: null });
    expect(orderOf(relay)).not.toBe(first);
  });
});

describe("a group that was suspended by a failure (B9)", () => {
  it("a primary that went on alone while the relay stamped others suspends the group; it resyncs once all are back", () => {
    const relay = withThree();
    relay.greet(primaryA, { leg: "alone" });
    relay.settle();
    expect(relay.stages()).toMatchObject({ pair: "PSUE" });
    expect(relay.sentTo(primaryB)).toContainEqual(expect.objectContaining({ kind: "suspended", state: "PSUE" }));
    relay.tick();
    relay.settle();
    expect(relay.stages()).toMatchObject({ pair: "COPY" });
  });

  it("waits for everybody, and for an operator where the configuration says so", () => {
    const away = withThree();
    away.lose(away.link(secondaryB));
    away.greet(primaryA, { leg: "alone" });
    away.settle();
    away.tick(1000);
    away.settle();
    expect(away.stages()).toMatchObject({ pair: "PSUE" });
    away.welcome(secondaryB, { received: 3, validated: 3, applied: 3 });
    away.settle();
    away.tick();
    away.settle();
    expect(away.stages()).toMatchObject({ pair: "COPY" });

    const asked = withThree(stampingRelay({ membership: manual }));
    asked.greet(primaryA, { leg: "alone" });
    asked.settle();
    asked.tick(1000);
    asked.settle();
    expect(asked.stages()).toMatchObject({ pair: "PSUE" });
    expect(asked.stages().protectedDetail).toContain("wayctl group resync g1");
  });

  it("never resyncs by itself what an operator split", () => {
    const relay = suspended();
    greetAlone(relay);
    playFar(relay);
    relay.tick(5000);
    relay.settle();
    expect(relay.stages()).toMatchObject({ pair: "PSUS" });
  });

  it("cuts off a primary that did not greet again, so that nothing of its past comes into the run", () => {
    const relay = suspended();
    relay.take();
    relay.command({ kind: "resync", full: false });
    relay.settle();
    expect(relay.take()).toEqual(expect.arrayContaining(["close ingress primary-a", "close ingress primary-b"]));
  });

  it("a restarted relay stamps nobody before all primaries have greeted, where they may go on alone", () => {
    const never: Membership = { ...g1, fence: "never" };
    const relay = withThree();
    const again = createRelayBench({ medium: relay.medium, membership: never });
    again.start();
    for (const node of far) again.welcome(node, { received: 3, validated: 3, applied: 3 });
    const leases = near.map((node) => again.open(node, "lease", "peer"));
    again.tick();
    for (const { link, body } of again.takeSent())
      if (leases.includes(link) && body.kind === "lease-challenge")
        again.receive(link, { kind: "lease-renewal", id: body.id });
    again.greet(primaryA, { acknowledged: at(1, 2) });
    again.tick();
    again.settle();
    expect(bodies(again, primaryA, "relay-welcome")).toEqual([]);
    again.greet(primaryB, { leg: "alone", acknowledged: at(1, 1) });
    again.tick();
    again.settle();
    expect(bodies(again, primaryA, "relay-welcome")).toEqual([]);
    expect(again.stages()).toMatchObject({ pair: "PSUE" });
  });
});

describe("a secondary that lacks data (B10, B12)", () => {
  it("blank: the group copies it by itself, while hosts write; the others keep the image at the gate", () => {
    const relay = withThree();
    relay.batch(primaryA, [ofA(3)]);
    relay.settle();
    relay.welcome(secondaryB, { received: 0 });
    relay.settle();
    expect(relay.sentTo(secondaryB)).toContainEqual(expect.objectContaining({ kind: "refusal", reason: "gap" }));
    relay.tick();
    relay.settle();
    const copyId = orderOf(relay);
    expect(relay.stages()).toMatchObject({ pair: "COPY", copy: { base: 3, begin: 4, nodes: [secondaryB] } });
    relay.welcome(secondaryA, { received: 4, validated: 3, applied: 3, copyId });
    relay.from(secondaryA, { kind: "ship-regions", copyId, regions: [], last: true });
    relay.welcome(secondaryB, { received: 4, validated: 4, applied: 4, copyId, blank: true });
    relay.from(secondaryB, { kind: "ship-regions", copyId, regions: [], last: true });
    relay.settle();
    // No welcome: both go on sending as they were.
    expect(bodies(relay, primaryA, "copy-start")).toMatchObject([{ full: [] }]);
    expect(bodies(relay, primaryB, "copy-start")).toMatchObject([{ full: [volB] }]);
    relay.batch(primaryB, [ofB(2)]);
    playFar(relay);
    expect(stampedRecords(relay).at(-1)).toBe("5 vol-b 1.2");
  });

  it("is copied anew when it comes back where it began: its disks may have been lost a second time", () => {
    const relay = withThree();
    relay.welcome(secondaryB, { received: 0 });
    relay.tick();
    relay.settle();
    joinRun(relay, { received: 3, blank: true });
    const first = orderOf(relay);
    relay.welcome(secondaryB, { received: 3, validated: 3, applied: 3, copyId: first, blank: true });
    relay.tick();
    relay.settle();
    expect(orderOf(relay)).not.toBe(first);
    expect(relay.stages().copy).toMatchObject({ base: 3, nodes: [secondaryB] });
  });

  it("is named in no order once it was welcomed: it must not go to the begin a second time", () => {
    const relay = withThree();
    relay.welcome(secondaryB, { received: 0 });
    relay.tick();
    relay.settle();
    joinRun(relay, { received: 3, blank: true });
    relay.batch(primaryB, [ofB(2)]);
    playFar(relay);
    const copyId = orderOf(relay);
    relay.welcome(secondaryB, { received: 4, validated: 3, applied: 3, copyId, blank: true });
    relay.settle();
    expect(orderOf(relay)).toBe(copyId);
    expect(relay.sentTo(secondaryB)).toContainEqual({
      kind: "ship-hello",
      copy: { copyId, base: 3, begin: 3, nodes: [], end: null },
    });
  });
});

describe("a journal that fills up (B9)", () => {
  const cost = 96 + 512;

  it("is PFUL from the share on, and PFUS when it was full for as long as hosts may be held; nothing of it is dropped", () => {
    const relay = stampingRelay({ capacityBytes: 8 * cost });
    for (let n = 1; n <= 4; n++) {
      relay.batch(primaryA, [ofA(n)]);
      relay.batch(primaryB, [ofB(n)]);
      relay.settle();
    }
    expect(relay.stages()).toMatchObject({ pair: "PFUL" });
    relay.tick(g1.journalFull.holdMs - 100);
    relay.settle();
    expect(relay.stages()).toMatchObject({ pair: "PFUL" });
    relay.tick(200);
    relay.settle();
    expect(relay.stages()).toMatchObject({ pair: "PFUS", stamped: 8 });
    expect(relay.sentTo(primaryA)).toContainEqual(expect.objectContaining({ kind: "suspended", at: 8, state: "PFUS" }));
    playFar(relay);
    expect(relay.stages()).toMatchObject({ gate: 8, trimmed: 0 });
    // It makes room once the primaries, suspended, say that they have it all.
    for (const node of near) relay.greetAgain(node, { leg: "alone", localComplete: at(1, 4) });
    relay.tick(50);
    relay.settle();
    expect(relay.stages()).toMatchObject({ trimmed: 8, pair: "COPY" });
  });
});

describe("many volumes (2 to 200 in a group cost the same per write)", () => {
  it("acknowledges only the volumes that changed", () => {
    const relay = withThree();
    relay.batch(primaryB, [ofB(2)]);
    relay.settle();
    expect(bodies(relay, primaryB, "relay-ack")).toMatchObject([{ marks: [mark(volB, 1, 2)] }]);
    expect(bodies(relay, primaryA, "relay-ack")).toEqual([]);
  });
});
