/**
 * Scrubs of a node's arrays: by command, and by themselves when the time has come (`scrub.every` of the cluster file).
 *
 * When the last one ended is kept in the array's volume table, and where one that was stopped would go on: dying before
 * that is there costs a scrub that begins anew.
 */
import type { Clock } from "@waystation/contracts/clock";
import { reasonOf } from "@waystation/contracts/errors";
import type { Log } from "@waystation/contracts/log";
import type { RunningScrub, ScrubFinding, ScrubReport } from "@waystation/contracts/storage-front";
import { createRateMeter, type RateMeter } from "@waystation/raid/io/rate-meter";
import type { Scrub, ScrubReport as RaidScrubReport } from "@waystation/raid/io/scrubber";
import type { OpenArray } from "./array-report.js";

const documentName = "scrub";
/** So many places are told of one by one. */
const findingsMax = 20;

export interface ScrubDesk {
  /** Starts one, or joins the one that runs; returns its number. Throws as the array does. */
  start(on: OpenArray): number;
  running(on: OpenArray): RunningScrub | null;
  last(on: OpenArray): ScrubReport | null;
  /** Starts those that are due. To be called every now and then. */
  startDue(): void;
  /** Ends those that run, where they are. */
  stop(): Promise<void>;
}

export interface ScrubDeskOptions {
  readonly arrays: readonly OpenArray[];
  readonly clock: Clock;
  readonly log: Log;
}

/** What is kept of the scrubs of an array. */
interface ScrubMemory {
  readonly endedWallMs: number;
  /** Where one that was stopped goes on; null: the next one begins at the start. */
  readonly nextStripe: number | null;
}

interface Running {
  readonly run: number;
  readonly scrub: Scrub;
  readonly meter: RateMeter;
  readonly over: Promise<void>;
}

interface ArrayScrubs {
  runs: number;
  running: Running | null;
  last: ScrubReport | null;
}

export function createScrubDesk({ arrays, clock, log }: ScrubDeskOptions): ScrubDesk {
  const all = new Map(arrays.map((on): [OpenArray, ArrayScrubs] => [on, { runs: 0, running: null, last: null }]));
  const of = (on: OpenArray): ArrayScrubs => all.get(on) ?? { runs: 0, running: null, last: null };

  const begin = (on: OpenArray, fromStripe: number): number => {
    const scrubs = of(on);
    const startedWallMs = clock.wallMs();
    const scrub = on.array.scrub({ fromStripe });
    const run = (scrubs.runs += 1);
    const meter = createRateMeter(clock);
    meter.start(scrub.progress().doneBytes);
    log.info({ array: on.array.name, run }, "scrub begun");
    const over = scrub.done.then(async (found) => {
      const report = reportOf({ run, startedWallMs, endedWallMs: clock.wallMs() }, found);
      scrubs.running = null;
      scrubs.last = report;
      const { repairedBlocks, unrepairableBlocks, failure } = report;
      log.info({ array: on.array.name, run, repairedBlocks, unrepairableBlocks, failure }, "scrub ended");
      // One that did not reach the end is still due, from there on.
      const { nextStripe } = found;
      const endedWallMs = nextStripe === null ? clock.wallMs() : (memoryOf(on, clock)?.endedWallMs ?? startedWallMs);
      await remember(on, { endedWallMs, nextStripe });
    });
    scrubs.running = { run, scrub, meter, over };
    return run;
  };

  const remember = async (on: OpenArray, memory: ScrubMemory): Promise<void> => {
    await on.volumes.documents.put(documentName, memory).catch((error: unknown) => {
      log.warn({ array: on.array.name, reason: reasonOf(error) }, "when the array was scrubbed could not be kept");
    });
  };

  return {
    start(on) {
      const { running } = of(on);
      return running?.run ?? begin(on, 0);
    },
    running(on) {
      const { running } = of(on);
      if (running === null) return null;
      const { run, scrub, meter } = running;
      const { doneBytes, totalBytes } = scrub.progress();
      return { run, progress: meter.progress(doneBytes, totalBytes) };
    },
    last: (on) => of(on).last,
    startDue() {
      for (const [on, { running }] of all) {
        if (running !== null) {
          running.meter.note(running.scrub.progress().doneBytes);
          continue;
        }
        const { scrubEveryMs } = on;
        if (scrubEveryMs === null || on.array.state().status !== "optimal") continue;
        const memory = memoryOf(on, clock);
        const nowMs = clock.wallMs();
        // The time of an array begins when it is made: all of it is known to be right then.
        if (memory === null) void remember(on, { endedWallMs: nowMs, nextStripe: null });
        else if (nowMs - memory.endedWallMs >= scrubEveryMs) begin(on, memory.nextStripe ?? 0);
      }
    },
    async stop() {
      for (const { running } of all.values()) {
        running?.scrub.stop();
        await running?.over;
      }
    },
  };
}

/** Null when there is none yet, or none that makes sense. */
function memoryOf({ volumes }: OpenArray, clock: Clock): ScrubMemory | null {
  const { endedWallMs, nextStripe } = (volumes.documents.get(documentName) ?? {}) as Partial<ScrubMemory>;
  if (typeof endedWallMs !== "number") return null;
  // A clock that was set back must not put the next scrub off for years.
  return {
    endedWallMs: Math.min(clock.wallMs(), endedWallMs),
    nextStripe: typeof nextStripe === "number" ? nextStripe : null,
  };
}

function reportOf(
  times: Pick<ScrubReport, "run" | "startedWallMs" | "endedWallMs">,
  { checkedBytes, found, places, failure, nextStripe }: RaidScrubReport,
): ScrubReport {
  const { data, parity, checksum, unknown } = found;
  const stopped = nextStripe === null ? "" : "it was stopped";
  return {
    ...times,
    scannedBytes: checkedBytes,
    repairedBlocks: data + parity + checksum,
    unrepairableBlocks: unknown,
    findings: places.slice(0, findingsMax).map(({ file, slot, offsetBytes, kind }): ScrubFinding => {
      const isLost = kind === "unknown";
      return { disk: file ?? `slot ${slot}`, offsetBytes, kind: isLost ? "data" : kind, repaired: !isLost };
    }),
    failure: failure ?? stopped,
  };
}
