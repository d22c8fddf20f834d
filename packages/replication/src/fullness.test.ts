import { describe, expect, it } from "vitest";
import { createFullness } from "./fullness.js";
import { seq } from "./testing/fixture.js";

describe("a journal that is full (B9)", () => {
  const full = () =>
    createFullness({
      usage: () => ({ usedBytes: 95, capacityBytes: 100 }),
      policy: { warnShare: 0.8, holdMs: 100 },
      isHoldingBack: () => true,
    });
  const at = (nowMs: number, applied: number, copying: boolean) => ({
    nowMs,
    stamped: seq(10),
    appliedEverywhere: seq(applied),
    copying,
  });

  it("counts from when hosts were held, whatever trickles to the far side meanwhile", () => {
    const fullness = full();
    expect([0, 50, 99, 100].map((nowMs) => fullness.isFullForTooLong(at(nowMs, nowMs / 50, false)))).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });

  it("in a copy run counts only while the far side applies nothing of what it could (journey 3041)", () => {
    const moving = full();
    expect([0, 60, 120, 180].map((nowMs, index) => moving.isFullForTooLong(at(nowMs, index, true)))).not.toContain(
      true,
    );
    const stuck = full();
    expect([0, 60, 170].map((nowMs) => stuck.isFullForTooLong(at(nowMs, 3, true)))).toEqual([false, false, true]);
    // It waits for nothing but the primaries' marks, and for the last number, which is no point in a run.
    const applied = full();
    expect([0, 60, 170].map((nowMs) => applied.isFullForTooLong(at(nowMs, 9, true)))).not.toContain(true);
  });
});
