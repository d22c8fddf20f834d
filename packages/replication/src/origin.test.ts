import { Failure, isFailure } from "@waystation/contracts/errors";
import { describe, expect, it, onTestFinished } from "vitest";
import { limits } from "./limits.js";
import { blockBytes, epoch, g1, mark, secondaryB, valueOf, volA } from "./testing/fixture.js";
import { createPrimaryBench, openPrimary, type PrimaryBench } from "./testing/primary-bench.js";

/** A primary whose first intent unit (blocks 0 to 127) is durable, so that writes to it start at once. */
function warmPrimary(): PrimaryBench {
  const primary = openPrimary();
  primary.write({ volume: volA, block: 0, value: 1 });
  primary.settle();
  primary.ack(1);
  primary.settle();
  primary.take();
  primary.takeSent();
  return primary;
}

function sentOrigins(primary: PrimaryBench): number[] {
  return primary
    .takeSent()
    .flatMap(({ body }) => (body.kind === "origin-batch" ? body.writes.map(({ origin }) => origin.n) : []));
}

function codeOf(primary: PrimaryBench, request: number): string {
  const result = primary.replies.get(request);
  return isFailure(result) ? result.code : String(result === undefined ? "waiting" : result && "data");
}

describe("a write at the primary (PROTOCOL 1, B2)", () => {
  it("B2: goes intent, then both legs at once, then is acknowledged", () => {
    const primary = openPrimary();
    primary.write({ volume: volA, block: 3, value: 7 });
    primary.drain();
    expect(primary.take()).toEqual(["commit intent/vol-a/0=true"]);
    primary.answer("commit");
    primary.drain();
    expect(primary.take()).toEqual([
      `store vol-a ${3 * blockBytes}+${blockBytes}`,
      `send ingress relay-1: origin-batch vol-a 1.1 write ${3 * blockBytes}+${blockBytes}`,
    ]);
    primary.answer("store");
    expect(primary.take()).toEqual([]);
    primary.ack(1);
    expect(primary.take()).toEqual(["reply 1 ok"]);
    expect(valueOf(primary.block(volA, 3))).toBe(7);
  });

  it("B2: neither leg alone acknowledges it", () => {
    const relayFirst = warmPrimary();
    const a = relayFirst.write({ volume: volA, block: 1 });
    relayFirst.drain();
    relayFirst.ack(2);
    expect(codeOf(relayFirst, a)).toBe("waiting");
    relayFirst.answer("store");
    expect(codeOf(relayFirst, a)).toBe("null");

    const arrayFirst = warmPrimary();
    const b = arrayFirst.write({ volume: volA, block: 1 });
    arrayFirst.settle();
    expect(codeOf(arrayFirst, b)).toBe("waiting");
    arrayFirst.ack(2);
    expect(codeOf(arrayFirst, b)).toBe("null");
  });

  it("PROTOCOL 1.2: starts no leg before the last of its intent units is durable", () => {
    const primary = warmPrimary();
    // Blocks 127 and 128 lie in units 0 (durable) and 1 (not yet).
    primary.write({ volume: volA, block: 127, blocks: 2 });
    primary.drain();
    expect(primary.take()).toEqual(["commit intent/vol-a/1=true"]);
    expect(sentOrigins(primary)).toEqual([]);
    primary.settle();
    expect(sentOrigins(primary)).toEqual([2]);
  });

  it("numbers writes as they start, not as they come: one that waits for its intent leaves no gap", () => {
    const primary = warmPrimary();
    const cold = primary.write({ volume: volA, block: 200 });
    const hot = primary.write({ volume: volA, block: 1 });
    primary.settle(["commit"]);
    expect(sentOrigins(primary)).toEqual([2]);
    primary.settle();
    expect(sentOrigins(primary)).toEqual([3]);
    primary.ack(2);
    expect([codeOf(primary, hot), codeOf(primary, cold)]).toEqual(["null", "waiting"]);
  });

  it("PROTOCOL 1.2: an overlapping write starts when both legs of the one before it have ended", () => {
    const primary = warmPrimary();
    primary.write({ volume: volA, block: 5, value: 1 });
    primary.write({ volume: volA, block: 5, value: 2 });
    primary.settle();
    expect(sentOrigins(primary)).toEqual([2]);
    primary.ack(2);
    primary.settle();
    expect(sentOrigins(primary)).toEqual([3]);
    primary.ack(3);
    primary.settle();
    expect(valueOf(primary.block(volA, 5))).toBe(2);
  });

  it("PROTOCOL 1.2: a read waits for the writes under way that it overlaps, and for no other", () => {
    const primary = warmPrimary();
    primary.write({ volume: volA, block: 5, value: 9 });
    primary.settle();
    const over = primary.read(volA, 4, 2);
    const beside = primary.read(volA, 6);
    primary.settle();
    expect([codeOf(primary, over), codeOf(primary, beside)]).toEqual(["waiting", "data"]);
    primary.ack(2);
    primary.settle();
    expect(valueOf((primary.replies.get(over) as Buffer).subarray(blockBytes))).toBe(9);
    // Answered once: the hold time of one that waited ends with its wait.
    primary.take();
    primary.tick(g1.holdMs);
    expect(primary.take().filter((line) => line.startsWith("reply"))).toEqual([]);
  });

  it("PROTOCOL 1.2: nothing of a write under way may be read at once, from its arrival until both legs are durable", () => {
    const primary = warmPrimary();
    const readable = (): boolean[] => [4, 5, 6, 7].map((block) => primary.mayReadNow(volA, block));
    expect(readable()).toEqual([true, true, true, true]);
    primary.write({ volume: volA, block: 5, blocks: 2, value: 9 });
    expect(readable()).toEqual([true, false, false, true]);
    expect(primary.mayReadNow(volA, 4, 2)).toBe(false);
    primary.drain();
    primary.answer("store");
    expect(readable()).toEqual([true, false, false, true]);
    primary.ack(2);
    expect(readable()).toEqual([true, true, true, true]);
    primary.write({ volume: volA, block: 5, value: 10 });
    primary.drain();
    primary.ack(3);
    expect(readable()).toEqual([true, false, true, true]);
    primary.answer("store");
    expect(readable()).toEqual([true, true, true, true]);
  });

  it("PROTOCOL 1.2: a write whose host was told that it failed cannot be read at once either", () => {
    const primary = warmPrimary();
    const held = primary.write({ volume: volA, block: 5, value: 9 });
    primary.settle();
    primary.lose(primary.link());
    primary.tick(g1.holdMs);
    expect(codeOf(primary, held)).toBe("HELD_TOO_LONG");
    expect([primary.mayReadNow(volA, 5), primary.mayReadNow(volA, 6)]).toEqual([false, true]);
  });

  it("zeroes and discards travel without payload, and the array reads as zeros", () => {
    const primary = warmPrimary();
    primary.write({ volume: volA, block: 0, kind: "discard", blocks: 4 });
    primary.settle();
    expect(primary.take()).toEqual([
      `store vol-a 0+${4 * blockBytes} zeros`,
      `send ingress relay-1: origin-batch vol-a 1.2 discard 0+${4 * blockBytes}`,
    ]);
    expect(valueOf(primary.block(volA, 0))).toBe(0);
  });
});

