/**
 * A host that writes the chain of dependent-writes.ts, one write at a time, and remembers what was acknowledged, outside
 * of the cluster. A write that fails, or whose outcome is unknown, is written again until it is acknowledged.
 */
import { setTimeout as delay } from "node:timers/promises";
import { isFailure } from "@waystation/contracts/errors";
import type { BlockClient } from "@waystation/client/block-client";
import type { Cluster } from "./cluster.js";
import { blockBytes, contentOf, placeOf } from "./dependent-writes.js";

export interface Writer {
  acknowledged(): number;
  /** The last number that was tried. */
  issued(): number;
  /** Codes of failed attempts with their numbers, in order. */
  failures(): readonly { readonly code: string; readonly atMs: number }[];
  /** Acknowledgements from one moment (`performance.now()`) to another. */
  acknowledgedBetween(fromMs: number, toMs: number): number;
  /** The longest time without an acknowledgement since that moment, up to now. */
  longestStallMs(sinceMs: number): number;
  /** Resolves after that many more acknowledgements. */
  goOn(count: number): Promise<void>;
  /** Resolves when nothing is under way. */
  stop(): Promise<void>;
}

const attemptTimeoutMs = 15_000;
const retryMs = 200;
const goOnTimeoutMs = 60_000;

export function startWriter(cluster: Cluster, lastWritten: number): Writer {
  const clients = new Map<string, BlockClient>();
  const acknowledgedAtMs: number[] = [];
  const failures: { code: string; atMs: number }[] = [];
  let issued = lastWritten;
  let stopping = false;
  // Asked anew each time: `stop` may have come during a wait.
  const isStopping = (): boolean => stopping;

  async function attempt(number: number): Promise<void> {
    const { volume, block } = placeOf(cluster.chain, number);
    let client = clients.get(volume);
    if (client === undefined) {
      client = await cluster.connectBlock(cluster.homes.get(volume)?.primary ?? "", attemptTimeoutMs);
      clients.set(volume, client);
    }
    try {
      await client.write({ volume, offsetBytes: block * blockBytes, data: contentOf(number) });
    } catch (error) {
      // A container that comes back may have another address.
      client.close();
      clients.delete(volume);
      throw error;
    }
  }

  async function run(): Promise<void> {
    while (!isStopping()) {
      issued += 1;
      for (;;) {
        try {
          await attempt(issued);
          acknowledgedAtMs.push(performance.now());
          break;
        } catch (error) {
          failures.push({ code: isFailure(error) ? error.code : "UNREACHABLE", atMs: performance.now() });
          if (isStopping()) return;
          await delay(retryMs);
        }
      }
    }
  }

  const ended = run();
  const acknowledged = (): number => lastWritten + acknowledgedAtMs.length;
  return {
    acknowledged,
    issued: () => issued,
    failures: () => failures,
    acknowledgedBetween: (fromMs, toMs) => acknowledgedAtMs.filter((atMs) => atMs >= fromMs && atMs < toMs).length,
    longestStallMs(sinceMs) {
      const moments = [sinceMs, ...acknowledgedAtMs.filter((atMs) => atMs > sinceMs), performance.now()];
      return Math.max(...moments.slice(1).map((atMs, index) => atMs - (moments[index] ?? atMs)));
    },
    async goOn(count) {
      const goal = acknowledged() + count;
      const deadlineMs = performance.now() + goOnTimeoutMs;
      while (acknowledged() < goal) {
        if (performance.now() > deadlineMs) {
          const last = failures.at(-1)?.code ?? "none";
          throw new Error(`hosts cannot write: ${acknowledged()} of ${goal} acknowledged, last failure ${last}`);
        }
        await delay(20);
      }
    },
    async stop() {
      stopping = true;
      await ended;
      for (const client of clients.values()) client.close();
    },
  };
}
