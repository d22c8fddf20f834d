import { describe, expect, it } from "vitest";
import {
  durable,
  record,
  relay1,
  secondaryA,
  secondaryB,
  sent,
  seq,
  stored,
  tag,
  volA,
  watchHistory,
} from "../testing/history.js";
import { createApplyGateChecker } from "./apply-gate.js";

function setUp(decided = 0) {
  return watchHistory(({ order, violate }) =>
    createApplyGateChecker({ order, secondaries: [secondaryA, secondaryB], decided: () => decided, violate }),
  );
}

describe("apply gate (PROTOCOL 3.3)", () => {
  it("lets a secondary store what all have validated", () => {
    const { found, tell } = setUp();
    tell(durable(relay1, record(1)));
    for (const secondary of [secondaryA, secondaryB]) tell(sent(secondary, { kind: "validated", sequence: seq(1) }));
    tell(stored(secondaryA, 0, tag(1)));
    expect(found).toEqual([]);
  });

  it("finds a secondary that stores what another has not validated", () => {
    const { found, tell } = setUp();
    tell(durable(relay1, record(1)), sent(secondaryA, { kind: "validated", sequence: seq(1) }));
    tell(stored(secondaryA, 0, tag(1)));
    expect(found).toEqual(["apply-gate: secondary-a stores writer 1 write 1 in vol-a cell 0: number 1, the gate is 0"]);
  });

  it("lets it store what a settled takeover decided, and no more", () => {
    const { found, tell } = setUp(1);
    tell(durable(relay1, record(1), record(2)), stored(secondaryA, 0, tag(1)));
    expect(found).toEqual([]);
    tell(stored(secondaryA, 0, tag(2)));
    expect(found).toHaveLength(1);
  });

  it("finds content that was never stamped, until the volume belongs to its new hosts", () => {
    const { found, tell } = setUp();
    tell(stored(secondaryA, 0, tag(5)));
    expect(found[0]).toContain("which was never stamped");
    tell({ kind: "opened-for-writing", node: secondaryA, volume: volA }, stored(secondaryA, 0, tag(6)));
    expect(found).toHaveLength(1);
  });
});
