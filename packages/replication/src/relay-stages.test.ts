import { describe, expect, it } from "vitest";
import { runningFromTheStart } from "./course.js";
import type { IngressPeer } from "./relay-peers.js";
import { protection, type RelayView } from "./relay-stages.js";
import { primaryA, primaryB, relay1 } from "./testing/fixture.js";

const peer = (node: typeof primaryA) =>
  ({ node, welcomed: true, lease: { held: () => true } }) as unknown as IngressPeer;
const well: RelayView = {
  group: "g1" as never,
  self: relay1,
  state: "PAIR",
  lost: null,
  frozenAt: null,
  waitsFor: "",
  course: runningFromTheStart,
  copyWaitsFor: "",
  autoResync: true,
  peers: [peer(primaryA), peer(primaryB)],
  resyncDue: "",
};

describe("what a relay promises of its hosts' writes", () => {
  it("B13: nothing, while it is a primary itself: the loss of that node takes what the secondaries lack", () => {
    expect(protection(well)).toBe("");
    expect(protection({ ...well, self: primaryB })).toMatch(/the relay is primary-b, a primary: .*group return g1/);
  });
});
