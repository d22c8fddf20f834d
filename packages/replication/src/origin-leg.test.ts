/** A primary without its relay, by fence level (B9, PROTOCOL 4), and what a crash leaves of it. */
import { isFailure } from "@waystation/contracts/errors";
import { describe, expect, it } from "vitest";
import type { FenceLevel, Membership } from "./membership.js";
import type { SuspendedState } from "./messages.js";
import { at, g1, mark, record, secondaryA, secondaryB, valueOf, volA } from "./testing/fixture.js";
import { createPrimaryBench, openPrimary, type PrimaryBench } from "./testing/primary-bench.js";
import type { Medium } from "./testing/medium.js";

const withFence = (fence: FenceLevel): Membership => ({ ...g1, fence });

function codeOf(primary: PrimaryBench, request: number): string {
  const result = primary.replies.get(request);
  return isFailure(result) ? result.code : String(result === undefined ? "waiting" : result && "data");
}

function legOf(primary: PrimaryBench): string | undefined {
  return primary.member.status().primary?.leg;
}

/** The secondaries answer, with an epoch that is not higher. */
function secondariesAnswer(primary: PrimaryBench): void {
  primary.tick();
  const link = primary.open(secondaryA, "council", "self");
  primary.step({ kind: "dial-failed", peer: secondaryB, channel: "council", reason: "refused" });
  const asked = primary.takeSent().find(({ body }) => body.kind === "inquire")?.body;
  if (asked?.kind !== "inquire") throw new Error("nobody was asked");
  const { state } = councilStateOf();
  primary.receive(link, { kind: "council-reply", requestId: asked.requestId, granted: true, state });
}

/** What a secondary says of itself. */
function councilStateOf() {
  const secondary = createPrimaryBench({ self: secondaryA });
  secondary.start();
  secondary.settle();
  secondary.takeSent();
  secondary.receive(secondary.open(secondaryB, "council", "peer"), { kind: "inquire", requestId: 1 });
  const reply = secondary.takeSent().at(-1)?.body;
  if (reply?.kind !== "council-reply") throw new Error("no answer");
  return reply;
}

function restart(medium: Medium, membership: Membership): PrimaryBench {
  const primary = createPrimaryBench({ medium, membership });
  primary.start();
  primary.settle();
  return primary;
}

