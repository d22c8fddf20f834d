/**
 * Memory for encoded records, taken and given back in the order of commits, and used again and again. Records outlive the
 * collector's young generation while they wait in the tail cache: taken from the heap, megabytes of them a second brought
 * a full collection for every 64 MiB that passed through a journal, and took a fifth of the processor.
 *
 *     arena   |  free  | oldest ... newest |  free  |        or        | ... newest |  free  | oldest ... |  unused  |
 */
export interface RecordMemory {
  /** Memory for the records of a commit, in ascending order of commits; from the heap where the arena has no room. */
  take(lengthBytes: number, commit: number): Buffer;
  /** Nobody looks any more at what commits up to this one have taken: it will be written over. */
  giveBackThrough(commit: number): void;
}

interface Span {
  readonly commit: number;
  readonly start: number;
  readonly end: number;
}

export function createRecordMemory(sizeBytes: number): RecordMemory {
  // Most journals hold no records, and need none.
  let arena: Buffer | null = null;
  /** In the order in which they were taken, none of them empty. */
  const spans: Span[] = [];

  const placeFor = (lengthBytes: number): number | null => {
    const [oldest, newest] = [spans[0], spans.at(-1)];
    if (oldest === undefined || newest === undefined) return lengthBytes <= sizeBytes ? 0 : null;
    const { end } = newest;
    const goesRound = end <= oldest.start;
    if (goesRound) return oldest.start - end >= lengthBytes ? end : null;
    if (sizeBytes - end >= lengthBytes) return end;
    return oldest.start >= lengthBytes ? 0 : null;
  };

  return {
    take(lengthBytes, commit) {
      const start = lengthBytes === 0 ? null : placeFor(lengthBytes);
      if (start === null) return Buffer.allocUnsafe(lengthBytes);
      arena ??= Buffer.allocUnsafeSlow(sizeBytes);
      const end = start + lengthBytes;
      spans.push({ commit, start, end });
      return arena.subarray(start, end);
    },
    giveBackThrough(commit) {
      let count = 0;
      for (let span = spans[0]; span !== undefined && span.commit <= commit; span = spans[count]) count += 1;
      spans.splice(0, count);
    },
  };
}
