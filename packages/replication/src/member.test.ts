import { describe, expect, it } from "vitest";
import { limits } from "./limits.js";
import type { Channel } from "@waystation/contracts/link";
import { createBench } from "./testing/bench.js";
import {
  epoch,
  epochOne,
  primaryA,
  primaryB,
  record,
  relay1,
  secondaryA,
  secondaryB,
  seq,
  volA,
} from "./testing/fixture.js";
import { openPrimary } from "./testing/primary-bench.js";
import { ofA, stampedRecords, stampingRelay } from "./testing/relay-bench.js";
import { followingSecondary } from "./testing/secondary-bench.js";
import type { NodeName } from "./vocabulary.js";

describe("the links of a member", () => {
  it.each<readonly [NodeName, readonly string[]]>([
    [primaryA, ["dial ingress relay-1", "dial lease relay-1", "dial council secondary-a", "dial council secondary-b"]],
    [relay1, ["dial ship secondary-a", "dial ship secondary-b"]],
    [secondaryA, ["dial council secondary-b"]],
  ])("%s dials whom its role needs", (self, dials) => {
    const bench = createBench({ self });
    bench.start();
    bench.settle();
    bench.take();
    bench.tick();
    expect(bench.take()).toEqual(dials);
  });

  it("dials again after a pause, whether the dial failed or the link was lost, and never twice at once", () => {
    const relay = createBench({ self: relay1 });
    relay.start();
    relay.tick();
    relay.take();
    const dialsFor = (ms: number): string[] => {
      relay.tick(ms);
      // A relay that lacks somebody asks everybody for news as well.
      return relay.take().filter((line) => !line.startsWith("dial council"));
    };
    expect(dialsFor(1_000)).toEqual([]);
    const link = relay.open(secondaryA, "ship", "self");
    relay.step({ kind: "dial-failed", peer: secondaryB, channel: "ship", reason: "refused" });
    expect(dialsFor(limits.redialIntervalMs - 25)).toEqual(["send ship secondary-a: ship-hello"]);
    expect(dialsFor(25)).toEqual(["dial ship secondary-b"]);
    relay.lose(link);
    expect(dialsFor(limits.redialIntervalMs)).toEqual(["dial ship secondary-a"]);
  });

  it("forgets a link that it closed itself at once, and hears nothing on it any more", () => {
    const relay = stampingRelay();
    const link = relay.link(primaryA);
    relay.batch(primaryA, [ofA(2)]);
    relay.take();
    relay.receive(link, { kind: "origin-hello", leg: "joined", copyId: "", volumes: [] });
    relay.receive(link, { kind: "origin-batch", writes: [ofA(1)], localComplete: [] });
    expect(relay.take()).toEqual([]);
  });

  it("takes no link from a node that has no such role, and no message of the other end's", () => {
    const relay = stampingRelay();
    const stranger = relay.open(secondaryA, "ingress", "peer");
    expect(relay.take()).toEqual(["send ingress secondary-a: refusal not-a-member", "close ingress secondary-a"]);
    relay.receive(stranger, { kind: "origin-hello", leg: "joined", copyId: "", volumes: [] });
    expect(relay.take()).toEqual([]);
    relay.from(primaryB, { kind: "relay-ack", marks: [], creditBytes: 1 });
    expect(relay.take()).toContain("send ingress primary-b: refusal gap");
  });

  it("answers a lease challenge at once, and shows what is left of the lease", () => {
    const primary = openPrimary();
    const lease = primary.open(relay1, "lease", "self");
    primary.receive(lease, { kind: "lease-challenge", id: 4, leaseMs: 1_000 });
    expect(primary.take()).toContain("send lease relay-1: lease-renewal 4");
    primary.tick(100);
    expect(primary.member.status().primary?.leaseRemainingMs).toBeCloseTo(1_000);
  });
});