describe("a group that the relay has suspended (B9)", () => {
  const table: readonly [FenceLevel, SuspendedState, "alone" | "joined"][] = [
    ["never", "PSUS", "alone"],
    ["never", "PSUE", "alone"],
    ["never", "PFUS", "alone"],
    ["status", "PSUS", "alone"],
    ["status", "PSUE", "alone"],
    ["status", "PFUS", "alone"],
    ["data", "PSUS", "alone"],
    ["data", "PFUS", "alone"],
    ["data", "PSUE", "joined"],
  ];

  it.each(table)("B9: fence %s, %s: the primary is %s from then on, and greets again", (fence, state, leg) => {
    const primary = openPrimary({ membership: withFence(fence) });
    const under = primary.write({ volume: volA, block: 1, value: 1 });
    primary.settle();
    primary.suspended(state);
    const later = primary.write({ volume: volA, block: 2, value: 2 });
    primary.settle();
    expect(legOf(primary)).toBe(leg);
    expect(primary.member.status().primary?.pair).toBe(state);
    expect([codeOf(primary, under), codeOf(primary, later)]).toEqual(
      new Array<string>(2).fill(leg === "alone" ? "null" : "waiting"),
    );
    const hellos = primary.takeSent().flatMap(({ body }) => (body.kind === "origin-hello" ? [body] : []));
    expect(hellos).toMatchObject([{ leg, copyId: "" }]);
    primary.tick(g1.holdMs);
    expect(codeOf(primary, under)).toBe(leg === "alone" ? "null" : "GROUP_SUSPENDED");
  });

  it("B9: with fence data the failure says why, and which command is due", () => {
    const primary = openPrimary();
    primary.suspended("PSUE");
    const request = primary.write({ volume: volA, block: 1 });
    primary.settle();
    primary.tick(g1.holdMs);
    const failure = primary.replies.get(request);
    expect(isFailure(failure) && failure.message).toMatch(/vol-a.*g1.*PSUE: told by the test.*wayctl group resync g1/);
  });

  it("PROTOCOL 4: acknowledges nothing by its array alone before it is durable that it may", () => {
    const primary = openPrimary({ membership: withFence("never") });
    const request = primary.write({ volume: volA, block: 1, value: 1 });
    primary.settle();
    primary.suspended();
    primary.settle(["commit"]);
    expect(codeOf(primary, request)).toBe("waiting");
    // Killed here, the next life asks the relay first, as if it had heard nothing.
    expect(legOf(restart(primary.medium, withFence("never")))).toBe("joined");
    primary.answer("commit");
    expect(codeOf(primary, request)).toBe("null");
    expect(legOf(restart(primary.medium, withFence("never")))).toBe("alone");
  });

  it("B8: alone, every write is durably in the write intent before its array has it", () => {
    const primary = openPrimary({ membership: withFence("never") });
    primary.suspended();
    primary.settle();
    const request = primary.write({ volume: volA, block: 200, value: 5 });
    primary.drain();
    expect(primary.asked().map(({ kind }) => kind)).toEqual(["commit"]);
    primary.settle();
    expect(codeOf(primary, request)).toBe("null");
    expect(primary.medium.journal.marks.get("intent/vol-a/1")).toBe(true);
    expect(valueOf(primary.block(volA, 200))).toBe(5);
  });

  it("PROTOCOL 7: alone, it needs no record of the relay any more, and says so: a full journal must not stay full of them", () => {
    const primary = openPrimary({ membership: withFence("status") });
    primary.write({ volume: volA, block: 1, value: 1 });
    primary.settle(["store"]);
    primary.ack(1);
    primary.takeSent();
    primary.suspended("PFUS");
    primary.settle(["store"]);
    const hellos = primary.takeSent().flatMap(({ body }) => (body.kind === "origin-hello" ? [body] : []));
    expect(hellos).toMatchObject([{ leg: "alone", volumes: [{ localComplete: at(1, 1) }] }]);
    expect(primary.medium.journal.marks.get("local-complete/vol-a")).toEqual([1, 1]);
    // The store that comes later takes nothing of that back.
    primary.settle();
    primary.tick(1_000);
    primary.settle();
    expect(primary.medium.journal.marks.get("local-complete/vol-a")).toEqual([1, 1]);
  });

  it("PROTOCOL 7: with fence data it tells the relay of its local marks as they come, although no batch goes there", () => {
    const primary = openPrimary();
    primary.write({ volume: volA, block: 1, value: 1 });
    primary.settle();
    primary.ack(1);
    primary.suspended("PSUE");
    primary.settle();
    primary.takeSent();
    primary.tick(1_000);
    primary.settle();
    primary.tick(1_000);
    primary.settle();
    const hellos = primary.takeSent().flatMap(({ body }) => (body.kind === "origin-hello" ? [body] : []));
    expect(hellos).toMatchObject([{ leg: "joined", volumes: [{ localComplete: at(1, 1) }] }]);
  });

  it("sends nothing to a relay that has suspended the group", () => {
    const primary = openPrimary({ membership: withFence("status") });
    primary.suspended();
    primary.settle();
    primary.takeSent();
    primary.write({ volume: volA, block: 1 });
    primary.settle();
    expect(primary.takeSent()).toEqual([]);
  });
});

