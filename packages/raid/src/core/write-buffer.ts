/**
 * What was written and is not on the disks yet, by cell: later writes over earlier ones, so that small writes grow into
 * whole stripes before they go out. Pure: when what goes out is decided in `io/write-back.ts`.
 *
 * A cell is ready, or under way to the disks; what is written to a cell under way gathers behind it, so that each cell is
 * under way once at a time and its writes keep their order. A cell that could not be stored is stuck until somebody asks
 * again, or writes to it. Reads see all of it, the later over the earlier. Bytes are copied in, and never change once
 * their cell is under way.
 */
import assert from "node:assert";
import type { BlockWrite } from "@waystation/contracts/block-device";
import type { ByteRange } from "@waystation/contracts/byte-range";
import { createBufferPool, type BufferPool } from "./buffer-pool.js";
import { coversCell, createCellUpdate, layOver, type CellUpdate, type Segment } from "./cell-update.js";
import { cellPieces, type Cell, type CellPiece, type CellPieces, type Geometry } from "./geometry.js";

export interface BufferedCell {
  readonly update: CellUpdate;
  /** When its first write came: see `WriteBuffer.advance`. */
  readonly epoch: number;
  /** Memory that it takes. */
  heldBytes: number;
  /** Of which these are parts. */
  readonly sources: Buffer[];
}

export interface WriteBuffer {
  heldBytes(): number;
  /** Entries of these cells (null: of all): two for a cell that is under way and was written again. */
  count(cells: ReadonlySet<Cell> | null): number;
  /** Copies the pieces from `data` (null: zeros) over what is there. */
  put(group: CellPieces, data: Uint8Array | null): void;
  /** What `put` will add to `heldBytes` at most. */
  costOf(group: CellPieces, data: Uint8Array | null): number;
  /** Ends an epoch and returns it: all that is in the buffer is of it or an earlier one, all that comes is later. */
  advance(): number;
  /** Takes a ready cell of which every byte is new; or the one ready longest, if it is of `epoch` or earlier. */
  takeWhole(): BufferedCell | null;
  takeOldest(epoch: number): BufferedCell | null;
  take(cell: Cell): BufferedCell | null;
  /**
   * What was taken is on the disks. Returns whether more of its cell has gathered, which is ready now. `isRead`: somebody
   * may still apply an overlay that shows its bytes, so they must stay as they are.
   */
  settle(taken: BufferedCell, isRead: boolean): boolean;
  /** What was taken could not be stored. It is stuck, with what gathered behind it. */
  putBack(taken: BufferedCell): void;
  /** Those of the cells that are stuck (null: all that are) are ready again. */
  revive(cells: ReadonlySet<Cell> | null): void;
  stuckBytes(): number;
  /** Those of the cells that the writes touch of which something is in the buffer. */
  cellsMet(writes: readonly BlockWrite[]): Set<Cell>;
  /** What lies over the disks' content in a range; null when nothing does. */
  overlay(range: ByteRange): Overlay | null;
}

/** To be applied once: it keeps the memory of what it shows from being used again until then. */
export interface Overlay {
  /** Nothing of the range has to be read. */
  readonly isWhole: boolean;
  /** Lays it over `into`, which holds the disks' content of the range. */
  applyTo(into: Uint8Array): void;
}

/** Objects and maps cost memory too: a buffer of single bytes must not grow without bound. */
const segmentOverheadBytes = 256;

interface Patch {
  readonly atBytes: number;
  readonly lengthBytes: number;
  readonly source: Uint8Array | null;
  readonly sourceBytes: number;
}

