/** A clock that stands still until it is told to go on, for the tests of this package. */
import type { Clock } from "@waystation/contracts/clock";

export interface StandingClock extends Clock {
  /** Calls everything that waits for a timer, and was there before. */
  fire(): void;
  timerCount(): number;
}

export function createStandingClock(): StandingClock {
  let timers: (() => void)[] = [];
  return {
    nowMs: () => 0,
    wallMs: () => 0,
    setTimer(_, callback) {
      const timer = (): void => callback();
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    afterTurn: (callback) => queueMicrotask(callback),
    fire() {
      const due = timers;
      timers = [];
      for (const timer of due) timer();
    },
    timerCount: () => timers.length,
  };
}
