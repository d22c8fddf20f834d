import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCellUpdate, layOver, type CellUpdate } from "./cell-update.js";
import type { Absent, Term } from "./erasure.js";
import type { Cell } from "./geometry.js";
import { levels, slots, type RaidLevel, type Slot, type StripeLayout } from "./level.js";
import { chooseWritePath, planCellWrite, planUnitRead, type BandPlan } from "./plan.js";

const windowBytes = 64;
const levelNames = Object.keys(levels) as RaidLevel[];

interface Case {
  readonly layout: StripeLayout;
  readonly diskCount: number;
  readonly absent: Absent;
  readonly update: CellUpdate;
  /** The same writes in order, for the model. */
  readonly writes: readonly { unit: number; start: number; length: number; fill: number }[];
}

/** What a level survives, as its definition has it. */
function naivelySurvives(level: RaidLevel, diskCount: number, gone: readonly number[]): boolean {
  switch (level) {
    case "raid0":
      return gone.length === 0;
    case "raid1":
      return gone.length < diskCount;
    case "raid10":
      return !gone.some((slot) => slot % 2 === 0 && gone.includes(slot + 1));
    case "raid4":
    case "raid5":
      return gone.length <= 1;
    case "raid6":
      return gone.length <= 2;
  }
}

/** Legal numbers of disks, small ones more often. */
const diskCounts = (level: RaidLevel): fc.Arbitrary<number> => {
  const { disksMin, disksStep } = levels[level];
  const most = (count: number): number => Math.floor((count - disksMin) / disksStep);
  const steps = fc.oneof({ weight: 4, arbitrary: fc.nat(most(8)) }, { weight: 1, arbitrary: fc.nat(most(32)) });
  return steps.map((step) => disksMin + step * disksStep);
};

/** `knows`: units whose bytes are at hand where they are not written. */
const anyCase = (level: RaidLevel): fc.Arbitrary<Case> =>
  fc
    .record({
      diskCount: diskCounts(level),
      turn: fc.nat(31),
      gone: fc.uniqueArray(fc.nat(31), { maxLength: 31 }),
      writes: fc.array(
        fc.record({ unit: fc.nat(31), start: fc.nat(windowBytes - 1), length: fc.nat(windowBytes), fill: fc.nat(255) }),
        { minLength: 1, maxLength: 6 },
      ),
      knows: fc.oneof(fc.constant<number[]>([]), fc.constant<number[]>(slots(32)), fc.array(fc.nat(31))),
      isWhole: fc.boolean(),
    })
    .map(({ diskCount, turn, gone, writes, knows, isWhole }) => {
      const rules = levels[level];
      const layout = rules.layout(diskCount, turn % diskCount);
      const dataUnits = rules.dataUnits(diskCount);
      const out: number[] = [];
      for (const slot of gone) {
        if (slot < diskCount && naivelySurvives(level, diskCount, [...out, slot])) out.push(slot);
      }
      const whole = slots(dataUnits).map((unit) => ({ unit, start: 0, length: windowBytes, fill: unit + 1 }));
      const legal = [...(isWhole ? whole : []), ...writes].map(({ unit, start, length, fill }) => {
        return { unit: unit % dataUnits, start, length: Math.min(length, windowBytes - start), fill };
      });
      const update = createCellUpdate(0 as Cell, dataUnits);
      const old = oldUnits(layout);
      for (const unit of new Set(knows.map((known) => known % dataUnits))) {
        update.units[unit] = [
          { startBytes: 0, endBytes: windowBytes, source: old[unit]!, sourceBytes: 0, isKnown: true },
        ];
      }
      for (const { unit, start, length, fill } of legal) {
        const source = Buffer.alloc(length, fill);
        const segment = { startBytes: start, endBytes: start + length, source, sourceBytes: 0 };
        update.units[unit] = layOver(update.units[unit]!, segment);
      }
      return { layout, diskCount, absent: (slot: Slot) => out.includes(slot), update, writes: legal };
    });

/** Multiplication as the field is defined: shift, and reduce by 0x11d. */
function times(a: number, b: number): number {
  let sum = 0;
  for (let bit = 7; bit >= 0; bit--) {
    sum <<= 1;
    if (sum > 255) sum ^= 0x11d;
    if ((b >> bit) % 2 === 1) sum ^= a;
  }
  return sum;
}

function powerOf2(exponent: number): number {
  let power = 1;
  for (let i = 0; i < exponent; i++) power = times(power, 2);
  return power;
}

