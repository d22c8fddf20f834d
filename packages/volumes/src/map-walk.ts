/**
 * Walks what a volume or snapshot holds, beside its successor: the next younger snapshot of the same volume, or the
 * volume. What is younger than its predecessor, and not in the successor too, is its alone. Each step of the walk is
 * bounded, and the next goes on at the chunk where it ended.
 *
 * Why comparing with the two neighbours is enough: a chunk that is in a snapshot and in any other one of the volume was
 * there all the time between, since a volume never takes up again what it has let go of; so it is in a neighbour too.
 * A clone has chunks of its snapshot's and of no other's, and its snapshot cannot be deleted.
 */
import type { ChunkRange } from "./chunk-allocator.js";
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
  const isOfPredecessor = isHole(word) || birthOf(word) <= job.predecessorBirth;
  const isShared = isSameWord(word, other);
  if (isOfPredecessor || (isShared && !job.countsShared)) {
    step.position = end;
    return false;
  }
  const isLeaf = level === 0 || (isRun(word) && (isShared || isHole(other)));
  if (isLeaf) return settleRun(pair, end, step, isShared || (level === 0 && word.chunk === other.chunk));
  if (await walkChildren(context, job, pair, step)) return true;
  if (!isRun(word)) {
    if (isShared) step.sharedNodes++;
    else step.aloneNodes.push(word.chunk);
  }
  step.position = end;
  return false;
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
  const { shape } = job.source;
  const { word, other, level, base } = pair;
  const below = shape.spans[level - 1] as number;
  const first = Math.max(0, Math.floor((step.position - base) / below));
  for (let child = first; child < shape.fanout && base + child * below < shape.chunkCount; child++) {
    const next: Pair = {
      word: await wordBelow(context, shape, { word, level, child }),
      other: await wordBelow(context, shape, { word: other, level, child }),
      level: level - 1,
      base: base + child * below,
    };
    if (await walk(context, job, next, step)) return true;
  }
  return false;
}

async function wordBelow(
  { layout, maps }: MapContext,
  shape: TreeShape,
  { word, level, child }: { readonly word: Word; readonly level: number; readonly child: number },
): Promise<Word> {
  if (isHole(word) || isRun(word)) return childWord(word, shape, level, child);
  return maps.word(word.chunk * layout.chunkBytes + child * wordBytes);
}

function addRun(runs: ChunkRange[], run: ChunkRange): void {
  const last = runs.at(-1);
  if (last?.end === run.start) runs[runs.length - 1] = { start: last.start, end: run.end };
  else runs.push(run);
}
