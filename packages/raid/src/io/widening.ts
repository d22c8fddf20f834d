/**
 * Makes a round one of whole blocks, if the array has checksums, and knows what it makes of the list of lost blocks. What
 * is left of a block that is written in part is read, verified, and written with it. Where that cannot be known any more,
 * zeros are written and that part of the block is lost: what is written must be storable, whatever it lies next to.
 */
import type { ByteRange } from "@waystation/contracts/byte-range";
import { isFailure } from "@waystation/contracts/errors";
import type { CellUpdate } from "../core/cell-update.js";
import { blockBytes } from "../core/disk-layout.js";
import { arrayOffsetOfCell, type Geometry } from "../core/geometry.js";
import { addRange, coarsen, removeRange, type RangeSet } from "../core/range-set.js";
import { fillBlock, partBlocks, type PartBlock } from "../core/widen.js";
import type { ArrayReader } from "./array-reader.js";
import type { Members } from "./members.js";
import { lostCountMax, type LostBlocks } from "./stripe-log.js";

export interface WidenedRound {
  /** The list of lost blocks once these updates of the round are written; null when they do not change it. */
  lostAfter(lost: RangeSet, updates: readonly CellUpdate[]): RangeSet | null;
}

export interface WideningOptions {
  readonly members: Members;
  readonly reader: ArrayReader;
  readonly lost: LostBlocks;
}

/** Changes the updates. Rejects with `IO_ERROR` when the array has failed. */
export async function widenRound(options: WideningOptions, updates: readonly CellUpdate[]): Promise<WidenedRound> {
  const { geometry } = options.members;
  /** What somebody writes, before it was widened. */
  const written = new Map<CellUpdate, ByteRange[]>();
  const unknown = new Map<CellUpdate, ByteRange[]>();
  const widen = async (update: CellUpdate): Promise<void> => {
    const parts = geometry.checksums ? partBlocks(update) : [];
    if (parts.length > 0 || options.lost.ranges.length > 0) written.set(update, writtenRanges(geometry, update));
    const blocks = await Promise.all(parts.map((part) => readOld(options, update, part)));
    for (const [index, part] of parts.entries()) {
      fillBlock(update, part, blocks[index] ?? Buffer.alloc(blockBytes));
      if (blocks[index] !== null) continue;
      const range = { offsetBytes: blockOffset(geometry, update, part), lengthBytes: blockBytes };
      unknown.set(update, [...(unknown.get(update) ?? []), range]);
    }
  };
  await Promise.all(updates.map(widen));

  return {
    lostAfter(lost, some) {
      let after = lost;
      for (const update of some) {
        for (const range of unknown.get(update) ?? []) after = addRange(after, range);
        for (const range of written.get(update) ?? []) after = removeRange(after, range);
      }
      return after === lost ? null : coarsen(after, lostCountMax(geometry));
    },
  };
}

/** Null when nothing certain is left of the block. */
async function readOld(options: WideningOptions, update: CellUpdate, part: PartBlock): Promise<Buffer | null> {
  const block = Buffer.alloc(blockBytes);
  if (!part.needsOld) return block;
  try {
    await options.reader.readStored(blockOffset(options.members.geometry, update, part), block);
    return block;
  } catch (error) {
    if (!isFailure(error, "IO_ERROR")) throw error;
    options.members.checkUsable();
    return null;
  }
}

function blockOffset(geometry: Geometry, { cell }: CellUpdate, { unit, startBytes }: PartBlock): number {
  return arrayOffsetOfCell(geometry, cell, unit) + startBytes;
}

function writtenRanges(geometry: Geometry, update: CellUpdate): ByteRange[] {
  return update.units.flatMap((segments, unit) => {
    const start = arrayOffsetOfCell(geometry, update.cell, unit);
    const fresh = segments.filter(({ isKnown }) => isKnown !== true);
    return fresh.map(({ startBytes, endBytes }) => {
      return { offsetBytes: start + startBytes, lengthBytes: endBytes - startBytes };
    });
  });
}
