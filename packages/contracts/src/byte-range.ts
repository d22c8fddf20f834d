/** Half-open ranges of bytes, [offset, offset + length). Offsets and lengths are in bytes, always. */
export interface ByteRange {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

export function endOf(range: ByteRange): number {
  return range.offsetBytes + range.lengthBytes;
}

export function overlaps(a: ByteRange, b: ByteRange): boolean {
  return a.offsetBytes < endOf(b) && b.offsetBytes < endOf(a);
}

/** True when `range` is well formed and lies within a volume of `sizeBytes`. */
export function within(range: ByteRange, sizeBytes: number): boolean {
  return (
    Number.isSafeInteger(range.offsetBytes) &&
    Number.isSafeInteger(range.lengthBytes) &&
    range.offsetBytes >= 0 &&
    range.lengthBytes >= 0 &&
    endOf(range) <= sizeBytes
  );
}