describe("epochs on every stream (PROTOCOL 6.1, B14)", () => {
  it("B14: a message of a lower epoch is refused on each channel, and does nothing", () => {
    const relay = stampingRelay();
    relay.receive(
      relay.open(secondaryA, "council", "peer"),
      { kind: "promise", requestId: 1, settle: false, purpose: "takeover" },
      epoch(3),
    );
    relay.settle();
    const channels: readonly [Channel, NodeName][] = [
      ["ingress", primaryA],
      ["lease", primaryA],
      ["ship", secondaryA],
    ];
    for (const [channel, peer] of channels) {
      for (const old of [epochOne, epoch(2), epoch(3, "rival")]) {
        const link = relay.open(peer, channel, channel === "ship" ? "self" : "peer");
        relay.take();
        relay.receive(link, { kind: "lease-renewal", id: 1 }, old);
        expect(relay.take()).toEqual([`send ${channel} ${peer}: refusal stale-epoch`, `close ${channel} ${peer}`]);
      }
    }
  });

  it("B12: a message of another term's roles is refused on each channel, and does nothing, whatever its epoch", () => {
    const channels: readonly [Channel, NodeName][] = [
      ["ingress", primaryA],
      ["lease", primaryA],
      ["ship", secondaryA],
    ];
    for (const [channel, peer] of channels) {
      const relay = stampingRelay();
      const link = channel === "lease" ? relay.open(peer, channel, "peer") : relay.link(peer);
      relay.take();
      relay.receive(link, { kind: "origin-batch", writes: [ofA(1)], localComplete: [] }, epochOne, 2);
      expect(relay.take()).toEqual([`send ${channel} ${peer}: refusal other-term`, `close ${channel} ${peer}`]);
      relay.settle();
      expect(stampedRecords(relay)).toEqual([]);
    }
  });

  it("does not answer a refusal with a refusal", () => {
    const relay = stampingRelay();
    relay.receive(
      relay.open(secondaryA, "council", "peer"),
      { kind: "promise", requestId: 1, settle: false, purpose: "takeover" },
      epoch(2),
    );
    relay.settle();
    const link = relay.open(secondaryA, "ship", "self");
    relay.take();
    relay.receive(link, { kind: "refusal", reason: "stale-epoch", detail: "" }, epochOne);
    expect(relay.take()).toEqual(["close ship secondary-a"]);
  });

  it("B14: a higher epoch is followed from the message that brings it, durably, and never given up", () => {
    const secondary = followingSecondary();
    const body = { kind: "ship-batch", after: seq(0), watermark: seq(1), records: [record(1)] } as const;
    secondary.relay(body, epoch(4));
    expect(secondary.take()).toEqual([
      'commit promised={"number":4,"takeoverId":"takeover-4"}',
      "commit [1:vol-a] received=1",
    ]);
    expect(secondary.member.status().epoch).toEqual(epoch(4));
  });

  it("every message carries the epoch that its sender follows now", () => {
    const primary = openPrimary();
    primary.write({ volume: volA, block: 1 });
    primary.settle();
    expect(primary.takeSent().map((sent) => sent.epoch)).toEqual([epochOne]);
    const secondary = followingSecondary();
    secondary.receive(
      secondary.open(secondaryB, "council", "peer"),
      { kind: "promise", requestId: 1, settle: false, purpose: "takeover" },
      epoch(2),
    );
    secondary.settle();
    expect(secondary.takeSent().map((sent) => sent.epoch)).toEqual([epoch(2)]);
  });

  it("an inquiry changes nothing and tells where the node stands", () => {
    const relay = stampingRelay();
    relay.batch(primaryA, [ofA(1)]);
    relay.settle();
    relay.take();
    relay.receive(relay.open(secondaryA, "council", "peer"), { kind: "inquire", requestId: 5 }, epoch(9));
    expect(relay.take()).toEqual(["send council secondary-a: council-reply granted stamping"]);
    const [reply] = relay.takeSent().flatMap(({ body }) => (body.kind === "council-reply" ? [body] : []));
    expect(reply).toMatchObject({ requestId: 5, state: { stamped: 1, role: "relay", promised: epochOne } });
  });
});

describe("a member's answers", () => {
  it("a commit is answered once: an answer that nobody asked for is a bug", () => {
    const primary = openPrimary();
    expect(() => primary.step({ kind: "committed", token: 999 })).toThrow(/nobody asked/);
  });

  it("has no part in a group without a role", () => {
    expect(() => createBench({ self: "elsewhere" as NodeName })).toThrow(/no role/);
  });
});