/** The cell's columns on each disk, redundancy included, worked out the slow way from the data units. */
function disksOf(layout: StripeLayout, diskCount: number, units: readonly Buffer[]): Buffer[] {
  const disks = slots(diskCount).map(() => Buffer.alloc(windowBytes));
  for (const [unit, copies] of layout.data.entries()) for (const slot of copies) units[unit]!.copy(disks[slot]!);
  for (const [index, slot] of layout.parity.entries()) {
    for (const [unit, bytes] of units.entries()) {
      const factor = index === 0 ? 1 : powerOf2(unit);
      for (let i = 0; i < windowBytes; i++) disks[slot]![i]! ^= times(factor, bytes[i]!);
    }
  }
  return disks;
}

function oldUnits(layout: StripeLayout): Buffer[] {
  return layout.data.map((_, unit) =>
    Buffer.from(Array.from({ length: windowBytes }, (__, i) => (unit * 37 + i * 11) & 255)),
  );
}

/** Carries a plan out on byte arrays, touching only present disks. */
function perform(example: Case, plans: readonly BandPlan[], disks: Buffer[]): void {
  const before = disks.map((disk) => Buffer.from(disk));
  for (const band of plans) {
    for (let column = band.startBytes; column < band.endBytes; column++)
      performColumn(example, { band, column }, { before, disks });
  }
}

function performColumn(
  { layout, absent, update }: Case,
  { band, column }: { band: BandPlan; column: number },
  { before, disks }: { before: readonly Buffer[]; disks: readonly Buffer[] },
): void {
  const old = new Map<Slot, number>();
  for (const unit of band.readUnits)
    old.set(
      layout.data[unit]!.find((copy) => !absent(copy))!,
      0,
    );
  for (const slot of band.readParity) old.set(slot, 0);
  for (const slot of old.keys()) {
    expect(absent(slot), "a plan reads a disk that is absent").toBe(false);
    old.set(slot, before[slot]![column]!);
  }
  const oldOf = (unit: number): number => {
    const solved = band.solved.find((solution) => solution.unit === unit);
    if (solved !== undefined) return sumOf(solved.terms, (slot) => old.get(slot)!);
    const byte = layout.data[unit]!.map((slot) => old.get(slot)).find((found) => found !== undefined);
    expect(byte, "a plan uses a unit that it did not read").toBeDefined();
    return byte!;
  };
  const given = (unit: number): number => {
    const segment = update.units[unit]!.find(({ startBytes, endBytes }) => startBytes <= column && column < endBytes)!;
    return segment.source![segment.sourceBytes + column - segment.startBytes]!;
  };
  for (const unit of band.written) {
    for (const slot of layout.data[unit]!) if (!absent(slot)) disks[slot]![column] = given(unit);
  }
  for (const [index, slot] of layout.parity.entries()) {
    if (absent(slot)) continue;
    const factor = (unit: number): number => (index === 0 ? 1 : powerOf2(unit));
    let parity = 0;
    if (band.method === "read-modify-write") {
      parity = old.get(slot)!;
      for (const unit of band.written) parity ^= times(factor(unit), oldOf(unit) ^ given(unit));
    } else {
      for (const unit of layout.data.keys()) {
        const isGiven = band.written.includes(unit) || band.known.includes(unit);
        parity ^= times(factor(unit), isGiven ? given(unit) : oldOf(unit));
      }
    }
    disks[slot]![column] = parity;
  }
}

function sumOf(terms: readonly Term[], read: (slot: Slot) => number): number {
  return terms.reduce((sum, { slot, coefficient }) => sum ^ times(coefficient, read(slot)), 0);
}

function readBack({ layout, absent }: Case, disks: readonly Buffer[]): Buffer[] {
  return layout.data.map((_, unit) => {
    const plan = planUnitRead(layout, absent, unit);
    if (plan.kind === "direct") return Buffer.from(disks[plan.slot]!);
    expect(plan.kind).toBe("reconstruct");
    const terms = plan.kind === "reconstruct" ? plan.terms : [];
    expect(terms.some(({ slot }) => absent(slot))).toBe(false);
    return Buffer.from(Array.from({ length: windowBytes }, (__, i) => sumOf(terms, (slot) => disks[slot]![i]!)));
  });
}

