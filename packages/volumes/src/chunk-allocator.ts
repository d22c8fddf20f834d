/**
 * Gives out the chunks of the pool and takes them back. The bitmap on the array says which are in use; in memory are
 * only a count of free chunks per block of the bitmap, and the chunks that are in between:
 *
 *   taken:        given out, not yet named by a map. Their bits are set with the map that names them, so a crash
 *                 before that leaves them free.
 *   quarantined:  let go by a map. Their bits are cleared with the map that dropped them; they are given out again when
 *                 that is durable, and nothing that was under way then can still look at them.
 */
import assert from "node:assert/strict";
import { endOf, type ByteRange } from "@waystation/contracts/byte-range";
import { bitAddress, hasBit, withBits, wordRuns } from "./bitmap.js";
import { createChunkBag, type ChunkRange } from "./chunk-bag.js";
import { volumeFailure } from "./errors.js";
import { withoutRanges } from "./extents.js";
import type { Grace } from "./grace.js";
import { blockBytes, type VolumeLayout } from "./layout.js";
import { isSameWord, readWord } from "./map-word.js";
import { bitsPerBlock, clearRuns, countClear, fillBits } from "./pool-bitmap.js";
import type { MapStore } from "./map-store.js";
import { describeArray, type VolumeArray } from "./volume-array.js";

export interface ChunkAllocator {
  /** Free to be taken now. */
  freeCount(): number;
  quarantinedCount(): number;
  /** Resolves when what is quarantined now is free. Not to be awaited by what the grace waits for. */
  settled(): Promise<void>;
  /** Within an exclusive change: so many chunks, which are free; fewer when there are no more. */
  take(count: number): Promise<number[]>;
  /** What was taken and is not needed after all. */
  giveBack(chunk: number): void;
  /** Within an exclusive change: a map names the chunk now, which was taken. */
  use(chunk: number): Promise<void>;
  /** Within an exclusive change: no map names these chunks any more. Rejects with `VOLUME_MAP_DAMAGED`. */
  release(chunks: ChunkRange): Promise<void>;
  /** Within an exclusive change: `publish` makes a table durable that has `chunks` in the pool, in use up to `usedEnd`. */
  addToPool(chunks: ChunkRange, usedEnd: number, publish: () => Promise<void>): Promise<void>;
  /** Within an exclusive change: runs of whole grains of the pool, of so many chunks each, that are free. */
  freeGrains(grainChunks: number): Promise<ChunkRange[]>;
  /** Within an exclusive change, after a table without these chunks, which were free. */
  removeFromPool(chunks: ChunkRange): void;
}

export interface ChunkAllocatorOptions {
  readonly array: VolumeArray;
  readonly layout: VolumeLayout;
  readonly maps: MapStore;
  readonly grace: Grace;
  /** Of the durable table. */
  readonly pool: () => readonly ByteRange[];
}