describe("a primary without its relay (fence data)", () => {
  it("fails the host's write after the hold time, keeps it in the stream, and its range locked", () => {
    const primary = warmPrimary();
    const held = primary.write({ volume: volA, block: 5, value: 9 });
    primary.settle();
    primary.lose(primary.link());
    primary.tick(g1.holdMs - 25);
    expect(codeOf(primary, held)).toBe("waiting");
    primary.tick(25);
    expect(codeOf(primary, held)).toBe("HELD_TOO_LONG");
    const read = primary.read(volA, 5);
    primary.settle();
    expect(codeOf(primary, read)).toBe("waiting");
    primary.takeSent();
    primary.connect();
    primary.welcome([mark(volA, 1, 1)]);
    primary.settle();
    expect(sentOrigins(primary)).toEqual([2]);
    primary.ack(2);
    primary.settle();
    expect(valueOf(primary.replies.get(read) as Buffer)).toBe(9);
  });

  it("fails what has not started after the hold time, and frees what it held", () => {
    const primary = warmPrimary();
    const started = primary.write({ volume: volA, block: 5 });
    const locking = primary.write({ volume: volA, block: 5 });
    const cold = primary.write({ volume: volA, block: 200 });
    primary.settle(["commit"]);
    primary.tick(g1.holdMs);
    expect([started, locking, cold].map((request) => codeOf(primary, request))).toEqual(
      new Array<string>(3).fill("HELD_TOO_LONG"),
    );
    primary.ack(2);
    primary.settle();
    // Only what had started is ever sent; nothing is in the way of later writes.
    expect(sentOrigins(primary)).toEqual([2]);
    expect(primary.member.status().primary?.writesInFlight).toBe(0);
    const later = primary.write({ volume: volA, block: 5 });
    primary.settle();
    primary.ack(3);
    expect(codeOf(primary, later)).toBe("null");
  });

  it("PROTOCOL 1.2: a write that starts because one before it gave up keeps its lock until both its legs have ended", () => {
    const primary = warmPrimary();
    primary.write({ volume: volA, block: 5, value: 1 });
    primary.write({ volume: volA, block: 5, blocks: 2, value: 2 });
    primary.write({ volume: volA, block: 6, value: 3 });
    primary.settle();
    primary.lose(primary.link());
    // All three are late at one tick: the second leaves the line, which lets the third start.
    primary.tick(g1.holdMs);
    primary.settle();
    const read = primary.read(volA, 6);
    primary.settle();
    expect(codeOf(primary, read)).toBe("waiting");
    primary.connect();
    primary.welcome([mark(volA, 1, 1)]);
    primary.settle();
    primary.ack(3);
    primary.settle();
    expect(valueOf(primary.replies.get(read) as Buffer)).toBe(3);
  });

  it("fails a read that waits longer than the hold time as it fails the write", () => {
    const primary = warmPrimary();
    primary.write({ volume: volA, block: 5 });
    primary.settle();
    const read = primary.read(volA, 5);
    primary.tick(g1.holdMs);
    expect(codeOf(primary, read)).toBe("HELD_TOO_LONG");
    primary.ack(2);
    primary.settle();
    expect(primary.asked()).toEqual([]);
  });

  it("after a reconnect sends from the relay's marks on: no gap, and nothing that the relay has", () => {
    const primary = warmPrimary();
    const requests = [1, 2, 3].map((block) => primary.write({ volume: volA, block }));
    primary.settle();
    expect(sentOrigins(primary)).toEqual([2, 3, 4]);
    primary.lose(primary.link());
    primary.connect();
    primary.settle();
    expect(sentOrigins(primary)).toEqual([]);
    primary.welcome([mark(volA, 1, 3)]);
    primary.settle();
    expect(requests.map((request) => codeOf(primary, request))).toEqual(["null", "null", "waiting"]);
    expect(sentOrigins(primary)).toEqual([4]);
  });

  it("takes an acknowledgement on a link that was replaced for nothing", () => {
    const primary = warmPrimary();
    const old = primary.link();
    const request = primary.write({ volume: volA, block: 1 });
    primary.settle();
    primary.lose(old);
    primary.connect();
    primary.receive(old, { kind: "relay-ack", marks: [mark(volA, 1, 2)], creditBytes: 2 ** 20 });
    primary.settle();
    expect(codeOf(primary, request)).toBe("waiting");
    // So it is with one whose loss this end has not noticed.
    const unnoticed = primary.connect();
    primary.connect();
    primary.receive(unnoticed, { kind: "relay-ack", marks: [mark(volA, 1, 2)], creditBytes: 2 ** 20 });
    primary.settle();
    expect(codeOf(primary, request)).toBe("waiting");
  });
});

