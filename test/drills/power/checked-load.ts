/**
 * Load whose every block can be checked afterwards: writes of random lengths in the first part of a volume, many in
 * flight, none overlapping another in flight. Each block of a write carries the write's number. A write that was not
 * acknowledged may be there or not; what was acknowledged stays until something else was written over it.
 *
 *     block 17:  41 (acknowledged), then 58, 63 (not known)   -> it may hold 41, 58 or 63
 */
import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Random } from "@waystation/contracts/random";
import { mebibyte } from "../../harness/cluster-file.js";
import type { NbdClient } from "../../harness/nbd-client.js";

export interface CheckedLoad {
  /** Writes so much more; what was asked for before and is not written yet is left out. */
  burst(bytes: number): void;
  acknowledgedBytes(): number;
  /** Resolves when nothing is in flight any more. Never rejects. */
  stop(): Promise<void>;
  /** Throws when a block holds what it may not. */
  check(client: NbdClient, where: string): Promise<void>;
}

export interface CheckedLoadOptions {
  readonly open: () => Promise<NbdClient>;
  /** From the start of the volume: a multiple of a mebibyte. */
  readonly areaBytes: number;
  readonly random: Random;
}

const blockBytes = 4096;
const depth = 6;
/** Some are parts of a stripe, some are whole stripes and more. */
const smallBlocksMax = 24;
const largeBlocksMax = 160;
const reconnectMs = 50;
const idleMs = 20;

export function startCheckedLoad({ open, areaBytes, random }: CheckedLoadOptions): CheckedLoad {
  const blockCount = areaBytes / blockBytes;
  /** For each block: the last write that was acknowledged, and those after it that were not. 0: nothing yet. */
  const mayHold = Array.from({ length: blockCount }, () => [0]);
  const inFlight = new Set<number>();
  let number = 0;
  let acknowledgedBytes = 0;
  let wantedBytes = 0;
  let stopping = false;

  const choose = (): number[] => {
    for (;;) {
      const length = 1 + random.below(random.chance(0.15) ? largeBlocksMax : smallBlocksMax);
      const first = random.below(blockCount - length);
      const blocks = Array.from({ length }, (_, index) => first + index);
      if (!blocks.some((block) => inFlight.has(block))) return blocks;
    }
  };
  const writeOne = async (client: NbdClient): Promise<void> => {
    const blocks = choose();
    const mine = ++number;
    for (const block of blocks) {
      inFlight.add(block);
      mayHold[block]?.push(mine);
    }
    try {
      await client.write((blocks[0] ?? 0) * blockBytes, Buffer.concat(blocks.map((block) => contentOf(block, mine))));
      for (const block of blocks) mayHold[block] = [mine];
      acknowledgedBytes += blocks.length * blockBytes;
    } finally {
      for (const block of blocks) inFlight.delete(block);
    }
  };
  const writeOn = async (client: NbdClient): Promise<void> => {
    while (!stopping) {
      if (acknowledgedBytes < wantedBytes) await writeOne(client);
      else await delay(idleMs);
    }
  };
  const run = async (): Promise<void> => {
    while (!stopping) {
      try {
        const client = await open();
        await Promise.allSettled(Array.from({ length: depth }, () => writeOn(client)));
        client.close();
      } catch {
        // No export at the moment: the node is down, or recovering.
      }
      await delay(reconnectMs);
    }
  };
  const ended = run();

  return {
    burst: (bytes) => void (wantedBytes = acknowledgedBytes + bytes),
    acknowledgedBytes: () => acknowledgedBytes,
    async stop() {
      stopping = true;
      await ended;
    },
    async check(client, where) {
      for (let at = 0; at < areaBytes; at += mebibyte) {
        const bytes = await client.read(at, mebibyte);
        for (let offset = 0; offset < bytes.length; offset += blockBytes) {
          const block = (at + offset) / blockBytes;
          const found = bytes.subarray(offset, offset + blockBytes);
          const allowed = mayHold[block] ?? [];
          if (allowed.some((write) => found.equals(contentOf(block, write)))) continue;
          throw new Error(
            `LOST: ${where}, block ${block} holds ${describe(found, block)}, not ${allowed.join(" or ")}`,
          );
        }
      }
    },
  };
}

function contentOf(block: number, write: number): Buffer {
  const bytes = Buffer.alloc(blockBytes);
  if (write === 0) return bytes;
  bytes.fill(createHash("sha256").update(`block ${block} of write ${write}`).digest());
  bytes.writeUInt32BE(write, 0);
  return bytes;
}

function describe(found: Buffer, block: number): string {
  if (found.equals(contentOf(block, 0))) return "zeros";
  const write = found.readUInt32BE(0);
  return found.equals(contentOf(block, write)) ? `write ${write}` : "bytes that nobody wrote";
}
