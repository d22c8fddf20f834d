/**
 * Who has which cells.
 *
 * What must see a whole cell at one moment (a read that reconstructs a block, a repair of a row) is kept apart from writes
 * in place to it: between the first and the last disk written, the disks of a cell do not agree. Plain reads take no lock.
 * Those who write a cell exclude each other too; a writer shuts new readers out at once, so that they cannot hold it off
 * for ever.
 *
 * Rounds of writes are kept apart from work on whole stripes (rebuild, scrub): a round is planned from what a stripe's disks
 * are, and that changes it. Such work shuts new rounds out of its cells while it waits, and holds them for a moment only.
 */
import type { Cell } from "../core/geometry.js";

export type Release = () => void;

export interface CellLocks {
  /** For a round, from before it is planned until its last write in place: nothing else works on its cells. */
  lockForRound(cells: readonly Cell[]): Promise<Release>;
  /** For work on whole stripes: no round, and no other such work, has any of the cells. */
  lockForRepair(cells: readonly Cell[]): Promise<Release>;
  /** No round at all is on its way: for what they all have in common. The holder may have cells for a repair. */
  lockOutRounds(): Promise<Release>;
  /**
   * Waits until nobody reads or writes these cells under a lock. Taken for a moment, whatever else is held of the above; who
   * holds cells for writing or reading must not ask for more.
   */
  lockForWriting(cells: readonly Cell[]): Promise<Release>;
  lockForReading(cell: Cell): Promise<Release>;
}

/** How many hold, or wait for, each cell. */
type Holders = Map<Cell, number>;

export function createCellLocks(): CellLocks {
  const writing: Holders = new Map();
  const reading: Holders = new Map();
  const rounds: Holders = new Map();
  const repairs: Holders = new Map();
  const wanted: Holders = new Map();
  let lockouts = 0;
  let waiting: (() => void)[] = [];
  const wake = (): void => {
    const woken = waiting;
    waiting = [];
    for (const resume of woken) resume();
  };
  const change = (): Promise<void> => new Promise((resolve) => waiting.push(resolve));
  const hold = (holders: Holders, cells: readonly Cell[]): Release => {
    for (const cell of cells) holders.set(cell, (holders.get(cell) ?? 0) + 1);
    return () => {
      for (const cell of cells) {
        const left = (holders.get(cell) ?? 1) - 1;
        if (left > 0) holders.set(cell, left);
        else holders.delete(cell);
      }
      if (waiting.length > 0) wake();
    };
  };
  const holdsAny = (holders: Holders, cells: readonly Cell[]): boolean =>
    holders.size > 0 && cells.some((cell) => holders.has(cell));

  return {
    async lockForRound(cells) {
      while (lockouts > 0 || holdsAny(wanted, cells) || holdsAny(repairs, cells)) await change();
      return hold(rounds, cells);
    },
    async lockForRepair(cells) {
      const noLongerWanted = hold(wanted, cells);
      while (holdsAny(rounds, cells) || holdsAny(repairs, cells)) await change();
      const release = hold(repairs, cells);
      noLongerWanted();
      return release;
    },
    async lockOutRounds() {
      lockouts++;
      while (rounds.size > 0) await change();
      return () => {
        lockouts--;
        wake();
      };
    },
    async lockForWriting(cells) {
      // All at once, or none: two who want the same cells never wait for each other.
      while (holdsAny(writing, cells)) await change();
      const release = hold(writing, cells);
      while (holdsAny(reading, cells)) await change();
      return release;
    },
    async lockForReading(cell) {
      while (writing.has(cell)) await change();
      return hold(reading, [cell]);
    },
  };
}
