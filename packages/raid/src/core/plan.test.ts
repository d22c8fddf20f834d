import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCellUpdate, layOver, type CellUpdate } from "./cell-update.js";
import type { Cell } from "./geometry.js";
import { levels, slots, type RaidLevel, type Slot, type StripeLayout } from "./level.js";
import { chooseWritePath, planCellWrite, planUnitRead, type BandPlan } from "./plan.js";

const windowBytes = 64;

interface Case {
  readonly layout: StripeLayout;
  readonly diskCount: number;
  readonly absent: (slot: Slot) => boolean;
  readonly update: CellUpdate;
  /** The same writes in order, for the model. */
  readonly writes: readonly { unit: number; start: number; length: number; fill: number }[];
}

const anyCase = (level: RaidLevel): fc.Arbitrary<Case> =>
  fc
    .record({
      diskCount: fc.integer({ min: levels[level].disksMin, max: 8 }),
      turn: fc.nat(7),
      gone: fc.uniqueArray(fc.nat(7), { maxLength: 7 }),
      writes: fc.array(
        fc.record({ unit: fc.nat(7), start: fc.nat(windowBytes - 1), length: fc.nat(windowBytes), fill: fc.nat(255) }),
        { minLength: 1, maxLength: 6 },
      ),
      isWhole: fc.boolean(),
    })
    .map(({ diskCount, turn, gone, writes, isWhole }) => {
      const rules = levels[level];
      const layout = rules.layout(diskCount, turn % diskCount);
      const dataUnits = rules.dataUnits(diskCount);
      const out = gone.filter((slot) => slot < diskCount).slice(0, rules.tolerance(diskCount));
      const whole = slots(dataUnits).map((unit) => ({ unit, start: 0, length: windowBytes, fill: unit + 1 }));
      const legal = [...(isWhole ? whole : []), ...writes].map(({ unit, start, length, fill }) => {
        return { unit: unit % dataUnits, start, length: Math.min(length, windowBytes - start), fill };
      });
      const update = createCellUpdate(0 as Cell, dataUnits);
      for (const { unit, start, length, fill } of legal) {
        const source = Buffer.alloc(length, fill);
        const segment = { startBytes: start, endBytes: start + length, source, sourceBytes: 0 };
        update.units[unit] = layOver(update.units[unit]!, segment);
      }
      return { layout, diskCount, absent: (slot: Slot) => out.includes(slot), update, writes: legal };
    });

/** The cell's columns on each disk, redundancy included, worked out the slow way from the data units. */
function disksOf(layout: StripeLayout, diskCount: number, units: readonly Buffer[]): Buffer[] {
  const disks = slots(diskCount).map(() => Buffer.alloc(windowBytes));
  for (const [unit, copies] of layout.data.entries()) for (const slot of copies) units[unit]!.copy(disks[slot]!);
  for (const slot of layout.parity) {
    for (const unit of units) for (let i = 0; i < windowBytes; i++) disks[slot]![i]! ^= unit[i]!;
  }
  return disks;
}

function oldUnits(layout: StripeLayout): Buffer[] {
  return layout.data.map((_, unit) =>
    Buffer.from(Array.from({ length: windowBytes }, (__, i) => (unit * 37 + i * 11) & 255)),
  );
}

/** Carries a plan out on byte arrays, touching only present disks. */
function perform({ layout, absent, update }: Case, plans: readonly BandPlan[], disks: Buffer[]): void {
  const before = disks.map((disk) => Buffer.from(disk));
  const readUnit = (unit: number, column: number): number => {
    const slot = layout.data[unit]!.find((copy) => !absent(copy));
    expect(slot, "a plan reads a unit that is absent").toBeDefined();
    return before[slot!]![column]!;
  };
  for (const band of plans) {
    for (let column = band.startBytes; column < band.endBytes; column++) {
      let parity = 0;
      for (const unit of band.written) {
        const segment = update.units[unit]!.find(
          ({ startBytes, endBytes }) => startBytes <= column && column < endBytes,
        )!;
        const byte = segment.source![segment.sourceBytes + column - segment.startBytes]!;
        for (const slot of layout.data[unit]!) if (!absent(slot)) disks[slot]![column] = byte;
        parity ^= byte;
      }
      for (const unit of band.readUnits) parity ^= readUnit(unit, column);
      for (const slot of layout.parity) {
        if (absent(slot)) continue;
        if (band.method === "read-modify-write") parity ^= before[slot]![column]!;
        disks[slot]![column] = parity;
      }
    }
  }
}

function readBack({ layout, absent }: Case, disks: readonly Buffer[]): Buffer[] {
  return layout.data.map((_, unit) => {
    const plan = planUnitRead(layout, absent, unit);
    if (plan.kind === "direct") return Buffer.from(disks[plan.slot]!);
    expect(plan.kind).toBe("reconstruct");
    const sum = Buffer.alloc(windowBytes);
    for (const slot of plan.kind === "reconstruct" ? plan.slots : []) {
      expect(absent(slot)).toBe(false);
      for (let i = 0; i < windowBytes; i++) sum[i]! ^= disks[slot]![i]!;
    }
    return sum;
  });
}

describe.each(["raid0", "raid1", "raid5"] as const)("plans of %s", (level) => {
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
      { numRuns: 200 },
    );
  });

  it("parity is formed with the fewest reads that the state allows, and whole stripes read nothing", () => {
    fc.assert(
      fc.property(anyCase(level), ({ layout, absent, update }) => {
        for (const band of planCellWrite(layout, absent, update)!) {
          const others = slots(layout.data.length).filter((unit) => !band.written.includes(unit));
          const isAbsent = (unit: number): boolean => layout.data[unit]!.every(absent);
          const modify = band.written.some(isAbsent) ? Infinity : band.written.length + 1;
          const reconstruct = others.some(isAbsent) ? Infinity : others.length;
          const cheapest = layout.parity.every(absent) ? 0 : Math.min(modify, reconstruct);
          const reads = band.readUnits.length + (band.method === "read-modify-write" ? 1 : 0);
          expect(reads).toBe(cheapest);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("says that it is impossible when more disks are gone than the level survives", () => {
    const rules = levels[level];
    const all = rules.layout(rules.disksMin, 0);
    const gone = slots(rules.tolerance(rules.disksMin) + 1);
    const absent = (slot: Slot): boolean => gone.includes(slot);
    const impossible = all.data.map((_, unit) => planUnitRead(all, absent, unit).kind).includes("impossible");
    expect(impossible).toBe(true);
  });
});

describe("layouts", () => {
  it("A1: raid5 is left-symmetric: parity moves left, consecutive data units lie on consecutive disks", () => {
    const table = [0, 1, 2, 3].map((turn) => {
      const { data, parity } = levels.raid5.layout(4, turn);
      const row = new Array<string>(4).fill("");
      for (const [unit, [slot]] of data.entries()) row[slot!] = String(turn * 3 + unit);
      row[parity[0]!] = "P";
      return row.join(" ");
    });
    expect(table).toEqual(["0 1 2 P", "4 5 P 3", "8 P 6 7", "P 9 10 11"]);
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
