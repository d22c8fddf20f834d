/**
 * Makes work in the background yield to host I/O: while nobody else wants the disks it goes at full speed; otherwise it
 * works a fifth of the time, so that it still comes to an end.
 */
import type { Clock } from "@waystation/contracts/clock";

const idleShare = 4;
const pauseMsMin = 2;
const pauseMsMax = 250;

export interface Throttle {
  /** Host I/O was asked for. */
  hostActed(): void;
  /** To be awaited between pieces of work of a few milliseconds each. */
  pause(): Promise<void>;
}

export function createThrottle(clock: Clock): Throttle {
  let hasActed = false;
  let resumedMs = clock.nowMs();
  return {
    hostActed: () => void (hasActed = true),
    async pause() {
      const workedMs = clock.nowMs() - resumedMs;
      const pauseMs = Math.min(pauseMsMax, Math.max(pauseMsMin, workedMs * idleShare));
      const mustYield = hasActed;
      // Before the wait: who comes during it is the reason to yield again.
      hasActed = false;
      if (mustYield) await new Promise<void>((resolve) => void clock.setTimer(pauseMs, resolve));
      else await new Promise<void>((resolve) => clock.afterTurn(resolve));
      resumedMs = clock.nowMs();
    },
  };
}
