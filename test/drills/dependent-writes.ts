/**
 * The client that finds a broken order (B3, B6): write k + 1 goes out only after write k was acknowledged, by turns to
 * vol-a and vol-b. What it was told is kept here, outside the cluster. Afterwards the far side must hold exactly the
 * writes 1..K for one K, and K is at least the last acknowledged.
 *
 * Write k fills one block of an area at the end of its volume, and the areas are written round and round:
 *
 *     vol-a   ... | 1 | 3 | 5 | ...          vol-b   ... | 2 | 4 | 6 | ...
 */
import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { mebibyte, type TestVolume } from "../harness/cluster-file.js";
import type { NbdClient } from "../harness/nbd-client.js";

const blockBytes = 4096;
/** Kept clear of by everything else that writes to the volumes. */
export const dependentAreaBytes = 4 * mebibyte;
const blocksPerVolume = dependentAreaBytes / blockBytes;
const reconnectMs = 50;

const volumes: readonly TestVolume[] = ["vol-a", "vol-b"];

export interface DependentWrites {
  /** The last write that was acknowledged; 0 when none was. */
  acknowledged(): number;
  /** When it was, by `performance.now`. */
  acknowledgedAtMs(): number;
  /** Resolves with why it came to an end. Never rejects. */
  readonly ended: Promise<string>;
  /** The next write is the one after this: what came after it is lost. Only while none is under way. */
  restartAfter(found: number): void;
  /** Ends it after the write that is under way, and waits for that. */
  stop(): Promise<void>;
}

export interface DependentWritesOptions {
  readonly open: (volume: TestVolume) => Promise<NbdClient>;
  /** Where the areas end: the size of both volumes. */
  readonly volumeBytes: number;
  /**
   * A write that was not acknowledged is sent again, the same bytes to the same place, until it is. Without it the
   * client ends with the first error.
   */
  readonly persistent?: boolean;
}

export function startDependentWrites({
  open,
  volumeBytes,
  persistent = false,
}: DependentWritesOptions): DependentWrites {
  const clients = new Map<TestVolume, NbdClient>();
  let acknowledged = 0;
  let acknowledgedAtMs = performance.now();
  let stopping = false;

  const writeOnce = async (k: number): Promise<void> => {
    const { volume, offsetBytes } = placeOf(k, volumeBytes);
    const client = clients.get(volume) ?? (await open(volume));
    clients.set(volume, client);
    try {
      await client.write(offsetBytes, contentOf(k));
    } catch (error) {
      client.close();
      clients.delete(volume);
      throw error;
    }
  };

  const run = async (): Promise<string> => {
    while (!stopping) {
      try {
        await writeOnce(acknowledged + 1);
      } catch (error) {
        if (!persistent) return error instanceof Error ? error.message : String(error);
        await delay(reconnectMs);
        continue;
      }
      acknowledged += 1;
      acknowledgedAtMs = performance.now();
    }
    return "stopped";
  };
  const ended = run().finally(() => {
    for (const client of clients.values()) client.close();
  });

  return {
    acknowledged: () => acknowledged,
    acknowledgedAtMs: () => acknowledgedAtMs,
    ended,
    restartAfter(found) {
      acknowledged = found;
    },
    async stop() {
      stopping = true;
      await ended;
    },
  };
}

/** Reads both areas where `open` finds them, and returns K. Throws unless they hold exactly the writes 1..K. */
export async function readPrefix({ open, volumeBytes }: DependentWritesOptions): Promise<number> {
  const areas = await Promise.all(volumes.map(async (volume) => readArea(await open(volume), volumeBytes)));
  const last = Math.max(...areas.flatMap((area) => blocksOf(area).map((block) => Number(block.readBigUInt64BE(0)))));
  for (const [side, area] of areas.entries()) checkArea(area, side, last);
  return last;
}

async function readArea(client: NbdClient, volumeBytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let at = volumeBytes - dependentAreaBytes; at < volumeBytes; at += mebibyte)
    parts.push(await client.read(at, mebibyte));
  client.close();
  return Buffer.concat(parts);
}

function checkArea(area: Buffer, side: number, last: number): void {
  for (const [slot, found] of blocksOf(area).entries()) {
    const wanted = lastWriteTo(side, slot, last);
    if (found.equals(wanted === 0 ? Buffer.alloc(blockBytes) : contentOf(wanted))) continue;
    const where = `${volumes[side] ?? ""}, block ${slot}`;
    throw new Error(`not the prefix 1..${last}: ${where} holds ${describeBlock(found)} instead of write ${wanted}`);
  }
}

function blocksOf(area: Buffer): Buffer[] {
  return Array.from({ length: blocksPerVolume }, (_, slot) =>
    area.subarray(slot * blockBytes, (slot + 1) * blockBytes),
  );
}

function placeOf(k: number, volumeBytes: number): { readonly volume: TestVolume; readonly offsetBytes: number } {
  const turn = k - 1;
  const volume = volumes[turn % 2] ?? "vol-a";
  const slot = Math.floor(turn / 2) % blocksPerVolume;
  return { volume, offsetBytes: volumeBytes - dependentAreaBytes + slot * blockBytes };
}

/** The highest k <= last whose block this is; 0 when there is none. */
function lastWriteTo(side: number, slot: number, last: number): number {
  const first = 2 * slot + side + 1;
  const lap = 2 * blocksPerVolume;
  return last < first ? 0 : first + Math.floor((last - first) / lap) * lap;
}

/** The number, and a digest of it over and over: half a block of another write does not pass. */
function contentOf(k: number): Buffer {
  const block = Buffer.alloc(blockBytes);
  const digest = createHash("sha256").update(`write ${k}`).digest();
  for (let at = 0; at < blockBytes; at += digest.length) digest.copy(block, at);
  block.writeBigUInt64BE(BigInt(k), 0);
  return block;
}

function describeBlock(block: Buffer): string {
  const k = Number(block.readBigUInt64BE(0));
  if (block.every((byte) => byte === 0)) return "zeros";
  return Number.isSafeInteger(k) && block.equals(contentOf(k)) ? `write ${k}` : "bytes that nobody wrote";
}