describe.each(levelNames)("plans of %s", (level) => {
  it("A1, A2: writes leave data and redundancy as the naive model has them, in every legal state of the disks", () => {
    fc.assert(
      fc.property(anyCase(level), (example) => {
        const { layout, diskCount, absent, update, writes } = example;
        const units = oldUnits(layout);
        const disks = disksOf(layout, diskCount, units);
        // What an absent disk holds must not matter.
        for (const slot of slots(diskCount)) if (absent(slot)) disks[slot]!.fill(0xee);
        const plans = planCellWrite(layout, absent, update);
        expect(plans).not.toBeNull();
        perform(example, plans!, disks);
        for (const { unit, start, length, fill } of writes) units[unit]!.fill(fill, start, start + length);
        expect(readBack(example, disks)).toEqual(units);
        const expected = disksOf(layout, diskCount, units);
        for (const slot of slots(diskCount)) if (!absent(slot)) expect(disks[slot]).toEqual(expected[slot]);
      }),
      { numRuns: 150 },
    );
  });

  it("A1: parity is formed with the fewest reads that the state allows, and whole stripes read nothing", () => {
    fc.assert(
      fc.property(anyCase(level), ({ layout, absent, update }) => {
        for (const band of planCellWrite(layout, absent, update)!) {
          const others = slots(layout.data.length).filter(
            (unit) => ![...band.written, ...band.known].includes(unit as number),
          );
          const parityLeft = layout.parity.filter((slot) => !absent(slot)).length;
          const isAbsent = (unit: number): boolean => layout.data[unit]!.every(absent);
          const goneUnits = slots(layout.data.length).filter(isAbsent).length;
          const modify = band.written.some(isAbsent) ? Infinity : band.written.length + parityLeft;
          // Whatever is absent follows from all data that is left, and a parity for each unit that is not: as many again.
          const recover = goneUnits > parityLeft ? Infinity : layout.data.length;
          const reconstruct = others.some(isAbsent) ? recover : others.length;
          const cheapest = parityLeft === 0 || others.length === 0 ? 0 : Math.min(modify, reconstruct);
          expect(band.readUnits.length + band.readParity.length).toBe(cheapest);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("A2: reads every unit in every state that the level survives, and says so of those it does not", () => {
    const { disksMin, disksStep } = levels[level];
    for (const diskCount of [disksMin, disksMin + disksStep, disksMin + 2 * disksStep]) {
      for (let mask = 0; mask < 2 ** diskCount; mask++) {
        const gone = slots(diskCount).filter((slot) => (mask >> slot) % 2 === 1);
        const absent = (slot: Slot): boolean => gone.includes(slot);
        for (const turn of [0, 1, diskCount - 1]) {
          const layout = levels[level].layout(diskCount, turn);
          const units = oldUnits(layout);
          const disks = disksOf(layout, diskCount, units).map((disk, slot) =>
            absent(slot as Slot) ? disk.fill(0xee) : disk,
          );
          const isPossible = layout.data.every((_, unit) => planUnitRead(layout, absent, unit).kind !== "impossible");
          expect(isPossible).toBe(naivelySurvives(level, diskCount, gone));
          if (!isPossible) continue;
          const example = { layout, diskCount, absent, update: createCellUpdate(0 as Cell, units.length), writes: [] };
          expect(readBack(example, disks)).toEqual(units);
        }
      }
    }
  });
});

describe("layouts", () => {
  const tableOf = (level: RaidLevel, diskCount: number, turns: number): string[] =>
    Array.from({ length: turns }, (_, turn) => {
      const { data, parity } = levels[level].layout(diskCount, turn);
      const row = new Array<string>(diskCount).fill("");
      for (const [unit, copies] of data.entries()) {
        for (const slot of copies) row[slot] = String(turn * data.length + unit);
      }
      for (const [index, slot] of parity.entries()) row[slot] = index === 0 ? "P" : "Q";
      return row.join(" ");
    });

  it("A1: raid5 and raid6 are left-symmetric: parity moves left, consecutive data units lie on consecutive disks", () => {
    expect(tableOf("raid5", 4, 4)).toEqual(["0 1 2 P", "4 5 P 3", "8 P 6 7", "P 9 10 11"]);
    expect(tableOf("raid6", 5, 5)).toEqual(["Q 0 1 2 P", "3 4 5 P Q", "7 8 P Q 6", "11 P Q 9 10", "P Q 12 13 14"]);
  });

  it("A1: raid4 keeps parity on the last disk, raid10 mirrors neighbours", () => {
    expect(tableOf("raid4", 4, 2)).toEqual(["0 1 2 P", "3 4 5 P"]);
    expect(tableOf("raid10", 4, 2)).toEqual(["0 0 1 1", "2 2 3 3"]);
    expect(levels.raid10.layout(4, 1).data).toEqual([
      [1, 0],
      [3, 2],
    ]);
  });
});

describe("the way a write takes", () => {
  it("A3: past the log only when the whole cell is new, the array optimal and nothing logged would undo it", () => {
    const flags = [false, true];
    for (const hasRedundancy of flags) {
      for (const isDegraded of flags) {
        for (const coversCell of flags) {
          for (const hasLoggedData of flags) {
            for (const isLargeRound of flags) {
              const path = chooseWritePath({ hasRedundancy, isDegraded, coversCell, hasLoggedData, isLargeRound });
              const bypasses = coversCell && isLargeRound && !isDegraded && !hasLoggedData;
              expect(path).toBe(!hasRedundancy ? "direct" : bypasses ? "intent" : "logged");
            }
          }
        }
      }
    }
  });
});