/** Keeps up to `keptBytesMax` of memory for what comes when it holds nothing. */
export function createWriteBuffer(geometry: Geometry, keptBytesMax: number): WriteBuffer {
  const pool = createBufferPool(keptBytesMax);
  const cellBytes = geometry.windowBytes * geometry.dataUnits;
  /** In the order in which they became ready. */
  const ready = new Map<Cell, BufferedCell>();
  const whole = new Set<Cell>();
  const underWay = new Map<Cell, BufferedCell>();
  /** Written while their cell is under way. */
  const later = new Map<Cell, BufferedCell>();
  const stuck = new Map<Cell, BufferedCell>();
  const all = [ready, underWay, later, stuck];
  let epoch = 0;
  let heldBytes = 0;

  const reviveCell = (cell: Cell): void => {
    const entry = stuck.get(cell);
    if (entry === undefined) return;
    stuck.delete(cell);
    ready.set(cell, entry);
  };
  const entryFor = (cell: Cell): BufferedCell => {
    reviveCell(cell);
    const target = underWay.has(cell) ? later : ready;
    let entry = target.get(cell);
    if (entry === undefined) {
      entry = { update: createCellUpdate(cell, geometry.dataUnits), epoch, heldBytes: 0, sources: [] };
      target.set(cell, entry);
    }
    return entry;
  };
  const noteWhole = (cell: Cell): void => {
    const entry = ready.get(cell);
    if (entry === undefined || entry.heldBytes < cellBytes) return;
    if (coversCell(entry.update, geometry.windowBytes)) whole.add(cell);
  };
  const take = (cell: Cell): BufferedCell | null => {
    const entry = ready.get(cell);
    if (entry === undefined) return null;
    ready.delete(cell);
    whole.delete(cell);
    underWay.set(cell, entry);
    return entry;
  };
  const remove = (taken: BufferedCell): void => {
    assert(underWay.get(taken.update.cell) === taken, "a cell that is not under way has arrived");
    underWay.delete(taken.update.cell);
  };

  return {
    heldBytes: () => heldBytes,
    count(cells) {
      let total = 0;
      for (const entries of all) {
        if (cells === null) total += entries.size;
        else for (const cell of cells) if (entries.has(cell)) total++;
      }
      return total;
    },
    put(group, data) {
      const entry = entryFor(group.cell);
      for (const piece of group.pieces) {
        const added = putPiece(entry, piece, data, pool);
        entry.heldBytes += added;
        heldBytes += added;
      }
      noteWhole(group.cell);
    },
    costOf: ({ pieces }, data) => pieces.reduce((sum, piece) => sum + costOfPiece(piece, data), 0),
    advance: () => epoch++,
    takeWhole() {
      for (const cell of whole) return take(cell);
      return null;
    },
    takeOldest(limit) {
      for (const [cell, entry] of ready) return entry.epoch <= limit ? take(cell) : null;
      return null;
    },
    take,
    settle(taken, isRead) {
      remove(taken);
      heldBytes -= taken.heldBytes;
      if (!isRead) for (const source of taken.sources) pool.give(source);
      const { cell } = taken.update;
      const next = later.get(cell);
      if (next === undefined) return false;
      later.delete(cell);
      ready.set(cell, next);
      noteWhole(cell);
      return true;
    },
    putBack(taken) {
      remove(taken);
      const { cell } = taken.update;
      const newer = later.get(cell);
      later.delete(cell);
      for (const [unit, segments] of newer?.update.units.entries() ?? []) {
        for (const segment of segments) {
          taken.update.units[unit] = layOver(taken.update.units[unit] ?? [], segment);
        }
      }
      taken.heldBytes += newer?.heldBytes ?? 0;
      taken.sources.push(...(newer?.sources ?? []));
      stuck.set(cell, taken);
    },
    revive(cells) {
      for (const cell of cells ?? [...stuck.keys()]) reviveCell(cell);
    },
    stuckBytes: () => [...stuck.values()].reduce((sum, entry) => sum + entry.heldBytes, 0),
    cellsMet(writes) {
      const met = new Set<Cell>();
      const size = all.reduce((sum, entries) => sum + entries.size, 0);
      for (const { offsetBytes, lengthBytes } of size === 0 ? [] : writes) {
        // A long range meets more cells than the buffer has: rather take them all than look for each.
        if (lengthBytes / geometry.windowBytes > size) return new Set(all.flatMap((entries) => [...entries.keys()]));
        for (const { cell } of cellPieces(geometry, offsetBytes, lengthBytes)) {
          if (all.some((entries) => entries.has(cell))) met.add(cell);
        }
      }
      return met;
    },
    overlay({ offsetBytes, lengthBytes }) {
      if (ready.size + underWay.size + stuck.size === 0) return null;
      const patches: Patch[] = [];
      let isWhole = true;
      for (const { cell, pieces } of cellPieces(geometry, offsetBytes, lengthBytes)) {
        const layers = [underWay.get(cell), later.get(cell) ?? ready.get(cell) ?? stuck.get(cell)];
        for (const piece of pieces) {
          let isCovered = false;
          for (const layer of layers) {
            if (layer !== undefined && addPatches(patches, layer.update, piece) === piece.lengthBytes) isCovered = true;
          }
          isWhole &&= isCovered;
        }
      }
      return patches.length === 0 ? null : { isWhole, applyTo: (into) => applyPatches(patches, into) };
    },
  };
}

/** Returns the bytes of memory that were added. */
function putPiece(
  { update, sources }: BufferedCell,
  piece: CellPiece,
  data: Uint8Array | null,
  pool: BufferPool,
): number {
  const { unit, columnBytes: startBytes, lengthBytes, sourceBytes } = piece;
  const segments = update.units[unit] as Segment[];
  const endBytes = startBytes + lengthBytes;
  if (data === null) {
    update.units[unit] = layOver(segments, { startBytes, endBytes, source: null, sourceBytes: 0 });
    return segmentOverheadBytes;
  }
  const bytes = data.subarray(sourceBytes, sourceBytes + lengthBytes);
  const held = segments.find((segment) => segment.startBytes <= startBytes && endBytes <= segment.endBytes);
  if (held !== undefined && held.source !== null) {
    held.source.set(bytes, held.sourceBytes + startBytes - held.startBytes);
    return 0;
  }
  const source = pool.take(lengthBytes);
  source.set(bytes);
  sources.push(source);
  update.units[unit] = layOver(segments, { startBytes, endBytes, source, sourceBytes: 0 });
  return lengthBytes + segmentOverheadBytes;
}

function costOfPiece({ lengthBytes }: CellPiece, data: Uint8Array | null): number {
  return segmentOverheadBytes + (data === null ? 0 : lengthBytes);
}

/** Returns how much of the piece the update has. Segments of a unit do not overlap. */
function addPatches(patches: Patch[], update: CellUpdate, piece: CellPiece): number {
  let coveredBytes = 0;
  for (const { startBytes, endBytes, source, sourceBytes } of update.units[piece.unit] as Segment[]) {
    const start = Math.max(startBytes, piece.columnBytes);
    const lengthBytes = Math.min(endBytes, piece.columnBytes + piece.lengthBytes) - start;
    if (lengthBytes <= 0) continue;
    const atBytes = piece.sourceBytes + start - piece.columnBytes;
    patches.push({ atBytes, lengthBytes, source, sourceBytes: sourceBytes + start - startBytes });
    coveredBytes += lengthBytes;
  }
  return coveredBytes;
}

function applyPatches(patches: readonly Patch[], into: Uint8Array): void {
  for (const { atBytes, lengthBytes, source, sourceBytes } of patches) {
    if (source === null) into.fill(0, atBytes, atBytes + lengthBytes);
    else into.set(source.subarray(sourceBytes, sourceBytes + lengthBytes), atBytes);
  }
}