/** Counts what is free, by reading the bitmap of the pool, in pieces. */
export async function openChunkAllocator(options: ChunkAllocatorOptions): Promise<ChunkAllocator> {
  const { array, layout, maps, grace } = options;
  const { bitmapOffset, chunkBytes } = layout;
  const taken = new Set<number>();
  const quarantined = createChunkBag();
  /** By block of the bitmap: bits of the pool that are not set, whoever else holds the chunk. */
  const clearBits = new Map<number, number>();
  let clearTotal = 0;
  /** Looking for free chunks goes on from here. */
  let rover = 0;

  const count = ({ start, end }: ChunkRange, sign: 1 | -1): void => {
    for (let at = start; at < end;) {
      const block = Math.floor(at / bitsPerBlock);
      const stop = Math.min(end, (block + 1) * bitsPerBlock);
      clearBits.set(block, (clearBits.get(block) ?? 0) + sign * (stop - at));
      at = stop;
    }
    clearTotal += sign * (end - start);
  };
  const poolChunks = (): ChunkRange[] => options.pool().map((range) => chunksOf(range, chunkBytes));
  const addressOf = (chunk: number): number => bitAddress(bitmapOffset, chunk);
  const isAvailable = (chunk: number): boolean => !taken.has(chunk) && !quarantined.has(chunk);

  /** Sets or clears bits that have the other value. */
  const turn = async ({ start, end }: ChunkRange, isSet: boolean): Promise<void> => {
    for (const run of wordRuns(start, end)) {
      const address = addressOf(run.start);
      const word = await maps.word(address);
      if (!isSameWord(word, withBits(word, run, !isSet))) throw damaged(array, run, isSet);
      maps.set(address, withBits(word, run, isSet));
    }
    count({ start, end }, isSet ? -1 : 1);
  };

  /** Takes free chunks from `from` up to `end`, all of the pool. */
  const search = async ({ start, end }: ChunkRange, into: number[], wanted: number): Promise<void> => {
    for (let at = start; at < end && into.length < wanted;) {
      const block = Math.floor(at / bitsPerBlock);
      if ((clearBits.get(block) ?? 0) === 0) {
        at = (block + 1) * bitsPerBlock;
        continue;
      }
      const bytes = await maps.cache.load(addressOf(at));
      const stop = Math.min(end, (block + 1) * bitsPerBlock);
      for (; at < stop && into.length < wanted; at++) {
        const word = readWord(bytes, addressOf(at) % blockBytes);
        if (hasBit(word, at) || !isAvailable(at)) continue;
        taken.add(at);
        into.push(at);
      }
    }
  };

  const free = (): number => clearTotal - taken.size - quarantined.count();

  for (const range of poolChunks()) {
    await countClear(options, range, (chunk, clear) => count({ start: chunk, end: chunk + clear }, 1));
  }

  return {
    freeCount: free,
    quarantinedCount: () => quarantined.count(),
    async settled() {
      await maps.commit();
      await grace.passed();
    },
    async take(wanted) {
      const chunks: number[] = [];
      if (wanted === 0 || free() === 0) return chunks;
      const pool = poolChunks();
      const from = rover;
      for (const { start, end } of pool) await search({ start: Math.max(start, from), end }, chunks, wanted);
      for (const { start, end } of pool) await search({ start, end: Math.min(end, from) }, chunks, wanted);
      rover = (chunks.at(-1) ?? -1) + 1;
      return chunks;
    },
    giveBack: (chunk) => taken.delete(chunk),
    async use(chunk) {
      assert(taken.has(chunk), "a chunk is used that was not taken");
      await turn({ start: chunk, end: chunk + 1 }, true);
      taken.delete(chunk);
    },
    async release(chunks) {
      const isOfPool = poolChunks().some((range) => range.start <= chunks.start && chunks.end <= range.end);
      if (!isOfPool) throw damaged(array, chunks, false);
      quarantined.add(chunks);
      await turn(chunks, false);
      const letGo = (): void => {
        void grace.passed().then(() => quarantined.remove(chunks));
      };
      maps.afterCommit(letGo);
    },
    async addToPool({ start, end }, usedEnd, publish) {
      await fillBits(options, { start, end: usedEnd }, true);
      await fillBits(options, { start: usedEnd, end }, false);
      await publish();
      count({ start: usedEnd, end }, 1);
    },
    async freeGrains(grainChunks) {
      const runs: ChunkRange[] = [];
      const isClear = (block: number): boolean => clearBits.get(block) === bitsPerBlock;
      for (const range of poolChunks()) runs.push(...(await clearRuns(options, range, isClear)));
      const held = [...quarantined.ranges(), ...Array.from(taken, (start) => ({ start, end: start + 1 }))];
      return withoutRanges(runs.map(toRange), held.map(toRange)).flatMap(({ offsetBytes, lengthBytes }) => {
        const start = Math.ceil(offsetBytes / grainChunks) * grainChunks;
        const end = Math.floor((offsetBytes + lengthBytes) / grainChunks) * grainChunks;
        return start < end ? [{ start, end }] : [];
      });
    },
    removeFromPool: (chunks) => count(chunks, -1),
  };
}

export function chunksOf(range: ByteRange, chunkBytes: number): ChunkRange {
  return { start: range.offsetBytes / chunkBytes, end: endOf(range) / chunkBytes };
}

function toRange({ start, end }: ChunkRange): ByteRange {
  return { offsetBytes: start, lengthBytes: end - start };
}

function damaged(array: VolumeArray, { start }: ChunkRange, isSet: boolean): Error {
  const what = isSet ? "is used twice" : "is let go twice";
  const text = `The chunk maps of ${describeArray(array)} make no sense: a chunk from ${start} on ${what}. Restore the disks, or create the array anew.`;
  return volumeFailure("VOLUME_MAP_DAMAGED", text, { details: { chunk: start } });
}
