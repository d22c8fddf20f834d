import { Failure, isFailure } from "@waystation/contracts/errors";
import { describe, expect, it } from "vitest";
import { limits } from "./limits.js";
import type { Membership } from "./membership.js";
import type { OriginWrite } from "./messages.js";
import { createMedium, type Medium } from "./testing/medium.js";
import {
  at,
  blockBytes,
  blockOf,
  epoch,
  epochOne,
  g1,
  mark,
  primaryA,
  record,
  secondaryA,
  secondaryB,
  seq,
  valueOf,
  volA,
  volB,
  roleOf,
} from "./testing/fixture.js";
import { createPrimaryBench, openPrimary, type PrimaryBench } from "./testing/primary-bench.js";

/**
 * A primary that died with write 2 under way, in its second life: its first had written 1, acknowledged everywhere.
 * `array` and `relay` say which leg of write 2 had come through.
 */
function crashed(legs: { readonly array: boolean }): Medium {
  const primary = openPrimary();
  primary.write({ volume: volA, block: 1, value: 1 });
  primary.settle();
  primary.ack(1);
  primary.tick(300);
  primary.settle();
  primary.write({ volume: volA, block: 2, value: 2 });
  primary.settle(legs.array ? [] : ["store"]);
  return primary.medium;
}

function restart(medium: Medium): PrimaryBench {
  const primary = createPrimaryBench({ medium });
  primary.start();
  primary.settle();
  return primary;
}

/** What the relay has of the earlier life: both writes. */
const relayRecords = [record(1, { n: 1 }), record(2, { n: 2 })];

function writesSent(primary: PrimaryBench): OriginWrite[] {
  return primary.takeSent().flatMap(({ body }) => (body.kind === "origin-batch" ? body.writes : []));
}

function phaseOf(primary: PrimaryBench): string {
  return primary.member.status().phase;
}