describe("a primary's limits (DESIGN rule 6)", () => {
  it("sends no more than the relay's credit, and goes on when it grows", () => {
    const primary = openPrimary();
    const cost = 96 + blockBytes;
    primary.lose(primary.link());
    primary.connect();
    primary.welcome([mark(volA, 0, 0)], 2 * cost);
    for (const block of [1, 2, 3, 4]) primary.write({ volume: volA, block });
    primary.settle();
    expect(sentOrigins(primary)).toEqual([1, 2]);
    primary.receive(primary.link(), { kind: "relay-ack", marks: [mark(volA, 1, 1)], creditBytes: 3 * cost });
    primary.settle();
    expect(sentOrigins(primary)).toEqual([3]);
  });

  it("counts a credit anew on each link: what was sent on the one before does not weigh on it", () => {
    const primary = openPrimary();
    const cost = 96 + blockBytes;
    for (const block of [1, 2]) primary.write({ volume: volA, block });
    primary.settle();
    expect(sentOrigins(primary)).toEqual([1, 2]);
    primary.lose(primary.link());
    primary.connect();
    primary.welcome([mark(volA, 0, 0)], 2 * cost);
    primary.settle();
    expect(sentOrigins(primary)).toEqual([1, 2]);
  });

  it("keeps a bounded number of batches on the way, and gathers the rest into the next", () => {
    const primary = warmPrimary();
    const inFlight = Array.from({ length: limits.batchesInFlightMax }, (_, index) => index + 2);
    for (const origin of [...inFlight, 0, 0]) {
      primary.write({ volume: volA, block: origin });
      primary.settle();
    }
    expect(sentOrigins(primary)).toEqual(inFlight);
    primary.ack(2);
    primary.settle();
    expect(sentOrigins(primary)).toEqual([inFlight.length + 2]);
    expect(primary.member.status().primary).toMatchObject({ writesHeld: 1 });
  });

  it("lets writes gather while a batch is under way, until one has waited long enough: both legs leave together", () => {
    limits.gatherMs = 20;
    onTestFinished(() => void (limits.gatherMs = 0));
    const primary = warmPrimary();
    for (const block of [1, 2, 3]) {
      primary.write({ volume: volA, block });
      primary.settle(["store"]);
    }
    expect(sentOrigins(primary)).toEqual([2]);
    expect(primary.asked("store")).toHaveLength(1);
    expect(primary.take().filter((line) => line.startsWith("wake"))).not.toEqual([]);
    primary.tick(20);
    primary.settle(["store"]);
    expect(sentOrigins(primary)).toEqual([3, 4]);
    expect(primary.asked("store")).toHaveLength(2);
  });

  it("sends what has gathered when the batch before it is acknowledged, or when there is enough of it", () => {
    limits.gatherMs = 1_000_000;
    const usualBytes = limits.gatherBytes;
    limits.gatherBytes = 3 * blockBytes;
    onTestFinished(() => void Object.assign(limits, { gatherMs: 0, gatherBytes: usualBytes }));
    const primary = warmPrimary();
    for (const block of [1, 2]) {
      primary.write({ volume: volA, block });
      primary.settle();
    }
    expect(sentOrigins(primary)).toEqual([2]);
    primary.ack(2);
    primary.settle();
    expect(sentOrigins(primary)).toEqual([3]);
    for (const block of [3, 4, 5]) primary.write({ volume: volA, block });
    primary.settle();
    expect(sentOrigins(primary)).toEqual([4, 5, 6]);
  });

  it("admits a bounded number of writes, refuses what waits beyond its limit, and forgets none", () => {
    const primary = warmPrimary();
    primary.lose(primary.link());
    const total = limits.writesInFlightMax + limits.writesWaitingMax + 1;
    const requests = Array.from({ length: total }, () => primary.write({ volume: volA, block: 1 }));
    const status = primary.member.status().primary;
    expect(status).toMatchObject({
      writesInFlight: limits.writesInFlightMax,
      writesHeld: limits.writesWaitingMax + limits.writesInFlightMax,
    });
    expect(codeOf(primary, requests.at(-1)!)).toBe("HELD_TOO_LONG");
    primary.tick(g1.holdMs, g1.holdMs);
    expect(requests.map((request) => codeOf(primary, request)).filter((code) => code !== "HELD_TOO_LONG")).toEqual([]);
  });
});

