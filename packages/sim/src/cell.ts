/**
 * Content that tells where it came from. A volume is looked at in cells of 512 bytes; a cell is all zeros or carries a
 * tag: which writer wrote it, the writer's how-manieth write it was, and the cell that it belongs to.
 *
 *   0        4        8        12       16                                 508
 *   | magic  | writer | count  | check  | check repeated ...               | check |
 *
 * `check` covers volume, cell, writer and count, so a cell that was torn, moved or mixed is seen to be garbage.
 */
export const cellBytes = 512;

/** Identifies one host write: `writer * 2^32 + count`. 0: the cell is zeros. -1: the cell is garbage. */
export type Tag = number;
export const zeroTag: Tag = 0;
export const garbageTag: Tag = -1;

const magic = 0x57415953;
const wordsPerCell = cellBytes / 4;

/** Where a cell is. */
export interface CellPlace {
  readonly volume: string;
  readonly cell: number;
}

export function makeTag(writer: number, count: number): Tag {
  return writer * 2 ** 32 + count;
}

export function tagWriter(tag: Tag): number {
  return Math.floor(tag / 2 ** 32);
}

export function tagCount(tag: Tag): number {
  return tag % 2 ** 32;
}

export function showTag(tag: Tag): string {
  if (tag === zeroTag) return "zeros";
  if (tag === garbageTag) return "garbage";
  return `writer ${tagWriter(tag)} write ${tagCount(tag)}`;
}

const volumeSalts = new Map<string, number>();

function saltOf(volume: string): number {
  let salt = volumeSalts.get(volume);
  if (salt === undefined) {
    salt = 0x811c9dc5;
    for (let i = 0; i < volume.length; i++) salt = Math.imul(salt ^ volume.charCodeAt(i), 0x01000193) >>> 0;
    volumeSalts.set(volume, salt);
  }
  return salt;
}

function checkOf(place: CellPlace, writer: number, count: number): number {
  let x = saltOf(place.volume) ^ Math.imul(place.cell + 1, 0x9e3779b1);
  x = Math.imul(x ^ writer ^ (x >>> 15), 0x85ebca6b);
  x = Math.imul(x ^ count ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** Fills `lengthBytes` (whole cells) of a new buffer with the tag, for a write at `offsetBytes` of the volume. */
export function taggedPayload(tag: Tag, place: { volume: string; offsetBytes: number; lengthBytes: number }): Buffer {
  const words = new Uint32Array(place.lengthBytes / 4);
  const writer = tagWriter(tag);
  const count = tagCount(tag);
  for (let word = 0; word < words.length; word += wordsPerCell) {
    const cell = (place.offsetBytes + word * 4) / cellBytes;
    words.fill(checkOf({ volume: place.volume, cell }, writer, count), word, word + wordsPerCell);
    words[word] = magic;
    words[word + 1] = writer;
    words[word + 2] = count;
  }
  return Buffer.from(words.buffer);
}

/** The tag of the cell that starts at `startBytes` of `data`. */
export function readTag(data: Uint8Array, startBytes: number, place: CellPlace): Tag {
  const view = new DataView(data.buffer, data.byteOffset + startBytes, cellBytes);
  const first = view.getUint32(0, true);
  const writer = view.getUint32(4, true);
  const count = view.getUint32(8, true);
  if (first === 0 && writer === 0 && count === 0) {
    for (let word = 3; word < wordsPerCell; word++) if (view.getUint32(word * 4, true) !== 0) return garbageTag;
    return zeroTag;
  }
  if (first !== magic) return garbageTag;
  const check = checkOf(place, writer, count);
  // The ends and the middle: a mix of two cells cannot pass, and a run reads millions of cells.
  for (const word of [3, wordsPerCell / 2, wordsPerCell - 1]) {
    if (view.getUint32(word * 4, true) !== check) return garbageTag;
  }
  return makeTag(writer, count);
}
