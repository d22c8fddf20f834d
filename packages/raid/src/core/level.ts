/**
 * RAID levels as data: for a stripe, which disks hold which data unit and which hold redundancy. All that the planner
 * and the array know of a level is its `StripeLayout`, so that a level is added here and nowhere else.
 */

export type RaidLevel = "raid0" | "raid1" | "raid10" | "raid4" | "raid5" | "raid6";

/** A disk's place in its array, from 0. */
export type Slot = number & { readonly __brand: "Slot" };

export interface StripeLayout {
  /** For each data unit of the stripe, the disks that hold a copy of it; the first present one is read. */
  readonly data: readonly (readonly Slot[])[];
  /** The disks that hold redundancy units: none, P (the XOR of the data), or P and Q (the sum of 2^u times unit u). */
  readonly parity: readonly Slot[];
}

export interface LevelRules {
  readonly disksMin: number;
  /** The number of disks is a multiple of this. */
  readonly disksStep: number;
  /** How many disks may be lost, whichever they are. Which more may go, `survives` in `erasure.ts` says. */
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
    disksStep: 1,
    tolerance: () => 0,
    dataUnits: (diskCount) => diskCount,
    layout: (diskCount) => ({ data: slots(diskCount).map((slot) => [slot]), parity: [] }),
  },
  raid1: {
    disksMin: 2,
    disksStep: 1,
    tolerance: (diskCount) => diskCount - 1,
    dataUnits: () => 1,
    // The copy read first rotates, so that reads spread; one block is always read from the same copy.
    layout: (diskCount, turn) => ({ data: [slots(diskCount).map((slot) => wrap(slot + turn, diskCount))], parity: [] }),
  },
  // Pairs of neighbours, so that a pair shares nothing with another: more than one disk may go, if of different pairs.
  raid10: {
    disksMin: 4,
    disksStep: 2,
    tolerance: () => 1,
    dataUnits: (diskCount) => diskCount / 2,
    layout: (diskCount, turn) => {
      const data = slots(diskCount / 2).map((pair) =>
        [turn % 2, (turn + 1) % 2].map((copy) => (2 * pair + copy) as Slot),
      );
      return { data, parity: [] };
    },
  },
  raid4: {
    disksMin: 3,
    disksStep: 1,
    tolerance: () => 1,
    dataUnits: (diskCount) => diskCount - 1,
    layout: (diskCount) => {
      return { data: slots(diskCount - 1).map((slot) => [slot]), parity: [(diskCount - 1) as Slot] };
    },
  },
  raid5: {
    disksMin: 3,
    disksStep: 1,
    tolerance: () => 1,
    dataUnits: (diskCount) => diskCount - 1,
    layout: (diskCount, turn) => leftSymmetric(diskCount, turn, 1),
  },
  raid6: {
    disksMin: 4,
    disksStep: 1,
    tolerance: () => 2,
    dataUnits: (diskCount) => diskCount - 2,
    layout: (diskCount, turn) => leftSymmetric(diskCount, turn, 2),
  },
};

export function slots(diskCount: number): Slot[] {
  return Array.from({ length: diskCount }, (_, index) => index as Slot);
}

/**
 * Linux md's default: P moves one disk to the left each stripe, Q is right of it, data starts right of both and wraps, so
 * that consecutive data units always lie on consecutive disks.
 */
function leftSymmetric(diskCount: number, turn: number, parityCount: number): StripeLayout {
  const first = diskCount - 1 - turn;
  const data = slots(diskCount - parityCount).map((unit) => [wrap(first + parityCount + unit, diskCount)]);
  return { data, parity: slots(parityCount).map((index) => wrap(first + index, diskCount)) };
}

function wrap(index: number, diskCount: number): Slot {
  return (index % diskCount) as Slot;
}