describe("a primary whose array fails", () => {
  it("fails the host with IO_ERROR, never moves the local mark past the write, and takes no more", () => {
    const primary = warmPrimary();
    const request = primary.write({ volume: volA, block: 1 });
    primary.settle(["store"]);
    primary.answer("store", new Failure("IO_ERROR", "two disks are gone"));
    expect(codeOf(primary, request)).toBe("IO_ERROR");
    primary.ack(2);
    primary.tick(limits.markIntervalMs);
    primary.settle();
    expect(primary.medium.journal.marks.get("local-complete/vol-a")).toEqual([1, 1]);
    expect(primary.medium.journal.marks.get("acknowledged/vol-a")).toEqual([1, 2]);
    expect(primary.medium.journal.marks.get("intent/vol-a/0")).toBe(true);
    expect(codeOf(primary, primary.write({ volume: volA, block: 9 }))).toBe("IO_ERROR");
  });

  it("answers a failed read with the array's failure", () => {
    const primary = warmPrimary();
    const read = primary.read(volA, 0);
    primary.answer("load", new Failure("IO_ERROR", "bad sector"));
    expect(codeOf(primary, read)).toBe("IO_ERROR");
  });
});

describe("a fenced primary (B14, PROTOCOL 6)", () => {
  const fencings: readonly [string, (primary: PrimaryBench) => void][] = [
    [
      "told by the relay that it is fenced",
      (primary) => primary.receive(primary.link(), { kind: "refusal", reason: "fenced", detail: "frozen at 9" }),
    ],
    [
      "told that its epoch is over",
      (primary) => primary.receive(primary.link(), { kind: "refusal", reason: "stale-epoch", detail: "old" }, epoch(2)),
    ],
    [
      "reached by a message of a higher epoch",
      (primary) =>
        primary.receive(primary.link(), { kind: "relay-ack", marks: [mark(volA, 1, 2)], creditBytes: 0 }, epoch(2)),
    ],
    [
      "asked to promise a takeover's epoch",
      (primary) =>
        primary.receive(
          primary.open(secondaryB, "council", "peer"),
          { kind: "promise", requestId: 1, settle: false, purpose: "takeover" },
          epoch(2),
        ),
    ],
  ];

  it.each(fencings)("B14: %s, fails what is pending, closes its volumes, and changes nothing any more", (_, fence) => {
    const primary = warmPrimary();
    const sent = primary.write({ volume: volA, block: 1 });
    primary.settle();
    const read = primary.read(volA, 1);
    const queued = primary.write({ volume: volA, block: 2 });
    const cold = primary.write({ volume: volA, block: 200 });
    primary.take();
    fence(primary);
    expect([sent, read, queued, cold].map((request) => codeOf(primary, request))).toEqual(
      new Array<string>(4).fill("VOLUME_NOT_OPEN"),
    );
    expect(primary.access.get(volA)).toBe("closed");
    const late = primary.write({ volume: volA, block: 3 });
    const lateRead = primary.read(volA, 3);
    expect([codeOf(primary, late), codeOf(primary, lateRead)]).toEqual(["VOLUME_NOT_OPEN", "VOLUME_NOT_OPEN"]);
    expect(primary.mayReadNow(volA, 9)).toBe(false);
    primary.settle();
    primary.tick(20_000);
    primary.settle();
    const lines = primary.take();
    expect(lines.filter((line) => /^(store|load|dial ingress)|origin-batch|intent/.test(line))).toEqual([]);
  });

  it("B14: remembers across a restart what it promised, and opens no volume", () => {
    const primary = warmPrimary();
    primary.receive(
      primary.open(secondaryB, "council", "peer"),
      { kind: "promise", requestId: 1, settle: false, purpose: "takeover" },
      epoch(2),
    );
    expect(primary.takeSent()).toEqual([]);
    primary.answer("commit");
    expect(primary.takeSent().map(({ body }) => body.kind)).toEqual(["council-reply"]);
    const again = createPrimaryBench({ medium: primary.medium });
    again.start();
    again.settle();
    expect(again.member.status()).toMatchObject({ phase: "fenced", epoch: epoch(2) });
    expect(again.access.get(volA)).toBe("closed");
    again.tick(5_000);
    // It greets no relay; it only asks the others whether there is a term in which it has a role again.
    const dials = again.take().filter((line) => line.startsWith("dial"));
    expect(dials.every((line) => line.startsWith("dial council"))).toBe(true);
  });

  it("says nothing of its own origin numbers to a relay that greets it late", () => {
    const primary = warmPrimary();
    primary.receive(primary.link(), { kind: "refusal", reason: "fenced", detail: "frozen" });
    primary.takeSent();
    primary.connect();
    expect(primary.takeSent()).toEqual([]);
  });
});

