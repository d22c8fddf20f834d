/**
 * A node's clock over virtual time: it may run fast or slow, starts at any figure after each boot, and its timers die
 * with the node. Rates within a few per cent are what leases must bear (PROTOCOL 4).
 */
import type { Clock } from "@waystation/contracts/clock";
import type { World } from "./world.js";

export interface ClockSkew {
  /** How many of its own milliseconds the clock counts in one of the world's. */
  readonly rate: number;
  /** What the monotonic clock shows at the beginning of the run. */
  readonly offsetMs: number;
  /** What the wall clock shows at the beginning of the run. */
  readonly wallOffsetMs: number;
}

export function createVirtualClock(world: World, options: { skew: ClockSkew; alive: () => boolean }): Clock {
  const { skew, alive } = options;
  return {
    nowMs: () => skew.offsetMs + world.nowMs() * skew.rate,
    wallMs: () => Math.floor(skew.wallOffsetMs + world.nowMs() * skew.rate),
    setTimer(delayMs, callback) {
      return world.after(delayMs / skew.rate, () => {
        if (alive()) callback();
      });
    },
    afterTurn(callback) {
      world.after(0, () => {
        if (alive()) callback();
      });
    },
  };
}
