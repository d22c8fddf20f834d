/**
 * Prepares a ring's space, so that no file system below has to allocate any while somebody waits for a group to be durable.
 * It goes on beside the groups, at a small part of what the medium gives, and ahead of the head whenever a group needs it.
 * How far it came on a volume is durable with the journal's state, written after the zeros.
 */
import type { Ring } from "./ring.js";

/** For each millisecond of writing, so many of rest. */
const restShare = 20;

export interface RingPreparation {
  /** Resolves when the ring is prepared up to a position. Rejects when the medium fails, now or earlier. */
  through(position: number): Promise<void>;
  /** It may begin, or the head has moved and there may be more to do. */
  kick(): void;
  /** Resolves when it has come to rest for good. */
  stop(): Promise<void>;
}

export function createRingPreparation(ring: Ring): RingPreparation {
  let step: Promise<void> | null = null;
  let failure: unknown = null;
  let stopped = false;
  let rest: NodeJS.Timeout | undefined;

  const oneStep = (): Promise<void> => {
    step ??= ring.prepareMore().finally(() => (step = null));
    return step;
  };

  const goOn = async (): Promise<void> => {
    const startedMs = performance.now();
    await oneStep();
    rest = undefined;
    if (!stopped && !ring.isPrepared()) restFor((performance.now() - startedMs) * restShare);
  };

  const kick = (): void => {
    if (rest === undefined && !stopped && failure === null && !ring.isPrepared()) restFor(0);
  };

  const restFor = (ms: number): void => {
    rest = setTimeout(() => {
      goOn().catch((error: unknown) => (failure = error));
    }, ms);
    rest.unref();
  };

  return {
    kick,
    async through(position) {
      if (failure !== null) throw failure as Error;
      while (!ring.isPreparedThrough(position)) await oneStep();
    },
    async stop() {
      stopped = true;
      clearTimeout(rest);
      await step?.catch(() => {});
    },
  };
}
