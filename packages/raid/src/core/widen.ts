/**
 * Widens what a round writes to whole blocks, since a checksum is of a whole block: the rest of a block that is written in
 * part is what the disk holds. Every border of the segments that come out lies between two blocks.
 */
import { layOver, type CellUpdate, type Segment } from "./cell-update.js";
import { blockBytes } from "./disk-layout.js";

/** A block of a cell that is written by more than one segment, or not as a whole. */
export interface PartBlock {
  readonly unit: number;
  /** Where in the cell it starts. */
  readonly startBytes: number;
  /** False when its segments leave nothing of it out. */
  readonly needsOld: boolean;
}

export function partBlocks(update: CellUpdate): PartBlock[] {
  return update.units.flatMap((segments, unit) => {
    const starts = new Set<number>();
    for (const { startBytes, endBytes } of segments) {
      for (const border of [startBytes, endBytes]) if (border % blockBytes !== 0) starts.add(floorTo(border));
    }
    return [...starts].map((startBytes) => {
      const covered = segments.reduce((sum, segment) => sum + overlapBytes(segment, startBytes), 0);
      return { unit, startBytes, needsOld: covered < blockBytes };
    });
  });
}

/** Makes one segment of a block: `block` holds its old bytes where no segment does, and the new ones over them after. */
export function fillBlock(update: CellUpdate, part: PartBlock, block: Uint8Array): void {
  const { unit, startBytes } = part;
  const segments = update.units[unit] ?? [];
  for (const segment of segments) copyInto(block, startBytes, segment);
  const holdsKnown = segments.some((segment) => segment.isKnown === true && overlapBytes(segment, startBytes) > 0);
  const holdsOld = part.needsOld || holdsKnown;
  const whole: Segment = { startBytes, endBytes: startBytes + blockBytes, source: block, sourceBytes: 0, holdsOld };
  update.units[unit] = layOver(segments, whole);
}

function copyInto(block: Uint8Array, blockStart: number, segment: Segment): void {
  const start = Math.max(segment.startBytes, blockStart);
  const end = Math.min(segment.endBytes, blockStart + blockBytes);
  if (start >= end) return;
  if (segment.source === null) {
    block.fill(0, start - blockStart, end - blockStart);
    return;
  }
  const from = segment.sourceBytes + start - segment.startBytes;
  block.set(segment.source.subarray(from, from + end - start), start - blockStart);
}

function overlapBytes({ startBytes, endBytes }: Segment, blockStart: number): number {
  return Math.max(0, Math.min(endBytes, blockStart + blockBytes) - Math.max(startBytes, blockStart));
}

function floorTo(bytes: number): number {
  return bytes - (bytes % blockBytes);
}
