/**
 * Plans a pair's copying (SPEC A7, A9): which range to lock, read from one side and write to the other in one step. A
 * step is a run of regions that want copying, widened to whole stripes of its target: the redundancy of a stripe can be
 * formed without reading the target only if all its data units are at hand. Runs end at stripe borders where they can,
 * so that few stripes are written twice.
 */
import { endOf, type ByteRange } from "@waystation/contracts/byte-range";
import type { RegionRun } from "./region-marks.js";

/** Where the whole stripes of a target lie in its volume. */
export interface StripeGrid {
  readonly stripeBytes: number;
  /** Where the first whole stripe starts. */
  readonly stripeOffsetBytes: number;
}

export interface CopySpace {
  readonly sizeBytes: number;
  readonly regionBytes: number;
  /** Null when the target cannot form redundancy from what it is given. */
  readonly grid: StripeGrid | null;
}

export interface CopyStep {
  /** The regions that are done when the step is. */
  readonly regions: RegionRun;
  /** What is locked; whole stripes of the target where it has them. */
  readonly range: ByteRange;
}

export interface StepRequest {
  /** The first region to look at. */
  readonly from: number;
  /** The regions of a step, before they are widened, are no longer than this, or one region. */
  readonly bytesMax: number;
  readonly wants: (region: number) => boolean;
}

export function nextStep(space: CopySpace, { from, bytesMax, wants }: StepRequest): CopyStep | null {
  const regionCount = Math.ceil(space.sizeBytes / space.regionBytes);
  let first = from;
  while (first < regionCount && !wants(first)) first++;
  if (first >= regionCount) return null;
  const endMax = Math.min(regionCount, first + Math.max(1, Math.floor(bytesMax / space.regionBytes)));
  let end = first + 1;
  while (end < endMax && wants(end)) end++;
  const isCut = end < regionCount && wants(end);
  const regions = { first, end: isCut ? alignedEnd(space, first, end) : end };
  return { regions, range: widen(space, rangeOf(space, regions)) };
}

/** The last region border up to `end` that is a stripe border too, if there is one. */
function alignedEnd({ regionBytes, grid }: CopySpace, first: number, end: number): number {
  if (grid === null) return end;
  for (let candidate = end; candidate > first; candidate--) {
    if ((candidate * regionBytes - grid.stripeOffsetBytes) % grid.stripeBytes === 0) return candidate;
  }
  return end;
}

export function rangeOf({ sizeBytes, regionBytes }: CopySpace, { first, end }: RegionRun): ByteRange {
  const offsetBytes = first * regionBytes;
  return { offsetBytes, lengthBytes: Math.min(sizeBytes, end * regionBytes) - offsetBytes };
}

/** The range with the whole stripes that it touches; at the ends of the volume as far as it goes. */
export function widen({ sizeBytes, grid }: CopySpace, range: ByteRange): ByteRange {
  if (grid === null) return range;
  const { stripeBytes, stripeOffsetBytes } = grid;
  const down = Math.floor((range.offsetBytes - stripeOffsetBytes) / stripeBytes) * stripeBytes + stripeOffsetBytes;
  const up = Math.ceil((endOf(range) - stripeOffsetBytes) / stripeBytes) * stripeBytes + stripeOffsetBytes;
  const offsetBytes = Math.max(0, down);
  return { offsetBytes, lengthBytes: Math.min(sizeBytes, up) - offsetBytes };
}

/** The part of a range that is whole stripes of the target; null when none is. */
export function wholeStripes({ sizeBytes, grid }: CopySpace, range: ByteRange): ByteRange | null {
  if (grid === null) return null;
  const { stripeBytes, stripeOffsetBytes } = grid;
  const up = Math.ceil((range.offsetBytes - stripeOffsetBytes) / stripeBytes) * stripeBytes + stripeOffsetBytes;
  const end = Math.min(sizeBytes, endOf(range));
  const down = Math.floor((end - stripeOffsetBytes) / stripeBytes) * stripeBytes + stripeOffsetBytes;
  return down > up ? { offsetBytes: up, lengthBytes: down - up } : null;
}

/** The parts of `range` that lie in regions which satisfy `wants`, joined where they touch, in order. */
export function partsWhere(space: CopySpace, range: ByteRange, wants: (region: number) => boolean): ByteRange[] {
  const parts: { offsetBytes: number; lengthBytes: number }[] = [];
  for (const part of regionPieces(space, range)) {
    if (!wants(part.region)) continue;
    const last = parts.at(-1);
    if (last !== undefined && endOf(last) === part.offsetBytes) last.lengthBytes += part.lengthBytes;
    else parts.push({ offsetBytes: part.offsetBytes, lengthBytes: part.lengthBytes });
  }
  return parts;
}

export interface RegionPiece extends ByteRange {
  readonly region: number;
}

/** Cuts a range at region borders. */
export function* regionPieces(
  { regionBytes }: Pick<CopySpace, "regionBytes">,
  range: ByteRange,
): Generator<RegionPiece> {
  let at = range.offsetBytes;
  while (at < endOf(range)) {
    const region = Math.floor(at / regionBytes);
    const lengthBytes = Math.min(endOf(range), (region + 1) * regionBytes) - at;
    yield { region, offsetBytes: at, lengthBytes };
    at += lengthBytes;
  }
}

/** What of `range` lies before and after `inner`, which lies within it. */
export function around(range: ByteRange, inner: ByteRange): ByteRange[] {
  const before = { offsetBytes: range.offsetBytes, lengthBytes: inner.offsetBytes - range.offsetBytes };
  const after = { offsetBytes: endOf(inner), lengthBytes: endOf(range) - endOf(inner) };
  return [before, after].filter(({ lengthBytes }) => lengthBytes > 0);
}
