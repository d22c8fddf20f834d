/**
 * Finds a peer that leaves memory waiting for it: all that waits at some moment must have passed within the grace time
 * and its size at the least rate; then the next moment counts. A peer that takes a byte now and then, to look alive,
 * is found as one that takes nothing. Pure.
 */
export interface StallWatch {
  /** True when the peer has taken too long. To be asked again and again, while it waits or not. */
  isStalled(moment: WatchedMoment): boolean;
}

export interface WatchedMoment {
  readonly nowMs: number;
  /** Held, and waiting for nothing but the peer. */
  readonly waitingBytes: number;
  /** What has passed since the watch began; passes in order. */
  readonly passedBytes: number;
  readonly graceMs: number;
  readonly bytesPerSecondMin: number;
}

export function createStallWatch(): StallWatch {
  /** Since when, how much, and at which `passedBytes` all of it is through. */
  let mark: { readonly sinceMs: number; readonly waitingBytes: number; readonly throughBytes: number } | null = null;
  return {
    isStalled({ nowMs, waitingBytes, passedBytes, graceMs, bytesPerSecondMin }) {
      if (waitingBytes === 0) {
        mark = null;
        return false;
      }
      if (mark === null || passedBytes >= mark.throughBytes) {
        mark = { sinceMs: nowMs, waitingBytes, throughBytes: passedBytes + waitingBytes };
        return false;
      }
      return nowMs - mark.sinceMs > graceMs + (mark.waitingBytes / bytesPerSecondMin) * 1000;
    },
  };
}
