/**
 * The chunk map of one volume or snapshot: which chunk of the array holds each of its chunks.
 *
 *   slot:  0   word   root
 *          8   number deletion: everything before this chunk has been given back (release.ts)
 *          16  number data chunks that the volume owns
 *          24  number nodes that it owns
 *          32  number data chunks that it refers to
 *          40  number birth of the newest snapshot when it was counted what the volume owns: it owns nothing yet when
 *                     there is a newer one, which is how a snapshot sets both counts to zero without writing here
 */
import type { ChunkAllocator } from "./chunk-allocator.js";
import { volumeFailure } from "./errors.js";
import { blockBytes, slotBytes, slotsOffset, type VolumeLayout } from "./layout.js";
import {
  birthOf,
  childWord,
  hole,
  isHole,
  isRun,
  numberOf,
  isSameWord,
  wordBytes,
  wordFor,
  wordOfNumber,
  writeWord,
  type TreeShape,
  type Word,
} from "./map-word.js";
import type { MapStore } from "./map-store.js";

/** Where a slot's words are. */
export const slotWords = {
  root: 0,
  cursor: 8,
  ownedData: 16,
  ownedNodes: 24,
  referredData: 32,
  countedSince: 40,
} as const;

export function slotAddress(slot: number, word: number): number {
  return slotsOffset + slot * slotBytes + word;
}

/** What is counted of a volume; kept in its slot, changed with its map. */
export interface MapCounts {
  ownedData: number;
  ownedNodes: number;
  referredData: number;
  countedSince: number;
}

export async function readCounts(maps: MapStore, slot: number): Promise<MapCounts> {
  const read = async (word: number): Promise<number> => numberOf(await maps.word(slotAddress(slot, word)));
  return {
    ownedData: await read(slotWords.ownedData),
    ownedNodes: await read(slotWords.ownedNodes),
    referredData: await read(slotWords.referredData),
    countedSince: await read(slotWords.countedSince),
  };
}

/** Within an exclusive change. */
export async function writeCounts(maps: MapStore, slot: number, counts: MapCounts): Promise<void> {
  for (const [name, value] of Object.entries(counts) as [keyof MapCounts, number][]) {
    if (value < 0) throw volumeFailure("VOLUME_MAP_DAMAGED", `The map in slot ${slot} has more than its ${name} says.`);
    const address = slotAddress(slot, slotWords[name]);
    const word = wordOfNumber(value);
    if (!isSameWord(await maps.word(address), word)) maps.set(address, word);
  }
}

export interface MapPlace {
  readonly slot: number;
  readonly shape: TreeShape;
}

/** A volume that is written: its map, and what of it is its own. */
export interface LiveMap extends MapPlace {
  readonly counts: MapCounts;
  /** What was born later than this is the volume's own, if all its chunks lie before `end`. */
  ownedAfter(end: number): number;
  /** Stamped on what it is given now. */
  birth(): number;
}

export interface MapContext {
  readonly layout: VolumeLayout;
  readonly maps: MapStore;
  readonly allocator: ChunkAllocator;
}

/** The data word of a chunk; undefined when a node on the way to it is not in memory. */
export function wordNow({ layout, maps }: MapContext, { slot, shape }: MapPlace, index: number): Word | undefined {
  const { spans } = shape;
  let word = maps.wordNow(slotAddress(slot, slotWords.root));
  let within = index;
  for (let level = shape.levels; level > 0; level--) {
    if (word === undefined || isHole(word)) return word;
    if (isRun(word)) return { chunk: word.chunk + within, meta: birthOf(word) };
    const span = spans[level - 1] as number;
    const child = Math.floor(within / span);
    within -= child * span;
    word = maps.wordNow(word.chunk * layout.chunkBytes + child * wordBytes);
  }
  return word;
}

/** Loads what `wordNow` needs for a chunk. */
export async function loadWord(context: MapContext, place: MapPlace, index: number): Promise<Word> {
  const { maps } = context;
  for (;;) {
    const word = wordNow(context, place, index);
    if (word !== undefined) return word;
    await maps.cache.load(await missingAddress(context, place, index));
    maps.trim();
  }
}

/** Of the first word on the way to a chunk that is not in memory, or of the last. */
async function missingAddress({ layout, maps }: MapContext, { slot, shape }: MapPlace, index: number): Promise<number> {
  let address = slotAddress(slot, slotWords.root);
  for (let level = shape.levels; level > 0; level--) {
    const word = await maps.word(address);
    if (isHole(word) || isRun(word)) return address;
    const child = Math.floor(index / (shape.spans[level - 1] as number)) % shape.fanout;
    address = word.chunk * layout.chunkBytes + child * wordBytes;
  }
  return address;
}

/** The first chunk from `from` up to `end` that is no hole, or `end`. Skips holes by whole nodes. */
export async function nextMapped(
  context: MapContext,
  { slot, shape }: MapPlace,
  { from, end }: { readonly from: number; readonly end: number },
): Promise<number> {
  const { layout, maps } = context;
  /** Within the word that stands for the chunks from `base` on. */
  const search = async (word: Word, level: number, base: number): Promise<number | null> => {
    const span = shape.spans[level] as number;
    if (isHole(word) || base + span <= from || base >= end) return null;
    if (level === 0 || isRun(word)) return Math.max(base, from);
    const below = shape.spans[level - 1] as number;
    for (let child = Math.max(0, Math.floor((from - base) / below)); child < shape.fanout; child++) {
      if (base + child * below >= end) return null;
      const address = word.chunk * layout.chunkBytes + child * wordBytes;
      const next = maps.wordNow(address) ?? (await maps.word(address));
      const found = isHole(next) ? null : await search(next, level - 1, base + child * below);
      if (found !== null) return found;
    }
    return null;
  };
  const root = await maps.word(slotAddress(slot, slotWords.root));
  const found = await search(root, shape.levels, 0);
  maps.trim();
  return found ?? end;
}

