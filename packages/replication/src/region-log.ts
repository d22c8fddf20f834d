/**
 * The region log of one volume (B8, PROTOCOL 5): which regions were written that the far side may lack. Two generations
 * of a bitmap, each tagged with the highest origin number that is in it:
 *
 *     regions/V/size      bytes per region, as the words below count them
 *     regions/V/current   which generation takes what is noted now: 0 or 1; the other is the old one
 *     regions/V/G/tag     [incarnation, n], or null: no number covers it, only the end of a copy run clears it
 *     regions/V/G/W       32 regions from 32 W on, one bit each; absent when none is set
 *
 * A write needs no entry of its own: the log takes over what leaves the write intent (write-intent.ts), in the commit that
 * drops it there, and so the union of both is at any time a superset of what the far side may lack. All changes here
 * are made in memory at once and handed out as marks for one commit: dying before it leaves the state before, dying
 * after it the state after, and each is whole.
 */
import assert from "node:assert/strict";
import { endOf, type ByteRange } from "@waystation/contracts/byte-range";
import { compareOrigin, noOrigin } from "@waystation/contracts/ids";
import { markNames, originMark, parseOrigin, type Marks } from "./marks.js";
import type { RegionRuns } from "./messages.js";
import type { MarkValue, OriginNumber, VolumeName } from "./vocabulary.js";

const regionsPerWord = 32;

/** Marks to set or to delete in one commit. */
export type MarkChange = Map<string, MarkValue | undefined>;

/** The highest origin number of something; null when no number tells when the far side has it. */
export type CoveringOrigin = OriginNumber | null;

export interface RegionLog {
  readonly regionBytes: number;
  /** Notes what was written, with the number that covers it, in the current generation. */
  note(range: ByteRange, covering: CoveringOrigin, change: MarkChange): void;
  /** Every secondary has validated up to this number: forgets what is covered by it. */
  validated(origin: OriginNumber, change: MarkChange): void;
  /** A copy run begins: everything goes into the old generation, which is the run's from now on. */
  beginRun(change: MarkChange): void;
  /** Adds a range to what the run copies; false when all of it was there. Only between `beginRun` and `endRun`. */
  addToRun(range: ByteRange, change: MarkChange): boolean;
  /** Everything in the run was copied, and validated by every secondary. */
  endRun(change: MarkChange): void;
  /** The first stretch of the run's regions at or after a region; null when there is none. */
  nextInRun(from: number): { readonly first: number; readonly count: number } | null;
  /** Regions that are set, in the run or in either generation. */
  runCount(): number;
  dirtyCount(): number;
  /** Carries a log that was kept in regions of another size over, before anything else. */
  convert(change: MarkChange): void;
}

interface Generation {
  readonly index: 0 | 1;
  readonly words: Map<number, number>;
  tag: CoveringOrigin;
}

export interface RegionLogOptions {
  readonly volume: VolumeName;
  readonly sizeBytes: number;
  readonly regionBytes: number;
  readonly marks: Marks;
}

