/** Runs of an array's grains: which are free, and sets of runs that grow and shrink. Pure. */
import { endOf, type ByteRange } from "@waystation/contracts/byte-range";

/** The parts of `whole` that none of `taken` covers, in order. */
export function freeBetween(whole: ByteRange, taken: readonly ByteRange[]): ByteRange[] {
  return withoutRanges([whole], taken);
}

/** `ranges` less `removed`, in order. */
export function withoutRanges(ranges: readonly ByteRange[], removed: readonly ByteRange[]): ByteRange[] {
  const cuts = removed.toSorted(byOffset);
  const kept: ByteRange[] = [];
  let first = 0;
  for (const range of ranges.toSorted(byOffset)) {
    let at = range.offsetBytes;
    const end = endOf(range);
    while (first < cuts.length && endOf(cuts[first] as ByteRange) <= at) first++;
    for (let index = first; index < cuts.length && at < end; index++) {
      const cut = cuts[index] as ByteRange;
      if (cut.offsetBytes >= end) break;
      if (cut.offsetBytes > at) kept.push({ offsetBytes: at, lengthBytes: cut.offsetBytes - at });
      at = Math.max(at, endOf(cut));
    }
    if (at < end) kept.push({ offsetBytes: at, lengthBytes: end - at });
  }
  return kept;
}

/** `ranges` and `added`, which they do not overlap, with neighbours joined. */
export function withRange(ranges: readonly ByteRange[], added: ByteRange): ByteRange[] {
  const joined: ByteRange[] = [];
  for (const range of [...ranges, added].toSorted(byOffset)) {
    const last = joined.at(-1);
    if (last === undefined || endOf(last) < range.offsetBytes) joined.push(range);
    else joined[joined.length - 1] = { offsetBytes: last.offsetBytes, lengthBytes: endOf(range) - last.offsetBytes };
  }
  return joined;
}

export function totalBytes(ranges: readonly ByteRange[]): number {
  return ranges.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0);
}

export function largestBytes(ranges: readonly ByteRange[]): number {
  return ranges.reduce((most, { lengthBytes }) => Math.max(most, lengthBytes), 0);
}

function byOffset(a: ByteRange, b: ByteRange): number {
  return a.offsetBytes - b.offsetBytes;
}
