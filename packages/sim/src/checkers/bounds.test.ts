import { describe, expect, it } from "vitest";
import type { Observation } from "../observation.js";
import { collectFindings, primaryA, relay1, request, sent, tag } from "../testing/history.js";
import { createBoundsChecker } from "./bounds.js";

function setUp() {
  const { found, violate } = collectFindings();
  let now = 0;
  const checker = createBoundsChecker({
    nowMs: () => now,
    inFlightBytesMax: { ingress: 10, ship: 10, lease: 10, council: 10 },
    journalOverrunBytesMax: 5,
    answerMsMax: 100,
    violate,
  });
  return { checker, found, setTime: (ms: number) => (now = ms) };
}

describe("bounds (DESIGN rule 6)", () => {
  it("finds a link with too much in flight", () => {
    const { checker, found } = setUp();
    const observation = sent(relay1, { kind: "ship-hello", copy: null }) as Extract<Observation, { kind: "sent" }>;
    checker.observe({ ...observation, inFlightBytes: 10 });
    expect(found).toEqual([]);
    checker.observe({ ...observation, inFlightBytes: 11 });
    expect(found).toHaveLength(1);
  });

  it("finds a journal that outgrows its capacity", () => {
    const { checker, found } = setUp();
    checker.observe({ kind: "journal-used", node: relay1, usedBytes: 105, capacityBytes: 100 });
    expect(found).toEqual([]);
    checker.observe({ kind: "journal-used", node: relay1, usedBytes: 106, capacityBytes: 100 });
    expect(found).toHaveLength(1);
  });

  it("finds a host that is never answered, unless its node died", () => {
    const { checker, found, setTime } = setUp();
    checker.observe({ kind: "write-invoked", request: request(1), tag: tag(1) });
    checker.observe({ kind: "write-invoked", request: request(2), tag: tag(2) });
    checker.observe({ kind: "write-acknowledged", request: request(2), tag: tag(2) });
    setTime(101);
    checker.sweep();
    expect(found).toHaveLength(1);
    checker.observe({ kind: "node-down", node: primaryA });
    checker.sweep();
    expect(found).toHaveLength(1);
  });
});
