/** Bits in words: the bitmap of an array's chunks, one bit per chunk, set when the chunk is in use. Pure. */
import { hole, wordBytes, type Word } from "./map-word.js";

export const bitsPerWord = wordBytes * 8;
const allBits: Word = Object.freeze({ chunk: 0xffff_ffff, meta: 0xffff_ffff });

/** Where the word with a chunk's bit is. */
export function bitAddress(bitmapOffset: number, chunk: number): number {
  return bitmapOffset + Math.floor(chunk / bitsPerWord) * wordBytes;
}

export function hasBit(word: Word, chunk: number): boolean {
  return (halfOf(word, chunk) & maskOf(chunk)) !== 0;
}

/** The word with the bits of chunks from `start` up to `end`, both within it, set or cleared. */
export function withBits(word: Word, range: { readonly start: number; readonly end: number }, isSet: boolean): Word {
  if (range.end - range.start === bitsPerWord) return isSet ? allBits : hole;
  let { chunk: low, meta: high } = word;
  for (let chunk = range.start; chunk < range.end; chunk++) {
    const mask = maskOf(chunk);
    if (chunk % bitsPerWord < 32) low = isSet ? low | mask : low & ~mask;
    else high = isSet ? high | mask : high & ~mask;
  }
  return { chunk: low >>> 0, meta: high >>> 0 };
}

/** The runs of chunks from `start` up to `end`, each within one word. */
export function* wordRuns(start: number, end: number): Generator<{ readonly start: number; readonly end: number }> {
  for (let at = start; at < end;) {
    const stop = Math.min(end, (Math.floor(at / bitsPerWord) + 1) * bitsPerWord);
    yield { start: at, end: stop };
    at = stop;
  }
}

function halfOf({ chunk: low, meta: high }: Word, chunk: number): number {
  return chunk % bitsPerWord < 32 ? low : high;
}

function maskOf(chunk: number): number {
  return 1 << (chunk % 32);
}
