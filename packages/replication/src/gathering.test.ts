import { describe, expect, it, onTestFinished } from "vitest";
import { createGathering } from "./gathering.js";
import { limits } from "./limits.js";
import "./testing/bench.js";

/** A primary's writes by time alone: whether they leave when it looks, and what it asks to be woken for. */
function openGate() {
  const usual = { gatherMs: limits.gatherMs, returnMs: limits.returnMs, gatherBytes: limits.gatherBytes };
  Object.assign(limits, { gatherMs: 20, returnMs: 5, gatherBytes: 100 });
  onTestFinished(() => void Object.assign(limits, usual));
  const wakes: number[] = [];
  let now = 0;
  const gathering = createGathering({ nowMs: () => now, wake: (afterMs) => void wakes.push(afterMs) });
  return {
    wakes,
    add(count: number) {
      for (let done = 0; done < count; done++) gathering.add();
    },
    depart(nowMs: number, unsentBytes = 1) {
      now = nowMs;
      const isReady = gathering.isReady(unsentBytes);
      if (isReady) gathering.depart();
      return isReady;
    },
    finish(count: number, nowMs: number) {
      now = nowMs;
      for (let done = 0; done < count; done++) gathering.finish();
    },
  };
}

describe("gathering of writes into batches (PROTOCOL 1)", () => {
  it("lets the first write go at once", () => {
    const gate = openGate();
    gate.add(1);
    expect(gate.depart(100)).toBe(true);
    expect(gate.wakes).toEqual([]);
  });

  it("holds what comes while a batch is under way, until its first write has waited long enough", () => {
    const gate = openGate();
    gate.add(1);
    gate.depart(100);
    gate.add(1);
    expect(gate.depart(101)).toBe(false);
    expect(gate.depart(120)).toBe(false);
    expect(gate.wakes).toEqual([20, 1]);
    expect(gate.depart(121)).toBe(true);
  });

  it("lets enough for a batch go whatever is under way", () => {
    const gate = openGate();
    gate.add(1);
    gate.depart(100);
    gate.add(2);
    expect(gate.depart(100, 99)).toBe(false);
    gate.add(1);
    expect(gate.depart(100, 100)).toBe(true);
  });

  it("makes one batch of hosts that come back after their answers, instead of two that take turns", () => {
    const gate = openGate();
    gate.add(2);
    gate.depart(100);
    gate.add(2);
    expect(gate.depart(101)).toBe(false);
    gate.finish(2, 102);
    // Two are there, four were there together: the two that were answered may come back.
    expect(gate.depart(102)).toBe(false);
    expect(gate.wakes.at(-1)).toBe(5);
    gate.add(1);
    expect(gate.depart(103)).toBe(false);
    gate.add(1);
    expect(gate.depart(104)).toBe(true);
    gate.finish(4, 106);
    gate.add(4);
    expect(gate.depart(107)).toBe(true);
  });

  it("does not wait for hosts that have had the time to come back, nor twice for those that stayed away", () => {
    const gate = openGate();
    gate.add(4);
    gate.depart(100);
    gate.finish(4, 102);
    gate.add(1);
    expect(gate.depart(103)).toBe(false);
    expect(gate.depart(107)).toBe(true);
    gate.finish(1, 108);
    gate.add(1);
    expect(gate.depart(109)).toBe(true);
    gate.finish(1, 110);
    gate.add(2);
    gate.depart(110);
    gate.finish(2, 111);
    gate.add(1);
    expect(gate.depart(200)).toBe(true);
  });

  it("holds back nothing that an earlier departure has left over", () => {
    const gate = openGate();
    gate.add(1);
    gate.depart(100);
    expect(gate.depart(100)).toBe(true);
    expect(gate.wakes).toEqual([]);
  });
});
