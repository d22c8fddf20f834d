/**
 * Load: writes of random sizes all over a part of a volume, many in flight, for as long as it is wanted. It goes on after
 * a lost connection; what was in flight then may or may not have been written.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Random } from "@waystation/contracts/random";
import type { NbdClient } from "./nbd-client.js";

export interface RandomWrites {
  written(): number;
  stop(): Promise<void>;
}

export interface RandomWritesOptions {
  readonly open: () => Promise<NbdClient>;
  /** The part of the volume that is written: from its start. */
  readonly areaBytes: number;
  readonly random: Random;
  readonly depth?: number;
}

const sectorBytes = 512;
const writeBytesMax = 96 * 1024;
const reconnectMs = 50;

export function startRandomWrites({ open, areaBytes, random, depth = 8 }: RandomWritesOptions): RandomWrites {
  let written = 0;
  let stopping = false;

  const writeSome = async (client: NbdClient): Promise<void> => {
    while (!stopping) {
      const lengthBytes = (1 + random.below(writeBytesMax / sectorBytes)) * sectorBytes;
      const offsetBytes = random.below((areaBytes - lengthBytes) / sectorBytes) * sectorBytes;
      await client.write(offsetBytes, randomBytes(lengthBytes));
      written += 1;
    }
  };
  const run = async (): Promise<void> => {
    while (!stopping) {
      try {
        const client = await open();
        const outcomes = await Promise.allSettled(Array.from({ length: depth }, () => writeSome(client)));
        client.close();
        if (outcomes.every(({ status }) => status === "fulfilled")) return;
      } catch {
        // No export at the moment: the node is down, or recovering.
      }
      await delay(reconnectMs);
    }
  };
  const ended = run();
  return {
    written: () => written,
    async stop() {
      stopping = true;
      await ended;
    },
  };
}
