/**
 * The hosts of a drill at work: the client of dependent writes. Watches every write on its way, so that a drill can tell
 * who waited how long and what failed; rests between drills; follows the volumes to the other side.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { TestVolume } from "../harness/cluster-file.js";
import { NbdRefusal, type NbdClient } from "../harness/nbd-client.js";
import { waitUntil, within } from "../harness/wait.js";
import { startDependentWrites } from "./dependent-writes.js";
import type { Hosts, Side } from "./hosts.js";

export interface Writer {
  acknowledged(): number;
  /** Writes go out from now on; what failed before is forgotten. */
  resume(): void;
  /** Resolves when no write is under way; none goes out until `resume`. */
  rest(): Promise<void>;
  /** From the next connection on, hosts find their volumes there. The present ones break with their server. */
  moveTo(side: Side): void;
  /** At rest: hosts go on from what they have found, because what came after it is lost. */
  restartAfter(found: number): void;
  /** Resolves after that many more acknowledgements. */
  goOn(count: number): Promise<void>;
  /** What failed since `resume`, by kind. */
  failures(): ReadonlyMap<string, number>;
  /** Acknowledgements from one moment (`performance.now()`) to another. */
  acknowledgedBetween(fromMs: number, toMs: number): number;
  /** The longest time without an acknowledgement since that moment, up to now. */
  longestWaitMs(sinceMs: number): number;
  /** For good. */
  stop(): Promise<void>;
}

/** Beyond the hold time: a daemon that went away without a word must not keep its hosts for ever. */
const writeDeadlineMs = 15_000;
const goOnDeadlineMs = 60_000;
const restPollMs = 20;
const eio = 5;

export function startWriter({ volumeBytes, open: openAt }: Hosts): Writer {
  const acknowledgedAtMs: number[] = [];
  let failures = new Map<string, number>();
  let side: Side = "primary";
  let resting = true;
  let stopping = false;
  let underWay = 0;
  let lives = 1;

  async function attempt<T>(what: string, act: () => Promise<T>): Promise<T> {
    const life = lives;
    while (resting && !stopping) await delay(restPollMs);
    if (life !== lives) throw new Error(`${what}: hosts have started anew since`);
    underWay += 1;
    try {
      return await within(what, writeDeadlineMs, act());
    } catch (error) {
      const kind =
        error instanceof NbdRefusal ? (error.errno === eio ? "EIO" : `errno ${error.errno}`) : "no connection";
      failures.set(kind, (failures.get(kind) ?? 0) + 1);
      throw error;
    } finally {
      underWay -= 1;
    }
  }

  async function open(volume: TestVolume): Promise<NbdClient> {
    const connection = await attempt(`connect to ${volume}`, () => openAt(side, volume));
    return {
      ...connection,
      async write(offsetBytes, data) {
        await attempt(`write to ${volume}`, () => connection.write(offsetBytes, data));
        acknowledgedAtMs.push(performance.now());
      },
    };
  }

  const writes = startDependentWrites({ open, volumeBytes, persistent: true });
  return {
    acknowledged: () => writes.acknowledged(),
    resume() {
      failures = new Map();
      resting = false;
    },
    async rest() {
      resting = true;
      await waitUntil("no write under way", () => underWay === 0);
    },
    moveTo(next) {
      side = next;
    },
    restartAfter(found) {
      lives += 1;
      writes.restartAfter(found);
    },
    async goOn(count) {
      const goal = writes.acknowledged() + count;
      await waitUntil(`${count} more writes`, () => writes.acknowledged() >= goal, { deadlineMs: goOnDeadlineMs });
    },
    failures: () => failures,
    acknowledgedBetween: (fromMs, toMs) => acknowledgedAtMs.filter((atMs) => atMs >= fromMs && atMs < toMs).length,
    longestWaitMs(sinceMs) {
      const moments = [sinceMs, ...acknowledgedAtMs.filter((atMs) => atMs > sinceMs), performance.now()];
      return Math.max(...moments.slice(1).map((atMs, index) => atMs - (moments[index] ?? atMs)));
    },
    async stop() {
      stopping = true;
      await writes.stop();
    },
  };
}

export function describeFailures(writer: Writer): string {
  const counts = [...writer.failures()].map(([kind, count]) => `${count} x ${kind}`);
  return counts.length === 0 ? "none failed" : counts.join(", ");
}