describe("a silent relay (PROTOCOL 4)", () => {
  /** Its lease was renewed just now, and no relay is heard any more. */
  function silent(fence: FenceLevel): { readonly primary: PrimaryBench; readonly request: number } {
    const primary = openPrimary({ membership: withFence(fence) });
    const lease = primary.open("relay-1" as never, "lease", "self");
    primary.receive(lease, { kind: "lease-challenge", id: 1, leaseMs: g1.leaseMs });
    const request = primary.write({ volume: volA, block: 1, value: 1 });
    primary.settle();
    primary.lose(primary.link());
    primary.lose(lease);
    return { primary, request };
  }

  it("PROTOCOL 4: with fence never the primary goes on alone after the full lease and its drift margin, not before", () => {
    const { primary, request } = silent("never");
    primary.tick(g1.leaseMs * 1.1 - 25);
    primary.settle();
    expect([legOf(primary), codeOf(primary, request)]).toEqual(["joined", "waiting"]);
    primary.tick(50);
    primary.settle();
    expect([legOf(primary), codeOf(primary, request)]).toEqual(["alone", "null"]);
  });

  it.each(["data", "status"] as const)(
    "B9: with fence %s it holds, then fails: nobody has said that the relay stopped",
    (fence) => {
      const { primary, request } = silent(fence);
      primary.tick(g1.holdMs);
      primary.settle();
      expect([legOf(primary), codeOf(primary, request)]).toEqual(["joined", "HELD_TOO_LONG"]);
    },
  );

  it("PROTOCOL 4: a lease that an earlier life was granted may run still: a restart waits for it", () => {
    const { primary } = silent("never");
    const again = createPrimaryBench({
      medium: primary.medium,
      membership: withFence("never"),
      nowMs: primary.nowMs(),
    });
    again.start();
    again.settle();
    secondariesAnswer(again);
    again.tick(g1.leaseMs);
    again.settle();
    expect(again.member.status().phase).toBe("confirming");
    again.tick(g1.leaseMs);
    again.settle();
    expect([again.member.status().phase, legOf(again)]).toEqual(["open", "alone"]);
  });

  it("greets a relay that comes back as one that is alone, once that is durable", () => {
    const { primary } = silent("never");
    primary.settle();
    primary.tick(g1.leaseMs * 2, 1_000);
    primary.takeSent();
    primary.connect();
    expect(primary.takeSent()).toEqual([]);
    primary.settle();
    expect(primary.takeSent().map(({ body }) => body)).toMatchObject([{ kind: "origin-hello", leg: "alone" }]);
  });
});

