/** A bag of chunks, to which single ones and long runs are added, and taken out again as they were added. */

/** Chunks [start, end). */
export interface ChunkRange {
  readonly start: number;
  readonly end: number;
}

export interface ChunkBag {
  add(chunks: ChunkRange): void;
  /** The very range that was added. */
  remove(chunks: ChunkRange): void;
  has(chunk: number): boolean;
  count(): number;
  ranges(): readonly ChunkRange[];
}

export function createChunkBag(): ChunkBag {
  const singles = new Set<number>();
  /** Few: a run is as much as one step of a deletion lets go of. */
  const runs = new Set<ChunkRange>();
  let runTotal = 0;
  const isInRun = (chunk: number): boolean => {
    for (const { start, end } of runs) if (start <= chunk && chunk < end) return true;
    return false;
  };
  return {
    add(chunks) {
      if (chunks.end - chunks.start === 1) singles.add(chunks.start);
      else {
        runs.add(chunks);
        runTotal += chunks.end - chunks.start;
      }
    },
    remove(chunks) {
      if (chunks.end - chunks.start === 1) singles.delete(chunks.start);
      else if (runs.delete(chunks)) runTotal -= chunks.end - chunks.start;
    },
    has: (chunk) => singles.has(chunk) || (runs.size > 0 && isInRun(chunk)),
    count: () => singles.size + runTotal,
    ranges: () => [...runs, ...Array.from(singles, (start) => ({ start, end: start + 1 }))],
  };
}
