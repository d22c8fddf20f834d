/** Waits for conditions, each with a deadline: the tests never sleep in the hope that something has happened. */
import { setTimeout as delay } from "node:timers/promises";

/** What was waited for did not come in time. */
export class Late extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "Late";
  }
}

export interface WaitOptions {
  readonly deadlineMs?: number;
  readonly pollMs?: number;
}

/**
 * Asks until the answer is neither null nor false, and returns it. A probe that throws has not got its answer yet: a
 * node may be down for now. Rejects after the deadline with what was waited for and why it did not come.
 */
export async function waitUntil<T>(
  what: string,
  probe: () => T | Promise<T>,
  { deadlineMs = 30_000, pollMs = 25 }: WaitOptions = {},
): Promise<Exclude<T, null | false>> {
  const endMs = performance.now() + deadlineMs;
  for (;;) {
    let reason: unknown = undefined;
    try {
      const answer = await probe();
      if (answer !== null && answer !== false) return answer as Exclude<T, null | false>;
    } catch (error) {
      reason = error;
    }
    if (performance.now() > endMs) throw new Late(`waited ${deadlineMs} ms in vain: ${what}`, { cause: reason });
    await delay(pollMs);
  }
}

/** Rejects when `promise` takes longer than the deadline. */
export async function within<T>(what: string, deadlineMs: number, promise: Promise<T>): Promise<T> {
  const abort = new AbortController();
  const late = delay(deadlineMs, undefined, { signal: abort.signal }).then(() => {
    throw new Late(`did not end within ${deadlineMs} ms: ${what}`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    abort.abort();
    late.catch(() => {});
  }
}
