/** A set of byte ranges: sorted, disjoint, never touching. Used for the blocks that a double fault made unreadable. */
import { endOf, type ByteRange } from "@waystation/contracts/byte-range";

export type RangeSet = readonly ByteRange[];

export function addRange(set: RangeSet, added: ByteRange): RangeSet {
  let [start, end] = [added.offsetBytes, endOf(added)];
  const rest: ByteRange[] = [];
  for (const range of set) {
    if (endOf(range) < start || range.offsetBytes > end) rest.push(range);
    else [start, end] = [Math.min(start, range.offsetBytes), Math.max(end, endOf(range))];
  }
  rest.push({ offsetBytes: start, lengthBytes: end - start });
  return rest.sort((a, b) => a.offsetBytes - b.offsetBytes);
}

export function removeRange(set: RangeSet, removed: ByteRange): RangeSet {
  if (!meets(set, removed)) return set;
  return set.flatMap((range) => {
    const before = { offsetBytes: range.offsetBytes, lengthBytes: removed.offsetBytes - range.offsetBytes };
    const after = { offsetBytes: endOf(removed), lengthBytes: endOf(range) - endOf(removed) };
    if (endOf(range) <= removed.offsetBytes || range.offsetBytes >= endOf(removed)) return [range];
    return [before, after].filter((part) => part.lengthBytes > 0);
  });
}

/** True when any byte of `range` is in the set. */
export function meets(set: RangeSet, range: ByteRange): boolean {
  return set.some((held) => held.offsetBytes < endOf(range) && range.offsetBytes < endOf(held));
}

/** The set with at most `countMax` ranges: gaps are taken in, the narrowest first. It never gets smaller in bytes. */
export function coarsen(set: RangeSet, countMax: number): RangeSet {
  if (set.length <= countMax) return set;
  const gapAfter = (index: number): number =>
    (set[index + 1] as ByteRange).offsetBytes - endOf(set[index] as ByteRange);
  const closed = Array.from({ length: set.length - 1 }, (_, index) => index)
    .sort((a, b) => gapAfter(a) - gapAfter(b))
    .slice(0, set.length - countMax);
  let result = set;
  for (const index of closed) {
    result = addRange(result, { offsetBytes: endOf(set[index] as ByteRange), lengthBytes: gapAfter(index) });
  }
  return result;
}
