/**
 * Gives out the chunks of the pool and takes them back. The bitmap on the array says which are in use; in memory are
 * only a count of free chunks per block of the bitmap, and the chunks that are in between:
 *
 *   taken:        given out, not yet named by a map. Their bits are set with the map that names them, so a crash
 *                 before that leaves them free.
 *   quarantined:  let go by a map. Their bits are cleared with the map that dropped them; they are given out again when
 *                 that is durable, and nothing that was under way then can still look at them. A node waits for the
 *                 next volume table besides (map-store.ts).
 */
import assert from "node:assert/strict";
import { endOf, type ByteRange } from "@waystation/contracts/byte-range";
import { bitAddress, bitsPerWord, hasBit, noBits, withBits, wordRuns } from "./bitmap.js";
import { volumeFailure } from "./errors.js";
import type { Grace } from "./grace.js";
import { blockBytes, type VolumeLayout } from "./layout.js";
import { readWord, sameWord, wordBytes } from "./map-word.js";
import type { MapStore } from "./map-store.js";
import { describeArray, type VolumeArray } from "./volume-array.js";

export interface ChunkRange {
  readonly start: number;
  readonly end: number;
}

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
  release(chunks: ChunkRange, options?: { readonly isNode: boolean }): Promise<void>;
  /** Within an exclusive change: `publish` makes a table durable that has `chunks` in the pool, in use up to `usedEnd`. */
  addToPool(chunks: ChunkRange, usedEnd: number, publish: () => Promise<void>): Promise<void>;
  /** Within an exclusive change: the grains of the pool, of so many chunks each, that are free as a whole. */
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

const bitsPerBlock = blockBytes * 8;
const readBytesMax = 256 * 1024;

/** Counts what is free, by reading the bitmap of the pool, in pieces. */
export async function openChunkAllocator(options: ChunkAllocatorOptions): Promise<ChunkAllocator> {
  const { array, layout, maps, grace } = options;
  const { bitmapOffset, chunkBytes } = layout;
  const taken = new Set<number>();
  const quarantined = new Set<number>();
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
      for (let chunk = run.start; chunk < run.end; chunk++) {
        if (hasBit(word, chunk) === isSet) throw damaged(array, chunk, isSet);
      }
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

  const isFree = async ({ start, end }: ChunkRange): Promise<boolean> => {
    for (const run of wordRuns(start, end)) {
      const word = await maps.word(addressOf(run.start));
      if (!sameWord(word, withBits(word, run, false))) return false;
      for (let chunk = run.start; chunk < run.end; chunk++) if (!isAvailable(chunk)) return false;
    }
    return true;
  };
  const free = (): number => clearTotal - taken.size - quarantined.size;

  await countPool(options, poolChunks(), (chunk, clear) => count({ start: chunk, end: chunk + clear }, 1));

  return {
    freeCount: free,
    quarantinedCount: () => quarantined.size,
    async settled() {
      await maps.exclusively(() => maps.replaceTable({}));
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
    async release({ start, end }, { isNode } = { isNode: false }) {
      const isOfPool = poolChunks().some((range) => range.start <= start && end <= range.end);
      if (!isOfPool) throw damaged(array, start, false);
      for (let chunk = start; chunk < end; chunk++) quarantined.add(chunk);
      await turn({ start, end }, false);
      const letGo = (): void => {
        void grace.passed().then(() => {
          for (let chunk = start; chunk < end; chunk++) quarantined.delete(chunk);
        });
      };
      if (isNode) maps.afterTable(letGo);
      else maps.afterCommit(letGo);
    },
    async addToPool({ start, end }, usedEnd, publish) {
      await fillBits(options, { start, end: usedEnd }, true);
      await fillBits(options, { start: usedEnd, end }, false);
      await publish();
      count({ start: usedEnd, end }, 1);
    },
    async freeGrains(grainChunks) {
      const found: ChunkRange[] = [];
      for (const range of poolChunks()) {
        for (let start = range.start; start < range.end; start += grainChunks) {
          const grain = { start, end: start + grainChunks };
          if ((clearBits.get(Math.floor(start / bitsPerBlock)) ?? 0) > 0 && (await isFree(grain))) found.push(grain);
        }
      }
      return found;
    },
    removeFromPool: (chunks) => count(chunks, -1),
  };
}

export function chunksOf(range: ByteRange, chunkBytes: number): ChunkRange {
  return { start: range.offsetBytes / chunkBytes, end: endOf(range) / chunkBytes };
}

function damaged(array: VolumeArray, chunk: number, isSet: boolean): Error {
  const what = isSet ? "is used twice" : "is let go twice";
  const text = `The chunk maps of ${describeArray(array)} make no sense: chunk ${chunk} ${what}. Restore the disks, or create the array anew.`;
  return volumeFailure("VOLUME_MAP_DAMAGED", text, { details: { chunk } });
}

async function countPool(
  { array, layout }: ChunkAllocatorOptions,
  pool: readonly ChunkRange[],
  /** So many clear bits, all in the block of the bitmap that has the bit of `chunk`. */
  onClear: (chunk: number, clear: number) => void,
): Promise<void> {
  for (const { start, end } of pool) {
    for (let at = start; at < end;) {
      const offset = bitAddress(layout.bitmapOffset, at);
      const lengthBytes = Math.min(readBytesMax, bitAddress(layout.bitmapOffset, end - 1) + wordBytes - offset);
      const bytes = await array.read(offset, lengthBytes);
      const first = Math.floor(at / bitsPerWord) * bitsPerWord;
      const stop = Math.min(end, first + lengthBytes * 8);
      while (at < stop) {
        // A byte at a time: a large pool has hundreds of millions of chunks.
        const bit = at - first;
        const some = Math.min(8 - (bit & 7), stop - at);
        const clear = some - onesIn(((bytes[bit >> 3] as number) >> (bit & 7)) & ((1 << some) - 1));
        if (clear > 0) onClear(at, clear);
        at += some;
      }
    }
  }
}

function onesIn(byte: number): number {
  const pairs = byte - ((byte >> 1) & 0x55);
  const nibbles = (pairs & 0x33) + ((pairs >> 2) & 0x33);
  return (nibbles + (nibbles >> 4)) & 0x0f;
}

/** Bits of chunks that are not in the pool yet, so nothing durable counts on them. */
async function fillBits(
  { array, layout, maps }: ChunkAllocatorOptions,
  { start, end }: ChunkRange,
  isSet: boolean,
): Promise<void> {
  for (let at = start; at < end;) {
    const address = bitAddress(layout.bitmapOffset, at);
    const blocks = Math.floor((end - at) / bitsPerBlock);
    if (at % bitsPerBlock === 0 && blocks > 0) {
      // Whole blocks go past the cache: a large volume has more of them than it holds.
      const lengthBytes = Math.min(readBytesMax, blocks * blockBytes);
      maps.cache.drop(address, lengthBytes);
      await array.writeBatch([
        { offsetBytes: address, lengthBytes, data: isSet ? Buffer.alloc(lengthBytes, 255) : null },
      ]);
      at += lengthBytes * 8;
      continue;
    }
    const stop = Math.min(end, (Math.floor(at / bitsPerWord) + 1) * bitsPerWord);
    const known = await maps.word(address);
    await maps.prepare(address, withBits(stop - at === bitsPerWord ? noBits : known, { start: at, end: stop }, isSet));
    at = stop;
  }
}
