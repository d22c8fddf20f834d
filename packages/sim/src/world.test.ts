import { describe, expect, it } from "vitest";
import { createVirtualClock } from "./virtual-clock.js";
import { createWorld } from "./world.js";

describe("world", () => {
  it("runs events in order of time and lets promises settle before the next one", async () => {
    const world = createWorld();
    const seen: string[] = [];
    world.after(2, () => seen.push("second"));
    world.after(1, () => {
      seen.push("first");
      void (async () => {
        for (let i = 0; i < 100; i++) await Promise.resolve();
        seen.push("settled");
      })();
    });
    await world.runFor(5);
    expect(seen).toEqual(["first", "settled", "second"]);
    expect(world.nowMs()).toBe(5);
  });

  it("stops at the first violation and keeps it", async () => {
    const world = createWorld();
    let later = false;
    world.after(1, () => {
      world.violate("one", "first");
      world.violate("two", "second");
    });
    world.after(2, () => (later = true));
    await world.runFor(10);
    expect(world.violation()).toEqual({ checker: "one", message: "first", atMs: 1 });
    expect(later).toBe(false);
  });

  it("takes what a node throws for a violation", async () => {
    const world = createWorld();
    world.after(1, () => {
      throw new Error("asserted");
    });
    await world.runFor(10);
    expect(world.violation()?.checker).toBe("machine");
    expect(world.violation()?.message).toContain("asserted");
  });

  it("hashes alike whether anybody reads along or not, and otherwise for another course of events", async () => {
    const course = async (print: boolean, what: string): Promise<string> => {
      const world = createWorld({ print: print ? () => {} : undefined });
      world.after(1.5, () => {
        world.trace.add("a", what, () => "detail");
      });
      await world.runFor(2);
      return world.trace.hash();
    };
    expect(await course(true, "x")).toBe(await course(false, "x"));
    expect(await course(false, "x")).not.toBe(await course(false, "y"));
  });
});

describe("virtual clock", () => {
  const skew = { rate: 1.02, offsetMs: 5000, wallOffsetMs: 1_000_000 };

  it("counts at its own rate, and so do its timers", async () => {
    const world = createWorld();
    const clock = createVirtualClock(world, { skew, alive: () => true });
    let rangAtMs = 0;
    clock.setTimer(102, () => (rangAtMs = world.nowMs()));
    await world.runFor(1000);
    expect(rangAtMs).toBeCloseTo(100);
    expect(clock.nowMs()).toBeCloseTo(6020);
    expect(clock.wallMs()).toBe(1_001_020);
  });

  it("rings no timer that was cancelled, or whose node is dead", async () => {
    const world = createWorld();
    let alive = true;
    const clock = createVirtualClock(world, { skew, alive: () => alive });
    let rang = 0;
    clock.setTimer(10, () => (rang += 1))();
    clock.setTimer(20, () => (rang += 1));
    world.after(5, () => (alive = false));
    await world.runFor(100);
    expect(rang).toBe(0);
  });
});