export function createRegionLog({ volume, sizeBytes, regionBytes, marks }: RegionLogOptions): RegionLog {
  const prefix = markNames.regionsPrefix(volume);
  const stored = readGenerations(volume, marks);
  const generations = [0, 1].map((index) => ({
    index: index as 0 | 1,
    words: new Map<number, number>(),
    tag: stored.tags[index] as CoveringOrigin,
  }));
  let sizeIsStored = stored.regionBytes === regionBytes;
  let current = generationAt(stored.current);
  let old = generationAt(1 - stored.current);

  function generationAt(index: number): Generation {
    const generation = generations[index];
    assert(generation !== undefined, `the region log of ${volume} has no generation ${index}`);
    return generation;
  }

  const setRegion = ({ index, words }: Generation, region: number, change: MarkChange): boolean => {
    const word = Math.floor(region / regionsPerWord);
    const before = words.get(word) ?? 0;
    const after = (before | (1 << (region % regionsPerWord))) >>> 0;
    if (after === before) return false;
    words.set(word, after);
    change.set(`${prefix}${index}/${word}`, after);
    if (!sizeIsStored) change.set(`${prefix}size`, regionBytes);
    sizeIsStored = true;
    return true;
  };

  const setRange = (generation: Generation, range: ByteRange, change: MarkChange): boolean => {
    const last = Math.floor((Math.min(endOf(range), sizeBytes) - 1) / regionBytes);
    let added = false;
    for (let region = Math.floor(range.offsetBytes / regionBytes); region <= last; region++)
      added = setRegion(generation, region, change) || added;
    return added;
  };

  const setTag = (generation: Generation, tag: CoveringOrigin, change: MarkChange): void => {
    generation.tag = tag;
    change.set(`${prefix}${generation.index}/tag`, tag === noOrigin ? undefined : tag && originMark(tag));
  };

  const clear = (generation: Generation, change: MarkChange): void => {
    for (const word of generation.words.keys()) change.set(`${prefix}${generation.index}/${word}`, undefined);
    generation.words.clear();
    setTag(generation, noOrigin, change);
  };

  const rotate = (change: MarkChange): void => {
    [current, old] = [old, current];
    change.set(`${prefix}current`, current.index);
  };

  const isCovered = ({ tag }: Generation, origin: OriginNumber): boolean =>
    tag !== null && compareOrigin(tag, origin) <= 0;

  if (sizeIsStored)
    for (const [index, words] of stored.words.entries())
      for (const [word, bits] of words) generationAt(index).words.set(word, bits);

  return {
    regionBytes,
    note(range, covering, change) {
      setRange(current, range, change);
      if (current.tag === null) return;
      if (covering === null || compareOrigin(covering, current.tag) > 0) setTag(current, covering, change);
    },
    validated(origin, change) {
      for (const generation of [old, current])
        if (generation.words.size > 0 && isCovered(generation, origin)) clear(generation, change);
      // What is noted from now on goes elsewhere, so that this generation's tag stands still and is passed some day.
      if (old.words.size === 0 && old.tag !== null && current.words.size > 0) rotate(change);
    },
    beginRun(change) {
      for (const [word, bits] of current.words) {
        const merged = ((old.words.get(word) ?? 0) | bits) >>> 0;
        old.words.set(word, merged);
        change.set(`${prefix}${old.index}/${word}`, merged);
      }
      clear(current, change);
      setTag(old, null, change);
    },
    addToRun(range, change) {
      assert(old.tag === null, "no copy run has begun");
      return setRange(old, range, change);
    },
    endRun: (change) => clear(old, change),
    nextInRun(from) {
      const first = nextSet(old.words, from, regionCount(sizeBytes, regionBytes));
      if (first === null) return null;
      let count = 1;
      while (isSet(old.words, first + count)) count += 1;
      return { first, count };
    },
    runCount: () => countBits(old.words.values()),
    dirtyCount() {
      let both = countBits(old.words.values());
      for (const [word, bits] of current.words) both += countBits([bits & ~(old.words.get(word) ?? 0)]);
      return both;
    },
    convert(change) {
      if (sizeIsStored || stored.regionBytes === 0) return;
      for (const [index, words] of stored.words.entries()) {
        for (const word of words.keys()) change.set(`${prefix}${index}/${word}`, undefined);
        for (const [first, count] of runsOf(words)) {
          const range = { offsetBytes: first * stored.regionBytes, lengthBytes: count * stored.regionBytes };
          setRange(generationAt(index), range, change);
        }
      }
    },
  };
}

/** What a node's marks say was written on a volume and may be lacking elsewhere: its region log and its write intent. */
export function recordedRegions(
  marks: Marks,
  volume: VolumeName,
  { regionBytes, unitBytes }: { readonly regionBytes: number; readonly unitBytes: number },
): RegionRuns {
  const words = new Map<number, number>();
  const note = (offsetBytes: number, lengthBytes: number): void => {
    const last = Math.floor((offsetBytes + lengthBytes - 1) / regionBytes);
    for (let region = Math.floor(offsetBytes / regionBytes); region <= last; region++) {
      const word = Math.floor(region / regionsPerWord);
      words.set(word, ((words.get(word) ?? 0) | (1 << (region % regionsPerWord))) >>> 0);
    }
  };
  const stored = readGenerations(volume, marks);
  for (const generation of stored.words)
    for (const [first, count] of runsOf(generation)) note(first * stored.regionBytes, count * stored.regionBytes);
  const intent = markNames.intentPrefix(volume);
  for (const key of marks.keys())
    if (key.startsWith(intent)) note(Number(key.slice(intent.length)) * unitBytes, unitBytes);
  return { volume, runs: [...runsOf(words)] };
}