describe("what a primary remembers that the far side may lack (B8, PROTOCOL 5)", () => {
  const usualUnitsMax = limits.intentUnitsMax;

  /** A primary whose intent has room for two units, with unit 0 acknowledged by both legs. */
  function primaryWithSmallIntent(): PrimaryBench {
    limits.intentUnitsMax = 2;
    onTestFinished(() => void (limits.intentUnitsMax = usualUnitsMax));
    return warmPrimary();
  }

  function writeUnit(primary: PrimaryBench, unit: number, n: number): void {
    primary.write({ volume: volA, block: unit * 128, value: n });
    primary.settle();
    primary.ack(n);
    primary.settle();
  }

  it("B8: a unit that leaves the intent goes into the region log in the same commit", () => {
    const primary = primaryWithSmallIntent();
    writeUnit(primary, 1, 2);
    primary.take();
    primary.write({ volume: volA, block: 256, value: 3 });
    primary.drain();
    expect(primary.take()).toEqual([
      "commit intent/vol-a/2=true -intent/vol-a/0 regions/vol-a/0/0=1 regions/vol-a/size=65536 regions/vol-a/0/tag=[1,1]",
    ]);
  });

  it("PROTOCOL 5: what every secondary has validated leaves the log, and what comes later does not enter it", () => {
    const primary = primaryWithSmallIntent();
    writeUnit(primary, 1, 2);
    writeUnit(primary, 2, 3);
    expect(primary.medium.journal.marks.get("regions/vol-a/0/0")).toBe(1);
    primary.receive(primary.link(), { kind: "far-validated", marks: [mark(volA, 1, 2)] });
    primary.settle();
    expect([...primary.medium.journal.marks.keys()].filter((name) => name.startsWith("regions"))).toEqual([
      "regions/vol-a/size",
    ]);
    writeUnit(primary, 3, 4);
    expect([...primary.medium.journal.marks.keys()].filter((name) => name.startsWith("regions"))).toEqual([
      "regions/vol-a/size",
    ]);
  });
});
