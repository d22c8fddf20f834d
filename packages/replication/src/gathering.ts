/**
 * When the writes that gather at a primary leave, on both legs together. A batch costs two syncs, two messages and a dozen
 * changes of threads, whether it holds one write or sixteen: so while a batch is under way the next one gathers, until
 *
 * - nothing is under way any more, and as many have come as were under way together before: hosts that were answered come
 *   back with their next writes, and are waited for as long as that takes them, a millisecond;
 * - or there is enough for a batch, or the first of them has waited long enough: a far relay gets many batches in flight.
 */
import type { Desk } from "./effects.js";
import { limits } from "./limits.js";

export interface Gathering {
  /** A write was started. */
  add(): void;
  /** Whether what has gathered should leave now. Asks to be asked again when that is a matter of time. */
  isReady(unsentBytes: number): boolean;
  /** All that has gathered leaves. */
  depart(): void;
  /** All legs of a write that left have ended. */
  finish(): void;
}

export function createGathering(desk: Pick<Desk, "nowMs" | "wake">): Gathering {
  let gathered = 0;
  /** Since when; null when nothing has, as far as anybody has asked. */
  let sinceMs: number | null = null;
  let underWay = 0;
  let finishedMs = -Infinity;
  /** So many were under way or gathering at once, since the last ones left. */
  let together = 0;

  const leftMs = (nowMs: number): number => {
    const mayStayMs = (sinceMs ?? nowMs) + limits.gatherMs - nowMs;
    if (underWay > 0) return mayStayMs;
    return gathered >= together ? 0 : Math.min(mayStayMs, finishedMs + limits.returnMs - nowMs);
  };

  return {
    add() {
      gathered += 1;
      together = Math.max(together, gathered + underWay);
    },
    isReady(unsentBytes) {
      // What is left over from an earlier departure waits for credit only.
      if (gathered === 0 || unsentBytes >= limits.gatherBytes) return true;
      const nowMs = desk.nowMs();
      sinceMs ??= nowMs;
      const left = leftMs(nowMs);
      if (left > 0) desk.wake(left);
      return left <= 0;
    },
    depart() {
      underWay += gathered;
      // Whoever stayed away is not waited for again.
      if (gathered > 0) together = underWay;
      gathered = 0;
      sinceMs = null;
    },
    finish() {
      underWay -= 1;
      finishedMs = desk.nowMs();
    },
  };
}