describe("a primary that starts (PROTOCOL 1.1, 2)", () => {
  it("PROTOCOL 1.1: raises its incarnation durably before it says anything to the relay", () => {
    const primary = createPrimaryBench();
    primary.start();
    primary.connect();
    primary.drain();
    expect(primary.takeSent()).toEqual([]);
    primary.answer("commit");
    expect(primary.takeSent().map(({ body }) => body.kind)).toEqual(["origin-hello"]);
    expect(primary.medium.journal.marks.get("incarnation/vol-a")).toBe(1);
    // Dropped before anything else happened, it has used that number up all the same.
    expect(restart(primary.medium).medium.journal.marks.get("incarnation/vol-a")).toBe(2);
  });

  it("PROTOCOL 2: from the first to the last step, as a transcript", () => {
    const primary = restart(crashed({ array: false }));
    primary.take();
    primary.connect();
    primary.secondariesSilent();
    primary.welcome([mark(volA, 1, 2)]);
    primary.records(relayRecords.slice(1));
    primary.settle();
    primary.ack(1, 2);
    primary.settle();
    expect(primary.take()).toEqual([
      "send ingress relay-1: origin-hello vol-a incarnation 2 acknowledged 1.1 local 1.1",
      "dial lease relay-1",
      "dial council secondary-a",
      "dial council secondary-b",
      "send ingress relay-1: origin-fetch vol-a above 1.1 after 0",
      "commit fetching=true",
      "store vol-a 1024+512",
      "commit -fetching",
      "commit local-complete/vol-a=[1,2]",
      "load vol-a 0+65536",
      "send ingress relay-1: origin-batch local vol-a 1.1",
      "send ingress relay-1: origin-batch local vol-a 1.2",
      "store vol-a 0+65536",
      "send ingress relay-1: origin-batch vol-a 2.1 write 0+65536",
      "access vol-a read-write",
      "log info",
    ]);
  });

  it("PROTOCOL 2a: does not open before both the relay and the secondaries were asked", () => {
    const noRelay = restart(createMedium(g1, primaryA));
    noRelay.secondariesSilent();
    noRelay.settle();
    expect(phaseOf(noRelay)).toBe("confirming");

    const notAsked = restart(createMedium(g1, primaryA));
    notAsked.connect();
    notAsked.welcome();
    notAsked.settle();
    expect(phaseOf(notAsked)).toBe("confirming");
    notAsked.secondariesSilent();
    notAsked.records();
    notAsked.settle();
    expect(phaseOf(notAsked)).toBe("open");
  });

  it("B14, PROTOCOL 2a: a takeover that a secondary tells of fences it before any host saw anything", () => {
    const primary = restart(createMedium(g1, primaryA));
    primary.tick();
    primary.step({ kind: "dial-failed", peer: secondaryA, channel: "council", reason: "refused" });
    const link = primary.open(secondaryB, "council", "self");
    const [asked] = primary.takeSent().filter((sent) => sent.link === link);
    const requestId = asked?.body.kind === "inquire" ? asked.body.requestId : 0;
    const numbers = { received: seq(9), validated: seq(9), applied: seq(9), stamped: seq(0) };
    const state = { ...roleOf(secondaryB), phase: "open", decision: null, ...numbers };
    primary.receive(
      link,
      { kind: "council-reply", requestId, granted: true, state: { ...state, promised: epoch(2) } },
      epochOne,
    );
    expect(phaseOf(primary)).toBe("fenced");
    primary.connect();
    primary.settle();
    expect(primary.access.get(volA)).toBe("closed");
  });

  it("PROTOCOL 2: refuses hosts, reads too, until it is open", () => {
    const primary = restart(crashed({ array: true }));
    const refused = (): void => {
      for (const request of [primary.read(volA, 2), primary.write({ volume: volA, block: 9 })]) {
        const result = primary.replies.get(request);
        expect(isFailure(result, "VOLUME_NOT_OPEN")).toBe(true);
      }
      expect(primary.mayReadNow(volA, 2)).toBe(false);
    };
    refused();
    primary.connect();
    primary.secondariesSilent();
    refused();
    primary.welcome([mark(volA, 1, 1)]);
    refused();
    primary.records([]);
    primary.settle();
    expect(phaseOf(primary)).toBe("reconciling");
    refused();
    primary.ack(1, 2);
    primary.settle();
    expect(phaseOf(primary)).toBe("open");
    const read = primary.read(volA, 2);
    primary.settle();
    expect(valueOf(primary.replies.get(read) as Buffer)).toBe(2);
  });

  it("PROTOCOL 2b: stores what only the relay has, batch by batch, before it moves its local mark", () => {
    const primary = restart(crashed({ array: false }));
    primary.connect();
    primary.secondariesSilent();
    primary.welcome([mark(volA, 1, 2)]);
    primary.takeSent();
    primary.receive(primary.link(), {
      kind: "relay-records",
      volume: volA,
      records: relayRecords.slice(0, 1),
      nextAfter: seq(1),
    });
    primary.settle();
    expect(primary.takeSent().map(({ body }) => body)).toMatchObject([{ kind: "origin-fetch", afterSequence: 1 }]);
    expect(primary.medium.journal.marks.get("local-complete/vol-a")).toEqual([1, 1]);
    primary.records(relayRecords.slice(1));
    expect(phaseOf(primary)).toBe("fetching");
    primary.settle();
    expect(valueOf(primary.block(volA, 2))).toBe(2);
    expect(primary.medium.journal.marks.get("local-complete/vol-a")).toEqual([1, 2]);
  });

  it("PROTOCOL 2b: fetches from its own durable mark on, though the relay had acknowledged more", () => {
    const first = openPrimary();
    first.write({ volume: volA, block: 1, value: 1 });
    first.settle(["store"]);
    first.ack(1);
    first.tick(300);
    first.settle(["store"]);
    expect(first.medium.journal.marks.get("acknowledged/vol-a")).toEqual([1, 1]);
    const primary = restart(first.medium);
    primary.connect();
    primary.secondariesSilent();
    primary.takeSent();
    primary.welcome([mark(volA, 1, 1)]);
    expect(primary.takeSent().map(({ body }) => body)).toMatchObject([{ kind: "origin-fetch", above: at(0, 0) }]);
    primary.records([record(1, { n: 1 })]);
    primary.settle();
    expect(valueOf(primary.block(volA, 1))).toBe(1);
  });

  it("PROTOCOL 2c: sends the content of its intent as new writes, under the new incarnation, with what the array has", () => {
    const primary = restart(crashed({ array: true }));
    primary.connect();
    primary.secondariesSilent();
    // The relay never saw write 2, the array has it.
    primary.welcome([mark(volA, 1, 1)]);
    primary.records([]);
    primary.settle();
    const resent = writesSent(primary);
    expect(resent).toMatchObject([{ volume: volA, origin: at(2, 1), kind: "write", offsetBytes: 0 }]);
    const content = Buffer.from(resent[0]!.payload);
    expect(valueOf(content.subarray(2 * blockBytes, 3 * blockBytes))).toBe(2);
    expect(phaseOf(primary)).toBe("reconciling");
  });

  it("PROTOCOL 2: killed again at any point of its recovery, it begins anew and ends with array and relay equal", () => {
    for (let steps = 0; steps <= 12; steps++) {
      let left = steps;
      const medium = crashed({ array: true });
      const dying = createPrimaryBench({ medium });
      const script: (() => void)[] = [
        () => dying.start(),
        () => dying.answer("commit"),
        () => dying.connect(),
        () => dying.secondariesSilent(),
        () => dying.welcome([mark(volA, 1, 1)]),
        () => dying.records([]),
        () => dying.answer("store"),
        () => dying.answer("commit"),
        () => dying.answer("load"),
        () => dying.drain(),
        () => dying.answer("store"),
        () => dying.ack(1, 2),
      ];
      for (const act of script) if (left-- > 0) act();
      const primary = restart(medium);
      primary.connect();
      primary.secondariesSilent();
      const relayHas = steps >= 10 ? mark(volA, 2, 1) : mark(volA, 1, 1);
      primary.welcome([relayHas]);
      primary.records([]);
      primary.settle();
      const incarnation = Number(medium.journal.marks.get("incarnation/vol-a"));
      const resent = writesSent(primary);
      expect(resent, `after ${steps} steps`).toMatchObject([{ origin: at(incarnation, 1), offsetBytes: 0 }]);
      primary.ack(1, incarnation);
      primary.settle();
      expect(phaseOf(primary), `after ${steps} steps`).toBe("open");
      expect(valueOf(primary.block(volA, 2))).toBe(2);
    }
  });

  it("PROTOCOL 2b: asks for the epochs again while it fetches, and begins no second fetch: older would land on newer", () => {
    const primary = restart(crashed({ array: false }));
    primary.connect();
    primary.secondariesSilent();
    primary.welcome([mark(volA, 1, 2)]);
    const asked = (kind: string): number => primary.takeSent().filter(({ body }) => body.kind === kind).length;
    expect(asked("origin-fetch")).toBe(1);
    primary.take();
    primary.tick(limits.inquireIntervalMs);
    expect(primary.take()).toContain("dial council secondary-a");
    primary.secondariesSilent();
    expect(asked("origin-fetch")).toBe(0);
  });

  it("begins the fetch again when its link breaks off, and never while a store of the earlier one is under way", () => {
    const primary = restart(crashed({ array: false }));
    primary.connect();
    primary.secondariesSilent();
    primary.welcome([mark(volA, 1, 2)]);
    primary.records(relayRecords);
    primary.lose(primary.link());
    primary.connect();
    primary.takeSent();
    primary.welcome([mark(volA, 1, 2)]);
    expect(primary.takeSent()).toEqual([]);
    primary.settle(["store"]);
    primary.answer("store");
    expect(primary.takeSent().map(({ body }) => body.kind)).toEqual(["origin-fetch"]);
    primary.records(relayRecords);
    primary.settle();
    expect(phaseOf(primary)).toBe("reconciling");
  });

  it("stays closed when the array fails under the recovery", () => {
    const primary = restart(crashed({ array: false }));
    primary.connect();
    primary.secondariesSilent();
    primary.welcome([mark(volA, 1, 2)]);
    primary.records(relayRecords);
    primary.settle(["store"]);
    primary.answer("store", new Failure("IO_ERROR", "two disks are gone"));
    primary.settle();
    expect(phaseOf(primary)).toBe("fetching");
    expect(primary.member.status().detail).toContain("two disks are gone");
  });

  it("asks again while it has no relay, so that a takeover it missed is noticed (B14)", () => {
    const primary = openPrimary();
    primary.lose(primary.link());
    primary.take();
    primary.tick(1_000);
    expect(primary.take()).toContain("dial council secondary-b");
    primary.connect();
    primary.welcome([mark(volA, 0, 0)]);
    primary.take();
    primary.tick(5_000);
    expect(primary.take().filter((line) => line.startsWith("dial council"))).toEqual([]);
  });

  it("one that lost its state never opens: its numbers would name other data than those the relay knows", () => {
    const primary = createPrimaryBench();
    primary.start();
    primary.settle();
    primary.connect();
    primary.secondariesSilent();
    primary.welcome([mark(volA, 1, 50)]);
    primary.settle();
    expect(primary.member.status()).toMatchObject({
      phase: "state-lost",
      detail: expect.stringContaining("vol-a") as string,
    });
    expect(primary.access.get(volA)).toBe("closed");
    primary.tick(10_000, 250);
    expect(phaseOf(primary)).toBe("state-lost");
  });

  it("takes its volumes one after the other, and opens when all are reconciled", () => {
    const both: Membership = {
      ...g1,
      volumes: g1.volumes.map((volume) => ({ ...volume, primary: primaryA })),
    };
    const earlier = createPrimaryBench({ membership: both });
    earlier.start();
    earlier.settle();
    const primary = createPrimaryBench({ membership: both, medium: earlier.medium });
    primary.start();
    primary.settle();
    primary.connect();
    primary.secondariesSilent();
    primary.welcome([mark(volA, 0, 0), mark(volB, 1, 1)]);
    primary.records([]);
    primary.settle();
    expect(phaseOf(primary)).toBe("fetching");
    primary.receive(primary.link(), {
      kind: "relay-records",
      volume: volB,
      records: [{ ...record(1, { volume: volB, block: 4 }), payload: blockOf(4) }],
      nextAfter: seq(0),
    });
    primary.settle();
    expect(phaseOf(primary)).toBe("open");
    expect(valueOf(primary.block(volB, 4))).toBe(4);
    expect([primary.access.get(volA), primary.access.get(volB)]).toEqual(["read-write", "read-write"]);
  });

  it("PROTOCOL 7: tells the relay what it knows to be acknowledged, as durably as it knows it", () => {
    const primary = restart(crashed({ array: true }));
    primary.takeSent();
    primary.connect();
    const [hello] = primary.takeSent();
    expect(hello?.body).toMatchObject({ volumes: [{ acknowledged: at(1, 1), localComplete: at(1, 1) }] });
  });
});
