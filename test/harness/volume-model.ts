/**
 * What a volume must hold, block by block: every write of a block has a stamp, and its content follows from block and
 * stamp. A write that is not flushed yet may be lost in a crash, so a block has several stamps that it may show until a
 * flush, or a look at it after the crash, leaves one. Blocks that others wrote are adopted as they are.
 */
import { createHash } from "node:crypto";
import type { NbdClient } from "./nbd-client.js";

export const blockBytes = 4096;
const readBlocks = 256;

export interface VolumeModel {
  readonly blockCount: number;
  /** Stamps a range anew and returns what is to be written there. The old content may show until `settle`. */
  stamp(block: number, count: number): Buffer;
  /** The last stamps of a range are durable. */
  settle(block: number, count: number): void;
  /** Throws when a block holds what it must not. After a crash, what it holds counts from now on. */
  check(block: number, data: Buffer, options?: { readonly afterCrash: boolean }): void;
  /** What somebody else wrote, whatever it is, counts from now on. */
  adopt(block: number, data: Buffer): void;
  contentOf(block: number): Buffer;
  copy(): VolumeModel;
}

interface Blocks {
  readonly stamps: Uint32Array;
  /** Stamps since the last flush, oldest first; the settled one is in `stamps`. */
  readonly pending: Map<number, number[]>;
  readonly adopted: Map<number, Buffer>;
  next: number;
}

/** All zeros at first, as a new volume is. */
export function createVolumeModel(sizeBytes: number): VolumeModel {
  const stamps = new Uint32Array(sizeBytes / blockBytes);
  return modelOf({ stamps, pending: new Map(), adopted: new Map(), next: 1 });
}

function modelOf(blocks: Blocks): VolumeModel {
  const { stamps, pending, adopted } = blocks;
  const settledContent = (block: number): Buffer => adopted.get(block) ?? stampedBlock(block, stamps[block] ?? 0);
  const latest = (block: number): number | undefined => pending.get(block)?.at(-1);
  const settleOn = (block: number, stamp: number): void => {
    stamps[block] = stamp;
    adopted.delete(block);
    pending.delete(block);
  };
  /** After a crash the last write that shows counts, and nothing that was flushed may be gone. */
  const decide = (block: number, data: Buffer): boolean => {
    const stamp = pending.get(block)?.findLast((candidate) => stampedBlock(block, candidate).equals(data));
    if (stamp !== undefined) settleOn(block, stamp);
    else if (!settledContent(block).equals(data)) return false;
    pending.delete(block);
    return true;
  };
  const contentOf = (block: number): Buffer => {
    const stamp = latest(block);
    return stamp === undefined ? settledContent(block) : stampedBlock(block, stamp);
  };
  const expected = (block: number): string => {
    const settled = adopted.has(block) ? "what was adopted" : `stamp ${stamps[block] ?? 0}`;
    return [settled, ...(pending.get(block) ?? [])].join(", then ");
  };

  return {
    blockCount: stamps.length,
    stamp(block, count) {
      const stamp = blocks.next++;
      const data = Buffer.alloc(count * blockBytes);
      for (let at = block; at < block + count; at++) {
        pending.set(at, [...(pending.get(at) ?? []), stamp]);
        stampedBlock(at, stamp).copy(data, (at - block) * blockBytes);
      }
      return data;
    },
    settle(block, count) {
      for (let at = block; at < block + count; at++) {
        const stamp = latest(at);
        if (stamp !== undefined) settleOn(at, stamp);
      }
    },
    check(block, data, { afterCrash } = { afterCrash: false }) {
      for (let at = 0; at < data.length; at += blockBytes) {
        const found = data.subarray(at, at + blockBytes);
        const here = block + at / blockBytes;
        const isRight = afterCrash ? decide(here, found) : contentOf(here).equals(found);
        if (!isRight) throw new Error(`block ${here} holds ${describe(found)}; written were ${expected(here)}`);
      }
    },
    adopt(block, data) {
      for (let at = 0; at < data.length; at += blockBytes) {
        pending.delete(block + at / blockBytes);
        adopted.set(block + at / blockBytes, Buffer.from(data.subarray(at, at + blockBytes)));
      }
    },
    contentOf,
    copy() {
      if (pending.size > 0) throw new Error(`${pending.size} blocks are not settled`);
      return modelOf({ stamps: stamps.slice(), pending: new Map(), adopted: new Map(adopted), next: blocks.next });
    },
  };
}

/** Block number and stamp all over, so that a block in the wrong place or of the wrong time is known for what it is. */
function stampedBlock(block: number, stamp: number): Buffer {
  const data = Buffer.alloc(blockBytes);
  if (stamp === 0) return data;
  data.writeUInt32LE(block, 0);
  data.writeUInt32LE(stamp, 4);
  data.writeUInt32LE(Math.imul(block + 1, 0x9e3779b1) >>> 0, 8);
  data.writeUInt32LE(Math.imul(stamp, 0x85ebca6b) >>> 0, 12);
  data.copyWithin(16, 0, 16);
  for (let filled = 32; filled < blockBytes; filled *= 2) data.copyWithin(filled, 0, filled);
  return data;
}

function describe(data: Buffer): string {
  if (data.every((byte) => byte === 0)) return "zeros";
  const [block, stamp] = [data.readUInt32LE(0), data.readUInt32LE(4)];
  return stampedBlock(block, stamp).equals(data) ? `stamp ${stamp} of block ${block}` : "none of our stamps";
}

/** Reads a whole volume, and throws when a block of it holds what it must not. */
export async function checkVolume(client: NbdClient, model: VolumeModel): Promise<void> {
  for (let block = 0; block < model.blockCount; block += readBlocks) {
    const count = Math.min(readBlocks, model.blockCount - block);
    model.check(block, await client.read(block * blockBytes, count * blockBytes));
  }
}

export function digestOf(model: VolumeModel): string {
  const hash = createHash("sha256");
  for (let block = 0; block < model.blockCount; block++) hash.update(model.contentOf(block));
  return hash.digest("hex");
}