describe("a primary that dies while it is alone (PROTOCOL 2)", () => {
  /** Died alone: block 1 has been acknowledged by both legs with 1, then alone with 2. */
  function diedAlone(): Medium {
    const primary = openPrimary({ membership: withFence("never") });
    primary.write({ volume: volA, block: 1, value: 1 });
    primary.settle();
    primary.suspended();
    primary.settle();
    primary.write({ volume: volA, block: 1, value: 2 });
    primary.settle();
    return primary.medium;
  }

  it("opens alone once a secondary has confirmed its epoch: no fetch, no reconciling", () => {
    const primary = restart(diedAlone(), withFence("never"));
    expect(primary.member.status().phase).toBe("confirming");
    secondariesAnswer(primary);
    primary.settle();
    expect([primary.member.status().phase, legOf(primary)]).toEqual(["open", "alone"]);
    expect(primary.take().filter((line) => /^store|origin-fetch|origin-batch/.test(line))).toEqual([]);
    expect(valueOf(primary.block(volA, 1))).toBe(2);
    expect(codeOf(primary, primary.write({ volume: volA, block: 3 }))).toBe("waiting");
    primary.settle();
  });

  it("PROTOCOL 2: stays closed while nobody answers: somebody may have taken over", () => {
    const primary = restart(diedAlone(), withFence("never"));
    primary.secondariesSilent();
    primary.tick(10_000, 250);
    primary.settle();
    expect(primary.member.status()).toMatchObject({
      phase: "confirming",
      detail: expect.stringContaining("nobody has taken over") as string,
    });
    // The relay is somebody, too.
    primary.connect();
    primary.suspended("PSUS");
    primary.settle();
    expect(primary.member.status().phase).toBe("open");
  });

  it("PROTOCOL 2b: suspended in the middle of its recovery, it opens only when fetched records are on the array", () => {
    const before = openPrimary({ membership: withFence("status") });
    before.write({ volume: volA, block: 1, value: 1 });
    before.settle(["store"]);
    const primary = restart(before.medium, withFence("status"));
    primary.connect();
    primary.secondariesSilent();
    primary.welcome([mark(volA, 1, 1)]);
    primary.records([record(1, { n: 1 })]);
    primary.suspended();
    primary.settle(["store"]);
    // Half-way through it the array is in the past: the fetch goes on to its end first.
    expect([legOf(primary), primary.member.status().phase]).toEqual(["joined", "fetching"]);
    primary.settle();
    primary.records([record(1, { n: 1 })]);
    primary.settle();
    expect([legOf(primary), primary.member.status().phase]).toEqual(["alone", "open"]);
    expect(valueOf(primary.block(volA, 1))).toBe(1);
  });

  it("PROTOCOL 2b: half-way through a fetch the array is in the past: no later life opens it, not even alone (seed 1082 of the journeys)", () => {
    const before = openPrimary({ membership: withFence("never") });
    before.write({ volume: volA, block: 1, value: 1 });
    before.settle(["store"]);
    const killed = restart(before.medium, withFence("never"));
    killed.connect();
    killed.secondariesSilent();
    killed.welcome([mark(volA, 1, 1)]);
    killed.records([record(1, { n: 1 })]);
    killed.settle(["store"]);

    const primary = restart(killed.medium, withFence("never"));
    secondariesAnswer(primary);
    primary.settle();
    primary.tick(10 * g1.leaseMs);
    primary.settle();
    expect([legOf(primary), primary.member.status().phase]).toEqual(["joined", "fetching"]);
    expect(primary.member.status().detail).toContain("bring the relay back");
    // The relay is there, and suspended: it gives what it has, and then the primary may go on alone.
    primary.connect();
    primary.suspended();
    primary.settle();
    expect(primary.member.status().phase).toBe("fetching");
    primary.records([record(1, { n: 1 })]);
    primary.settle();
    expect([legOf(primary), primary.member.status().phase]).toEqual(["alone", "open"]);
  });

  it("PROTOCOL 2b: what the relay has of the time before is never stored over what hosts were told since", () => {
    const primary = restart(diedAlone(), withFence("never"));
    secondariesAnswer(primary);
    primary.settle();
    primary.connect();
    primary.welcome([mark(volA, 1, 1)], undefined, "run-1");
    primary.settle();
    expect(legOf(primary)).toBe("copying");
    // Killed at once: it recovers as one that is joined, and asks for nothing of the incarnations before.
    const again = restart(primary.medium, withFence("never"));
    again.connect();
    secondariesAnswer(again);
    again.takeSent();
    again.welcome([mark(volA, 1, 1)], undefined, "run-1");
    const fetches = again.takeSent().flatMap(({ body }) => (body.kind === "origin-fetch" ? [body] : []));
    expect(fetches).toMatchObject([{ above: at(3, 0) }]);
  });
});

describe("a primary whose group changes its term", () => {
  it("holds what hosts write, goes on reading, speaks to no relay, and does not go alone meanwhile", () => {
    const primary = openPrimary({ membership: withFence("never") });
    const started = primary.write({ volume: volA, block: 1, value: 1 });
    primary.settle();
    const council = primary.open(secondaryB, "council", "peer");
    const promise = { kind: "promise", requestId: 1, settle: false, purpose: "term" } as const;
    primary.receive(council, promise, { number: 2, takeoverId: "term-2" });
    primary.settle();
    primary.take();
    const held = primary.write({ volume: volA, block: 9, value: 9 });
    const read = primary.read(volA, 20);
    primary.settle();
    expect([started, held, read].map((request) => codeOf(primary, request))).toEqual(["waiting", "waiting", "data"]);
    primary.tick(g1.leaseMs * 2);
    primary.settle();
    expect(primary.member.status().primary).toMatchObject({ leg: "joined", paused: true, relayConnected: false });
    expect(primary.take().filter((line) => /^store|origin-/.test(line))).toEqual([]);
    primary.tick(g1.holdMs);
    expect([started, held].map((request) => codeOf(primary, request))).toEqual(["HELD_TOO_LONG", "HELD_TOO_LONG"]);
  });
});
