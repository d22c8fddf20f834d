/** How fast work goes, over its last seconds: for people who wait for it. */
import type { Clock } from "@waystation/contracts/clock";

const windowMs = 10_000;
const sampleMs = 500;

interface Sample {
  readonly atMs: number;
  readonly doneBytes: number;
}

export interface Progress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly bytesPerSecond: number;
  /** Null while nothing is known yet. */
  readonly remainingMs: number | null;
}

export interface RateMeter {
  start(doneBytes: number): void;
  note(doneBytes: number): void;
  progress(doneBytes: number, totalBytes: number): Progress;
}

export function createRateMeter(clock: Clock): RateMeter {
  let samples: Sample[] = [];
  return {
    start: (doneBytes) => void (samples = [{ atMs: clock.nowMs(), doneBytes }]),
    note(doneBytes) {
      const atMs = clock.nowMs();
      const last = samples.at(-1);
      if (last !== undefined && atMs - last.atMs < sampleMs) return;
      samples.push({ atMs, doneBytes });
      // The oldest that is kept is just outside the window.
      while (samples.length > 2 && atMs - (samples[1] as Sample).atMs > windowMs) samples.shift();
    },
    progress(doneBytes, totalBytes) {
      const [first] = samples;
      const elapsedMs = first === undefined ? 0 : clock.nowMs() - first.atMs;
      const doneSince = first === undefined ? 0 : doneBytes - first.doneBytes;
      const isKnown = elapsedMs > 0 && doneSince > 0;
      const bytesPerSecond = isKnown ? (1000 * doneSince) / elapsedMs : 0;
      const remainingMs = isKnown ? (1000 * (totalBytes - doneBytes)) / bytesPerSecond : null;
      return { doneBytes, totalBytes, bytesPerSecond, remainingMs };
    },
  };
}
