/**
 * Walks what a volume or snapshot holds, beside its successor: the next younger snapshot of the same volume, or the
 * volume. What is younger than its predecessor, and not in the successor too, is its alone. Each step of the walk is
 * bounded, and the next goes on at the chunk where it ended.
 *
 * Why comparing with the two neighbours is enough: a chunk that is in a snapshot and in any other one of the volume was
 * there all the time between, since a volume never takes up again what it has let go of; so it is in a neighbour too.
 * A clone has chunks of its snapshot's and of no other's, and its snapshot cannot be deleted.
 */
import type { ChunkRange } from "./chunk-bag.js";
import { slotAddress, slotWords, type MapContext, type MapPlace } from "./chunk-map.js";
import {
  birthOf,
  childWord,
  hole,
  isHole,
  isRun,
  isSameWord,
  wordBytes,
  type TreeShape,
  type Word,
} from "./map-word.js";

export interface WalkJob {
  readonly source: MapPlace;
  /** Null when there is no successor: everything is its alone that is no predecessor's. */
  readonly successorSlot: number | null;
  /** What was born up to then is the predecessor's. */
  readonly predecessorBirth: number;
  /** Whether what is shared with the successor is counted; otherwise it is skipped, which is faster. */
  readonly countsShared: boolean;
}

export interface WalkStep {
  /** Everything before this chunk has been walked, nodes that end there included. */
  readonly position: number;
  readonly alone: readonly ChunkRange[];
  readonly aloneNodes: readonly number[];
  /** Shared with the successor, and no predecessor's. */
  readonly sharedData: number;
  readonly sharedNodes: number;
}

/** Bounds of a step: words looked at, and chunks of runs let go. All of it fits one change of the maps (map-store.ts). */
const wordsPerStep = 1536;
const runChunksPerStep = 65_536;

interface Step {
  position: number;
  readonly alone: ChunkRange[];
  readonly aloneNodes: number[];
  sharedData: number;
  sharedNodes: number;
  wordsLeft: number;
  runChunksLeft: number;
}

/** The words that stand for the same chunks of both, from `base` on. */
interface Pair {
  readonly word: Word;
  readonly other: Word;
  readonly level: number;
  readonly base: number;
}

export async function walkStep(context: MapContext, job: WalkJob, from: number): Promise<WalkStep> {
  const { maps } = context;
  const { shape, slot } = job.source;
  const step: Step = {
    position: from,
    alone: [],
    aloneNodes: [],
    sharedData: 0,
    sharedNodes: 0,
    wordsLeft: wordsPerStep,
    runChunksLeft: runChunksPerStep,
  };
  const rootOf = (of: number): Promise<Word> => maps.word(slotAddress(of, slotWords.root));
  const other = job.successorSlot === null ? hole : await rootOf(job.successorSlot);
  await walk(context, job, { word: await rootOf(slot), other, level: shape.levels, base: 0 }, step);
  return step;
}

/** Returns whether the step ended before the pair did. */
async function walk(context: MapContext, job: WalkJob, pair: Pair, step: Step): Promise<boolean> {
  const { shape } = job.source;
  const { word, other, level, base } = pair;
  const end = Math.min(base + (shape.spans[level] as number), shape.chunkCount);
  if (end <= step.position) return false;
  if (step.wordsLeft-- <= 0) return true;
  if (isPassedOver(job, pair)) {
    step.position = end;
    return false;
  }
  const isShared = isSameWord(word, other);
  if (isRun(word) && (isShared || isHole(other))) return settleRun(pair, end, step, isShared);
  if (await walkChildren(context, job, pair, step)) return true;
  if (!isRun(word)) {
    if (isShared) step.sharedNodes++;
    else step.aloneNodes.push(word.chunk);
  }
  step.position = end;
  return false;
}

/** The same for one data chunk. */
function walkChunk(job: WalkJob, pair: Pair, step: Step): boolean {
  if (pair.base < step.position) return false;
  if (step.wordsLeft-- <= 0) return true;
  if (!isPassedOver(job, pair)) return settleRun(pair, pair.base + 1, step, pair.word.chunk === pair.other.chunk);
  step.position = pair.base + 1;
  return false;
}

function isPassedOver({ predecessorBirth, countsShared }: WalkJob, { word, other }: Pair): boolean {
  const isOfPredecessor = isHole(word) || birthOf(word) <= predecessorBirth;
  return isOfPredecessor || (!countsShared && isSameWord(word, other));
}

/** One data chunk, or a run of them that is as a whole shared or not. */
function settleRun({ word, base }: Pair, end: number, step: Step, isShared: boolean): boolean {
  const start = Math.max(base, step.position);
  if (isShared) {
    step.sharedData += end - start;
    step.position = end;
    return false;
  }
  const stop = Math.min(end, start + step.runChunksLeft);
  const first = word.chunk + (start - base);
  if (stop > start) addRun(step.alone, { start: first, end: first + (stop - start) });
  step.runChunksLeft -= stop - start;
  step.position = stop;
  return stop < end;
}

async function walkChildren(context: MapContext, job: WalkJob, pair: Pair, step: Step): Promise<boolean> {
  const { maps } = context;
  const { shape } = job.source;
  const { level, base } = pair;
  const below = shape.spans[level - 1] as number;
  const first = Math.max(0, Math.floor((step.position - base) / below));
  for (let child = first; child < shape.fanout && base + child * below < shape.chunkCount; child++) {
    const place = { level, child };
    // What is in memory is not waited for: a node has thousands of words.
    const word = wordBelow(context, shape, pair.word, place) ?? (await maps.word(addressIn(context, pair.word, child)));
    const other =
      wordBelow(context, shape, pair.other, place) ?? (await maps.word(addressIn(context, pair.other, child)));
    const next: Pair = { word, other, level: level - 1, base: base + child * below };
    const isCut = level === 1 ? walkChunk(job, next, step) : await walk(context, job, next, step);
    if (isCut) return true;
  }
  return false;
}

/** Undefined when its node is not in memory. */
function wordBelow(
  context: MapContext,
  shape: TreeShape,
  word: Word,
  { level, child }: { readonly level: number; readonly child: number },
): Word | undefined {
  if (isHole(word) || isRun(word)) return childWord(word, shape, level, child);
  return context.maps.wordNow(addressIn(context, word, child));
}

function addressIn({ layout }: MapContext, node: Word, child: number): number {
  return node.chunk * layout.chunkBytes + child * wordBytes;
}

function addRun(runs: ChunkRange[], run: ChunkRange): void {
  const last = runs.at(-1);
  if (last?.end === run.start) runs[runs.length - 1] = { start: last.start, end: run.end };
  else runs.push(run);
}
