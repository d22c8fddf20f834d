/**
 * Cuts writes into cells. A *stripe write* brings whole stripes of which only some ranges differ from what the disks hold:
 * these are written, and what lies around them is only known.
 */
import type { BlockWrite } from "@waystation/contracts/block-device";
import { endOf, type ByteRange } from "@waystation/contracts/byte-range";
import { coversCell, createCellUpdate, layOver, type CellUpdate, type Segment } from "../core/cell-update.js";
import { blockBytes, roundUp } from "../core/disk-layout.js";
import {
  arrayOffsetOfCell,
  cellPieces,
  type Cell,
  type CellPiece,
  type CellPieces,
  type Geometry,
} from "../core/geometry.js";
import { entryBytesMax } from "../core/log-record.js";

export interface QueuedWrite extends BlockWrite {
  /** Of a stripe write: the ranges of the array, within it, that are written. */
  readonly changed?: readonly ByteRange[];
}

export interface PieceGroup extends CellPieces {
  /** Null: zeros, or as `update` says. */
  readonly source: Uint8Array | null;
  /** What is written, if it was gathered before: the pieces are its segments, each with a source of its own. */
  readonly update?: CellUpdate;
  /** Pieces whose bytes are on the disks already, but for those of `pieces`, which lie within them. */
  readonly known: readonly CellPiece[];
}

/** Lazily, so that zeroing a large range costs no memory. */
export function* groupsOf(geometry: Geometry, writes: readonly QueuedWrite[]): Generator<PieceGroup, undefined> {
  for (const { offsetBytes, lengthBytes, data, changed } of writes) {
    for (const { cell, pieces } of cellPieces(geometry, offsetBytes, lengthBytes)) {
      if (changed === undefined) yield { cell, pieces, known: [], source: data };
      else {
        const written = pieces.flatMap((piece) => changedParts(geometry, { cell, piece }, changed));
        // Where nothing changes, there is nothing to form either; without parity, no more than the rest of a block.
        const known = geometry.parityUnits === 0 && !geometry.checksums ? [] : pieces;
        if (written.length > 0) yield { cell, pieces: written, known, source: data };
      }
    }
  }
  return undefined;
}

/** What was gathered of a cell, as one group: a whole stripe must not be torn between two rounds. */
export function groupOf(update: CellUpdate): PieceGroup {
  const pieces = update.units.flatMap((segments, unit) =>
    segments.map(({ startBytes, endBytes, sourceBytes }) => {
      return { unit, columnBytes: startBytes, lengthBytes: endBytes - startBytes, sourceBytes };
    }),
  );
  return { cell: update.cell, pieces, known: [], source: null, update };
}

/** The same as writes of the array: what it overlaps. */
export function writesOf(geometry: Geometry, { cell, units }: CellUpdate): BlockWrite[] {
  return units.flatMap((segments, unit) => {
    const start = arrayOffsetOfCell(geometry, cell, unit);
    return segments.map(({ startBytes, endBytes, source, sourceBytes }) => {
      const lengthBytes = endBytes - startBytes;
      const data = source === null ? null : source.subarray(sourceBytes, sourceBytes + lengthBytes);
      return { offsetBytes: start + startBytes, lengthBytes, data };
    });
  });
}

function changedParts(
  geometry: Geometry,
  { cell, piece }: { readonly cell: Cell; readonly piece: CellPiece },
  changed: readonly ByteRange[],
): CellPiece[] {
  const start = arrayOffsetOfCell(geometry, cell, piece.unit) + piece.columnBytes;
  return changed.flatMap((range) => {
    const from = Math.max(0, range.offsetBytes - start);
    const to = Math.min(piece.lengthBytes, endOf(range) - start);
    if (from >= to) return [];
    const { unit, columnBytes, sourceBytes } = piece;
    return [{ unit, columnBytes: columnBytes + from, lengthBytes: to - from, sourceBytes: sourceBytes + from }];
  });
}

/** Lays a group over what the round has of its cell. */
export function addGroup(geometry: Geometry, updates: Map<Cell, CellUpdate>, group: PieceGroup): void {
  let update = updates.get(group.cell);
  // What another write of this round changes is on no disk yet, whatever this one knows: then all of it is written.
  const isKnown = update === undefined;
  if (update === undefined) {
    update = createCellUpdate(group.cell, geometry.dataUnits);
    updates.set(group.cell, update);
  }
  const lay = ({ unit, columnBytes, lengthBytes, sourceBytes }: CellPiece, known: Pick<Segment, "isKnown">): void => {
    const [startBytes, endBytes] = [columnBytes, columnBytes + lengthBytes];
    const segment = { startBytes, endBytes, source: group.source, sourceBytes, ...known };
    update.units[unit] = layOver(update.units[unit] ?? [], segment);
  };
  if (group.update !== undefined) {
    for (const [unit, segments] of group.update.units.entries()) {
      for (const segment of segments) update.units[unit] = layOver(update.units[unit] ?? [], segment);
    }
    return;
  }
  for (const piece of group.known) lay(piece, { isKnown });
  for (const piece of group.pieces) lay(piece, {});
}

/**
 * An upper bound of what this takes of a record: data and as much of each parity; for each piece two segments (itself, and
 * what it may cut off another) and as many runs of each parity; an intent for the cell.
 */
export function costOf(geometry: Geometry, group: PieceGroup, updates: ReadonlyMap<Cell, unknown>): number {
  const { cell, pieces, known, update } = group;
  if (update !== undefined && !updates.has(cell) && coversCell(update, geometry.windowBytes)) {
    return wholeCellCost(geometry);
  }
  const shares = 1 + geometry.parityUnits;
  let total = entryBytesMax + 4 * geometry.diskCount;
  for (const piece of updates.has(cell) ? [...pieces, ...known] : pieces) {
    total += shares * (stagedBytes(geometry, piece) + 2 * entryBytesMax);
  }
  return total;
}

/**
 * A whole cell mostly goes past the log, and takes only room for its parity, which is half as much as the record. When it
 * does not, the committer takes the round in parts. A quarter of its data at least, so that a round stays bounded.
 */
function wholeCellCost({ windowBytes, dataUnits, parityUnits, diskCount }: Geometry): number {
  return entryBytesMax + 4 * diskCount + Math.max(2 * parityUnits, dataUnits / 4) * windowBytes;
}

/** With checksums, whole blocks are written (`widening.ts`). */
function stagedBytes({ checksums }: Geometry, { columnBytes, lengthBytes }: CellPiece): number {
  if (!checksums) return lengthBytes;
  return roundUp(columnBytes + lengthBytes, blockBytes) - (columnBytes - (columnBytes % blockBytes));
}
