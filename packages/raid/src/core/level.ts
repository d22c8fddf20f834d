/**
 * RAID levels as data: for a stripe, which disks hold which data unit and which hold redundancy. All that the planner
 * and the array know of a level is its `StripeLayout`, so that a level is added here and nowhere else: 10 gives data
 * units two copies each, 4 a fixed parity disk, 6 a second parity.
 */

export type RaidLevel = "raid0" | "raid1" | "raid5";

/** A disk's place in its array, from 0. */
export type Slot = number & { readonly __brand: "Slot" };

export interface StripeLayout {
  /** For each data unit of the stripe, the disks that hold a copy of it; the first present one is read. */
  readonly data: readonly (readonly Slot[])[];
  /** The disks that hold redundancy units: none, or P. */
  readonly parity: readonly Slot[];
}

export interface LevelRules {
  readonly disksMin: number;
  /** How many disks may be lost. */
  tolerance(diskCount: number): number;
  dataUnits(diskCount: number): number;
  /** The layout repeats after `diskCount` stripes; `turn` is the stripe number modulo that. */
  layout(diskCount: number, turn: number): StripeLayout;
}

/** A disk set is a 32-bit mask in the stripe log. */
export const disksMax = 32;

export const levels: Readonly<Record<RaidLevel, LevelRules>> = {
  raid0: {
    disksMin: 1,
    tolerance: () => 0,
    dataUnits: (diskCount) => diskCount,
    layout: (diskCount) => ({ data: slots(diskCount).map((slot) => [slot]), parity: [] }),
  },
  raid1: {
    disksMin: 2,
    tolerance: (diskCount) => diskCount - 1,
    dataUnits: () => 1,
    // The copy read first rotates, so that reads spread; one block is always read from the same copy.
    layout: (diskCount, turn) => ({ data: [slots(diskCount).map((slot) => wrap(slot + turn, diskCount))], parity: [] }),
  },
  // Left-symmetric: parity moves one disk to the left each stripe, data starts right of it and wraps, so that
  // consecutive data units always lie on consecutive disks.
  raid5: {
    disksMin: 3,
    tolerance: () => 1,
    dataUnits: (diskCount) => diskCount - 1,
    layout: (diskCount, turn) => {
      const parity = diskCount - 1 - turn;
      const data = slots(diskCount - 1).map((unit) => [wrap(parity + 1 + unit, diskCount)]);
      return { data, parity: [parity as Slot] };
    },
  },
};

export function slots(diskCount: number): Slot[] {
  return Array.from({ length: diskCount }, (_, index) => index as Slot);
}

function wrap(index: number, diskCount: number): Slot {
  return (index % diskCount) as Slot;
}