/** How many nodes assigning these chunks will make: all on their ways that are not the volume's own. */
export async function nodesNeeded(
  { layout, maps }: MapContext,
  map: LiveMap,
  indices: readonly number[],
): Promise<number> {
  const { shape, slot } = map;
  const missing = new Set<string>();
  for (const index of indices) {
    let address = slotAddress(slot, slotWords.root);
    let isMissing = false;
    for (let level = shape.levels; level > 0; level--) {
      const span = shape.spans[level] as number;
      const number = Math.floor(index / span);
      const word: Word = isMissing ? hole : await maps.word(address);
      isMissing ||= !isOwnedNode(map, word, (number + 1) * span);
      if (isMissing) missing.add(`${level}:${number}`);
      const child = Math.floor(index / (shape.spans[level - 1] as number)) % shape.fanout;
      address = word.chunk * layout.chunkBytes + child * wordBytes;
    }
  }
  return missing.size;
}

function isOwnedNode(map: LiveMap, word: Word, end: number): boolean {
  return !isHole(word) && !isRun(word) && isOwned(map, word, end);
}

/** Whether a word whose chunks end at `end` is this volume's alone. */
export function isOwned(map: LiveMap, word: Word, end: number): boolean {
  return birthOf(word) > map.ownedAfter(Math.min(end, map.shape.chunkCount));
}

export interface Assignment {
  readonly index: number;
  /** A chunk that was taken, or 0 for a hole. */
  readonly chunk: number;
}

/**
 * Within an exclusive change: gives chunks of the volume other places, and lets go of those it owned there. Nodes that
 * are not its own are copied into chunks of `spare`, of which there are as many as `nodesNeeded` said.
 */
export async function assign(
  context: MapContext,
  map: LiveMap,
  assignments: readonly Assignment[],
  spare: number[],
): Promise<void> {
  const { maps, allocator } = context;
  for (const { index, chunk } of assignments) {
    const address = await ownedPath(context, map, { index, isHole: chunk === 0 }, spare);
    if (address === null) continue;
    const old = await maps.word(address);
    if (isHole(old) && chunk === 0) continue;
    if (chunk !== 0) await allocator.use(chunk);
    if (!isHole(old) && isOwned(map, old, index + 1)) {
      await allocator.release({ start: old.chunk, end: old.chunk + 1 });
      map.counts.ownedData--;
    }
    maps.set(address, chunk === 0 ? hole : wordFor(chunk, map.birth()));
    if (chunk !== 0) map.counts.ownedData++;
    map.counts.referredData += (chunk === 0 ? 0 : 1) - (isHole(old) ? 0 : 1);
  }
  await writeCounts(maps, map.slot, map.counts);
}

/** Makes the nodes on the way to a chunk the volume's own. Returns where its word is; null when a hole stays a hole. */
async function ownedPath(
  context: MapContext,
  map: LiveMap,
  wanted: { readonly index: number; readonly isHole: boolean },
  spare: number[],
): Promise<number | null> {
  const { layout, maps, allocator } = context;
  const { shape } = map;
  let address = slotAddress(map.slot, slotWords.root);
  for (let level = shape.levels; level > 0; level--) {
    const span = shape.spans[level] as number;
    const start = Math.floor(wanted.index / span) * span;
    let word = await maps.word(address);
    if (isHole(word) && wanted.isHole) return null;
    if (!isOwnedNode(map, word, start + span)) {
      const chunk = spare.pop();
      if (chunk === undefined) throw new RangeError("more nodes are needed than were counted");
      const image = await nodeImage(context, shape, { word, level, start });
      await allocator.use(chunk);
      maps.addNode(chunk * layout.chunkBytes, image);
      word = wordFor(chunk, map.birth());
      maps.set(address, word);
      map.counts.ownedNodes++;
    }
    const child = Math.floor((wanted.index - start) / (shape.spans[level - 1] as number));
    address = word.chunk * layout.chunkBytes + child * wordBytes;
  }
  return address;
}

/** The words below a word at `level` that stands for the chunks from `start` on, as a node of their own. */
async function nodeImage(
  { layout, maps }: MapContext,
  shape: TreeShape,
  { word, level, start }: { readonly word: Word; readonly level: number; readonly start: number },
): Promise<Buffer> {
  const image = Buffer.alloc(layout.chunkBytes);
  if (isHole(word)) return image;
  if (!isRun(word)) {
    for (let at = 0; at < image.length; at += blockBytes) {
      (await maps.cache.load(word.chunk * layout.chunkBytes + at)).copy(image, at);
    }
    return image;
  }
  const below = shape.spans[level - 1] as number;
  for (let child = 0; child < shape.fanout && start + child * below < shape.chunkCount; child++) {
    writeWord(image, child * wordBytes, childWord(word, shape, level, child));
  }
  return image;
}
