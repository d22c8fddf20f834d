/**
 * The simulated world: virtual time, and one event after the other. After each event everything that was promised is
 * allowed to settle before the next one starts, so a run is a pure function of its seed. The first violation ends it.
 */
import { createEventQueue } from "./event-queue.js";
import { createTrace, type Trace } from "./trace.js";

export interface Violation {
  /** Which checker saw it, or `machine` when a node threw. */
  readonly checker: string;
  readonly message: string;
  readonly atMs: number;
}

export interface World {
  readonly trace: Trace;
  /** Milliseconds since the beginning of the run. */
  readonly nowMs: () => number;
  eventCount(): number;
  /** Runs `run` after `delayMs`; the function returned cancels it. */
  readonly after: (delayMs: number, run: () => void) => () => void;
  /** Resolves after `delayMs`: for the workload, which lives as long as the world. */
  sleep(delayMs: number): Promise<void>;
  /** Notes a violation. Never throws: the code under test may be on the stack. */
  violate(checker: string, message: string): void;
  violation(): Violation | null;
  /** Runs events until the time is reached or something is violated. */
  runFor(durationMs: number): Promise<void>;
  /** Runs events until `condition` holds (asked every `stepMs`), the deadline passes, or something is violated. */
  runUntil(condition: () => boolean, options: { deadlineMs: number; stepMs: number }): Promise<boolean>;
}

/** Lets every promise that can settle do so: the macrotask runs after all microtasks, whatever their number. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

export function createWorld(options: { readonly print?: ((line: string) => void) | undefined } = {}): World {
  const queue = createEventQueue();
  let nowMs = 0;
  let events = 0;
  let violation: Violation | null = null;
  const trace = createTrace({ nowMs: () => nowMs, print: options.print });

  const world: World = {
    trace,
    nowMs: () => nowMs,
    eventCount: () => events,
    after(delayMs, run) {
      const event = queue.push(nowMs + Math.max(0, delayMs), run);
      return () => {
        event.run = null;
      };
    },
    sleep: (delayMs) =>
      new Promise((resolve) => {
        world.after(delayMs, resolve);
      }),
    violate(checker, message) {
      if (violation !== null) return;
      violation = { checker, message, atMs: nowMs };
      trace.add(checker, "VIOLATION", () => message);
    },
    violation: () => violation,
    async runFor(durationMs) {
      const endMs = nowMs + durationMs;
      // What was just begun may schedule its first event only after a promise or two.
      await settled();
      while (violation === null && queue.nextAtMs() <= endMs) {
        const event = queue.pop();
        if (event === null) break;
        nowMs = event.atMs;
        events += 1;
        try {
          event.run?.();
        } catch (error) {
          world.violate("machine", error instanceof Error ? (error.stack ?? error.message) : String(error));
        }
        await settled();
      }
      if (violation === null) nowMs = endMs;
    },
    async runUntil(condition, { deadlineMs, stepMs }) {
      const endMs = nowMs + deadlineMs;
      while (!condition()) {
        if (nowMs >= endMs || world.violation() !== null) return false;
        await world.runFor(stepMs);
      }
      return true;
    },
  };
  return world;
}
