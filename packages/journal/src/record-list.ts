/**
 * Records in memory, in ascending sequence, taken off at both ends: the tail cache of the LevelDB journal, and all
 * of the memory journal.
 */
export interface RecordList<T extends { readonly sequence: number }> {
  push(item: T): void;
  /** Takes off everything above `sequence`. */
  cutAfter(sequence: number): void;
  /** Takes off everything up to `sequence`. */
  dropThrough(sequence: number): void;
  first(): T | undefined;
  last(): T | undefined;
  /** The sum of the items' sizes. */
  bytes(): number;
  /** Items from `sequence` on. Not to be used across a change of the list. */
  from(sequence: number): Iterable<T>;
  /** Another list of the same items. */
  copy(): RecordList<T>;
}

export function createRecordList<T extends { readonly sequence: number }>(
  sizeOf: (item: T) => number,
  initial: readonly T[] = [],
): RecordList<T> {
  /** Those before `head` were dropped; their places are cleared, for they may hold a mebibyte each. */
  let items: (T | undefined)[] = [...initial];
  let head = 0;
  let bytes = initial.reduce((sum, item) => sum + sizeOf(item), 0);

  const search = (sequence: number): number => {
    let [low, high] = [head, items.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((items[middle]?.sequence ?? Infinity) < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  /** Gives the dropped front back once it is the larger part, so that each item is moved at most once on average. */
  const compact = (): void => {
    if (head < 256 || head * 2 < items.length) return;
    items = items.slice(head);
    head = 0;
  };

  return {
    push(item) {
      items.push(item);
      bytes += sizeOf(item);
    },
    cutAfter(sequence) {
      for (const item of items.splice(search(sequence + 1))) if (item !== undefined) bytes -= sizeOf(item);
    },
    dropThrough(sequence) {
      for (let item = items[head]; item !== undefined && item.sequence <= sequence; item = items[head]) {
        bytes -= sizeOf(item);
        items[head] = undefined;
        head += 1;
      }
      compact();
    },
    first: () => items[head],
    last: () => (head < items.length ? items.at(-1) : undefined),
    bytes: () => bytes,
    *from(sequence) {
      for (let position = search(sequence); position < items.length; position++) {
        const item = items[position];
        if (item !== undefined) yield item;
      }
    },
    copy: () =>
      createRecordList(
        sizeOf,
        items.filter((item) => item !== undefined),
      ),
  };
}