/** The marks of a volume's region log and write intent, to be deleted once the far side lacks nothing any more. */
export function recordingMarks(marks: Marks, volume: VolumeName): string[] {
  const prefixes = [markNames.regionsPrefix(volume), markNames.intentPrefix(volume)];
  return [...marks.keys()].filter((key) => prefixes.some((prefix) => key.startsWith(prefix)));
}

interface StoredGenerations {
  readonly regionBytes: number;
  readonly current: 0 | 1;
  readonly tags: readonly [CoveringOrigin, CoveringOrigin];
  readonly words: readonly [ReadonlyMap<number, number>, ReadonlyMap<number, number>];
}

function readGenerations(volume: VolumeName, marks: Marks): StoredGenerations {
  const prefix = markNames.regionsPrefix(volume);
  const words: [Map<number, number>, Map<number, number>] = [new Map<number, number>(), new Map<number, number>()];
  const tags: [CoveringOrigin, CoveringOrigin] = [noOrigin, noOrigin];
  for (const [key, value] of marks) {
    if (!key.startsWith(prefix)) continue;
    const [generation, what] = key.slice(prefix.length).split("/");
    if (what === undefined) continue;
    assert(generation === "0" || generation === "1", `the mark ${key} is damaged`);
    const index = generation === "0" ? 0 : 1;
    if (what === "tag") tags[index] = value === null ? null : parseOrigin(value, key);
    else {
      const word = Number(what);
      assert(Number.isSafeInteger(word) && typeof value === "number" && value > 0, `the mark ${key} is damaged`);
      words[index].set(word, value);
    }
  }
  const size = marks.get(`${prefix}size`) ?? 0;
  assert(typeof size === "number", `the mark ${prefix}size is damaged`);
  assert(size > 0 || (words[0].size === 0 && words[1].size === 0), `the mark ${prefix}size is missing`);
  return { regionBytes: size, current: marks.get(`${prefix}current`) === 1 ? 1 : 0, tags, words };
}

function regionCount(sizeBytes: number, regionBytes: number): number {
  return Math.ceil(sizeBytes / regionBytes);
}

function isSet(words: ReadonlyMap<number, number>, region: number): boolean {
  return (((words.get(Math.floor(region / regionsPerWord)) ?? 0) >>> (region % regionsPerWord)) & 1) === 1;
}

function nextSet(words: ReadonlyMap<number, number>, from: number, end: number): number | null {
  if (words.size === 0) return null;
  for (let region = from; region < end;) {
    const bits = words.get(Math.floor(region / regionsPerWord)) ?? 0;
    if (bits === 0) region = (Math.floor(region / regionsPerWord) + 1) * regionsPerWord;
    else if (isSet(words, region)) return region;
    else region += 1;
  }
  return null;
}

/** Stretches of set regions, ascending: [first, count]. */
function* runsOf(words: ReadonlyMap<number, number>): Generator<readonly [first: number, count: number]> {
  let run: [number, number] | null = null;
  for (const word of [...words.keys()].sort((a, b) => a - b))
    for (let bit = 0; bit < regionsPerWord; bit++) {
      const region = word * regionsPerWord + bit;
      if (!isSet(words, region)) continue;
      if (run !== null && run[0] + run[1] === region) run[1] += 1;
      else {
        if (run !== null) yield run;
        run = [region, 1];
      }
    }
  if (run !== null) yield run;
}

function countBits(words: Iterable<number>): number {
  let count = 0;
  for (let bits of words) for (; bits !== 0; bits &= bits - 1) count += 1;
  return count;
}
