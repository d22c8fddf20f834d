/**
 * The new content of one cell: what the writes of a round leave, the later over the earlier where they overlap. Per
 * data unit a list of segments, sorted by column and disjoint.
 */
import type { Cell } from "./geometry.js";

/** New bytes for the columns [startBytes, endBytes) of a unit. `source` null means zeros. */
export interface Segment {
  readonly startBytes: number;
  readonly endBytes: number;
  readonly source: Uint8Array | null;
  /** Where in `source` the segment starts. */
  readonly sourceBytes: number;
  /** The disks hold these bytes already: they take part in forming parity, and are not written (SPEC A7). */
  readonly isKnown?: boolean;
  /** A block of which only a part is new: nothing of the rest may be lost with it. */
  readonly holdsOld?: boolean;
}

export interface CellUpdate {
  readonly cell: Cell;
  /** Indexed by data unit. */
  readonly units: Segment[][];
}

export function createCellUpdate(cell: Cell, dataUnits: number): CellUpdate {
  return { cell, units: Array.from({ length: dataUnits }, () => []) };
}

/** The segments with `added` laid over them. */
export function layOver(segments: readonly Segment[], added: Segment): Segment[] {
  if (added.startBytes >= added.endBytes) return [...segments];
  const last = segments.at(-1);
  if (last === undefined || last.endBytes <= added.startBytes) return [...segments, added];
  const result: Segment[] = [];
  for (const segment of segments) {
    if (segment.startBytes < added.startBytes) {
      result.push({ ...segment, endBytes: Math.min(segment.endBytes, added.startBytes) });
    }
    if (segment.endBytes > added.endBytes) {
      const startBytes = Math.max(segment.startBytes, added.endBytes);
      const sourceBytes = segment.sourceBytes + startBytes - segment.startBytes;
      result.push({ ...segment, startBytes, sourceBytes });
    }
  }
  result.push(added);
  return result.sort((a, b) => a.startBytes - b.startBytes);
}

/** True when every column of every data unit is new. */
export function coversCell(update: CellUpdate, windowBytes: number): boolean {
  return update.units.every((segments) => {
    let column = 0;
    for (const segment of segments) {
      if (segment.startBytes !== column || segment.isKnown === true || segment.holdsOld === true) return false;
      column = segment.endBytes;
    }
    return column === windowBytes;
  });
}

export function updateBytes(update: CellUpdate): number {
  let total = 0;
  for (const segments of update.units) for (const segment of segments) total += segment.endBytes - segment.startBytes;
  return total;
}

/** A run of columns in which the same units are written, and the same ones known. */
export interface Coverage {
  readonly startBytes: number;
  readonly endBytes: number;
  /** The data units that are written there; never empty. */
  readonly written: readonly number[];
  /** Those that are not written, but whose bytes are at hand. */
  readonly known: readonly number[];
}

/** Cuts the written columns of a cell into bands of equal coverage, in column order. */
export function coverageOf(update: CellUpdate): Coverage[] {
  const borders = new Set<number>();
  for (const segments of update.units) {
    for (const segment of segments) borders.add(segment.startBytes).add(segment.endBytes);
  }
  const columns = [...borders].sort((a, b) => a - b);
  const bands: (Coverage & { endBytes: number })[] = [];
  const next = update.units.map(() => 0);
  for (let index = 0; index + 1 < columns.length; index++) {
    const [startBytes, endBytes] = [columns[index] as number, columns[index + 1] as number];
    const written: number[] = [];
    const known: number[] = [];
    for (const [unit, segments] of update.units.entries()) {
      while ((segments[next[unit] as number]?.endBytes ?? Infinity) <= startBytes)
        next[unit] = (next[unit] as number) + 1;
      const segment = segments[next[unit] as number];
      if (segment !== undefined && segment.startBytes <= startBytes)
        (segment.isKnown === true ? known : written).push(unit);
    }
    const previous = bands.at(-1);
    if (written.length === 0) continue;
    const continues =
      previous?.endBytes === startBytes && sameUnits(previous.written, written) && sameUnits(previous.known, known);
    if (continues) previous.endBytes = endBytes;
    else bands.push({ startBytes, endBytes, written, known });
  }
  return bands;
}

function sameUnits(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((unit, index) => unit === b[index]);
}
