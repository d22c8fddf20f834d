/**
 * The pool's part of the bitmap as a whole: counted when the array is opened, filled when the pool grows, and searched
 * for what is free. A large pool has hundreds of millions of chunks, so none of this looks at each of them.
 */
import { bitAddress, bitsPerWord, withBits, wordRuns } from "./bitmap.js";
import type { ChunkRange } from "./chunk-bag.js";
import { blockBytes, type VolumeLayout } from "./layout.js";
import { isSameWord, wordBytes } from "./map-word.js";
import type { MapStore } from "./map-store.js";
import type { VolumeArray } from "./volume-array.js";

export const bitsPerBlock = blockBytes * 8;
const readBytesMax = 256 * 1024;

interface BitmapPlace {
  readonly array: VolumeArray;
  readonly layout: VolumeLayout;
  readonly maps: MapStore;
}

/** Calls back with so many clear bits, all in the block of the bitmap that has the bit of `chunk`. */
export async function countClear(
  { array, layout }: BitmapPlace,
  { start, end }: ChunkRange,
  onClear: (chunk: number, clear: number) => void,
): Promise<void> {
  for (let at = start; at < end;) {
    const offset = bitAddress(layout.bitmapOffset, at);
    const lengthBytes = Math.min(readBytesMax, bitAddress(layout.bitmapOffset, end - 1) + wordBytes - offset);
    const bytes = await array.read(offset, lengthBytes);
    const first = Math.floor(at / bitsPerWord) * bitsPerWord;
    const stop = Math.min(end, first + lengthBytes * 8);
    while (at < stop) {
      const bit = at - first;
      const some = Math.min(8 - (bit & 7), stop - at);
      const clear = some - onesIn(((bytes[bit >> 3] as number) >> (bit & 7)) & ((1 << some) - 1));
      if (clear > 0) onClear(at, clear);
      at += some;
    }
  }
}

function onesIn(byte: number): number {
  const pairs = byte - ((byte >> 1) & 0x55);
  const nibbles = (pairs & 0x33) + ((pairs >> 2) & 0x33);
  return (nibbles + (nibbles >> 4)) & 0x0f;
}

/** Sets or clears bits of chunks that are not in the pool yet, so nothing durable counts on them. */
export async function fillBits(
  { array, layout, maps }: BitmapPlace,
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
      const data = isSet ? Buffer.alloc(lengthBytes, 255) : null;
      await array.writeBatch([{ offsetBytes: address, lengthBytes, data }]);
      at += lengthBytes * 8;
      continue;
    }
    const stop = Math.min(end, (Math.floor(at / bitsPerWord) + 1) * bitsPerWord);
    const known = await maps.word(address);
    await maps.prepare(address, withBits(known, { start: at, end: stop }, isSet));
    at = stop;
  }
}

/** Runs of clear bits, whole words of them at a time. `isClearBlock` says which blocks need not be looked at. */
export async function clearRuns(
  { layout, maps }: BitmapPlace,
  { start, end }: ChunkRange,
  isClearBlock: (block: number) => boolean,
): Promise<ChunkRange[]> {
  const runs: ChunkRange[] = [];
  const add = (run: ChunkRange): void => {
    const last = runs.at(-1);
    if (last?.end === run.start) runs[runs.length - 1] = { start: last.start, end: run.end };
    else runs.push(run);
  };
  for (let at = start; at < end;) {
    const block = Math.floor(at / bitsPerBlock);
    const stop = Math.min(end, (block + 1) * bitsPerBlock);
    if (isClearBlock(block)) add({ start: at, end: stop });
    else {
      for (const run of wordRuns(at, stop)) await addClear(run);
    }
    at = stop;
  }
  return runs;

  async function addClear(run: ChunkRange): Promise<void> {
    const word = await maps.word(bitAddress(layout.bitmapOffset, run.start));
    if (isSameWord(withBits(word, run, true), word)) return;
    if (isSameWord(withBits(word, run, false), word)) return add(run);
    for (let chunk = run.start; chunk < run.end; chunk++) {
      const bit = { start: chunk, end: chunk + 1 };
      if (isSameWord(withBits(word, bit, false), word)) add(bit);
    }
  }
}
