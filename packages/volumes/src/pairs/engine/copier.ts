/**
 * Copies behind the hosts (SPEC A9, A10): step by step until nothing is left, then tells the pair. It keeps no cursor:
 * what is left is what is marked, and the marks are durable; killed at any point, it copies a few steps again.
 *
 * It yields to the hosts: a step is a few MiB, and while hosts are active steps follow each other no faster than a given
 * rate. When they are idle there is no limit.
 */
import { overlaps, type ByteRange } from "@waystation/contracts/byte-range";
import type { Clock } from "@waystation/contracts/clock";
import { reasonOf } from "@waystation/contracts/errors";
import { nextStep, type CopyStep } from "../core/copy-plan.js";
import type { RangeLocks } from "./range-locks.js";
import { copyRegions, jobsOf, spaceOf, type CopyJob, type PairSides } from "./copy-regions.js";
import { createRateMeter } from "./rate-meter.js";

export interface CopyPace {
  /** Bytes of a step, before it is widened to whole stripes. Two steps are under way at once. */
  readonly stepBytes: number;
  /** The rate while hosts are active. */
  readonly busyBytesPerSecond: number;
}

export const defaultPace: CopyPace = { stepBytes: 4 * 1024 * 1024, busyBytesPerSecond: 32 * 1024 * 1024 };

export interface CopierOptions {
  readonly sides: PairSides;
  readonly locks: RangeLocks;
  readonly pace: CopyPace;
  readonly clock: Clock;
  /** How many host requests there have been so far. */
  readonly hostRequests: () => number;
}

export interface Copier {
  /** Looks for work; to be called whenever there may be some. */
  wake(): void;
  /** Resolves when nothing is under way; nothing begins after it. */
  stop(): Promise<void>;
  figures(): CopyFigures;
}

export interface CopyFigures {
  /** Since the daemon started. */
  readonly copiedBytes: number;
  /** Of the last seconds. */
  readonly bytesPerSecond: number;
}

/** While one step is written, the next is read. */
const workers = 2;
/** After the primary could not be flushed, which its hosts hear of, it is tried again. */
const retryMs = 200;

export function createCopier({ sides, locks, pace, clock, hostRequests }: CopierOptions): Copier {
  const { mirror } = sides;
  const underWay: ByteRange[] = [];
  let isStopped = false;
  let running: Promise<void> | null = null;
  const meter = createRateMeter(clock);
  let seenRequests = hostRequests();
  let pause: Promise<void> = Promise.resolve();
  const cursors = { "to-secondary": 0, "to-primary": 0 };

  const takeStep = (): { job: CopyJob; step: CopyStep } | null => {
    for (const job of jobsOf(mirror)) {
      const space = spaceOf(sides, job.direction);
      const isFree = (region: number): boolean => {
        if (!job.wants(region)) return false;
        const offsetBytes = region * space.regionBytes;
        return !underWay.some((range) => overlaps(range, { offsetBytes, lengthBytes: space.regionBytes }));
      };
      const request = { bytesMax: pace.stepBytes, wants: isFree };
      const step =
        nextStep(space, { ...request, from: cursors[job.direction] }) ?? nextStep(space, { ...request, from: 0 });
      if (step === null) continue;
      cursors[job.direction] = step.regions.end;
      return { job, step };
    }
    return null;
  };

  /** All workers wait for the same pause, so that together they keep to the rate. */
  const yieldToHosts = (bytes: number): Promise<void> => {
    const requests = hostRequests();
    const isBusy = requests !== seenRequests;
    seenRequests = requests;
    const delayMs = isBusy ? (bytes / pace.busyBytesPerSecond) * 1000 : 0;
    const pauseNow = (): Promise<void> =>
      new Promise((resolve) => {
        if (delayMs < 1) clock.afterTurn(resolve);
        else clock.setTimer(delayMs, resolve);
      });
    pause = pause.then(pauseNow);
    return pause;
  };

  const runStep = async ({ job, step }: { job: CopyJob; step: CopyStep }): Promise<number> => {
    underWay.push(step.range);
    const release = await locks.acquire({ ranges: [step.range], exclusive: true });
    try {
      if (isStopped || !jobsOf(mirror).some(({ direction, wants }) => isSameJob(job, { direction, wants }))) return 0;
      return await copyRegions(sides, job, step);
    } finally {
      underWay.splice(underWay.indexOf(step.range), 1);
      release();
    }
  };

  const work = async (): Promise<void> => {
    for (;;) {
      await pause;
      const next = isStopped ? null : takeStep();
      if (next === null) return;
      try {
        const bytes = await runStep(next);
        meter.count(bytes);
        await yieldToHosts(bytes);
      } catch (error) {
        return mirror.suspend(`copying failed: ${reasonOf(error)}`);
      }
    }
  };

  const finish = async (): Promise<void> => {
    const began = mirror.turn();
    // Durable on both sides and in the marks before the pair says so: until then a crash only copies again.
    const isSettled = await mirror.settle();
    if (isStopped || mirror.turn() !== began || mirror.rules().copies === null) return;
    if (!isSettled) await new Promise<void>((resolve) => clock.setTimer(retryMs, resolve));
    else if (takeStep() === null) mirror.happened("copied");
  };

  const isCopying = (): boolean => !isStopped && mirror.rules().copies !== null;
  const run = async (): Promise<void> => {
    do {
      await Promise.all(Array.from({ length: workers }, work));
      if (isCopying()) await finish();
      // A host's failed write may have left more.
    } while (isCopying());
  };

  const copier: Copier = {
    wake() {
      if (!isCopying()) return;
      running ??= run()
        .catch(() => {
          // Only saving a suspension can fail here, and the next request of a host tries that again.
        })
        .finally(() => {
          running = null;
          copier.wake();
        });
    },
    async stop() {
      isStopped = true;
      await running;
    },
    figures: () => ({ copiedBytes: meter.totalBytes(), bytesPerSecond: meter.bytesPerSecond() }),
  };
  return copier;
}

function isSameJob(a: CopyJob, b: CopyJob): boolean {
  return a.direction === b.direction && a.wants === b.wants;
}
