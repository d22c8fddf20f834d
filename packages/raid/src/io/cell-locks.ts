/**
 * Keeps a read that reconstructs a block apart from writes in place to its cell: between the first and the last disk
 * written, the XOR of the disks is neither the old block nor the new. Plain reads take no lock. There is one writer at
 * a time (rounds follow each other); it shuts new readers out at once, so that they cannot hold it off for ever.
 */
import type { Cell } from "../core/geometry.js";

export interface CellLocks {
  /** Waits until no read reconstructs from these cells. Returns the release. */
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
