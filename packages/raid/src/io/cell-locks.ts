/**
 * Keeps what must see a whole cell at one moment (a read that reconstructs a block, a repair) apart from writes in place
 * to it: between the first and the last disk written, the disks of a cell do not agree. Plain reads take no lock. Those
 * who write a cell exclude each other too; a writer shuts new readers out at once, so that they cannot hold it off for
 * ever.
 */
import type { Cell } from "../core/geometry.js";

export interface CellLocks {
  /** Waits until nobody reads or writes these cells under a lock. Returns the release. Who holds some must not ask for more. */
  lockForWriting(cells: readonly Cell[]): Promise<() => void>;
  lockForReading(cell: Cell): Promise<() => void>;
}

export function createCellLocks(): CellLocks {
  const writing = new Set<Cell>();
  const readers = new Map<Cell, number>();
  let waiting: (() => void)[] = [];
  const wake = (): void => {
    const woken = waiting;
    waiting = [];
    for (const resume of woken) resume();
  };
  const change = (): Promise<void> => new Promise((resolve) => waiting.push(resolve));

  return {
    async lockForWriting(cells) {
      // All at once, or none: two who want the same cells never wait for each other.
      while (cells.some((cell) => writing.has(cell))) await change();
      for (const cell of cells) writing.add(cell);
      while (readers.size > 0 && cells.some((cell) => readers.has(cell))) await change();
      return () => {
        for (const cell of cells) writing.delete(cell);
        if (waiting.length > 0) wake();
      };
    },
    async lockForReading(cell) {
      while (writing.has(cell)) await change();
      readers.set(cell, (readers.get(cell) ?? 0) + 1);
      return () => {
        const left = (readers.get(cell) ?? 1) - 1;
        if (left > 0) readers.set(cell, left);
        else readers.delete(cell);
        if (waiting.length > 0) wake();
      };
    },
  };
}
