import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { carriersOf } from "./checksum-layout.js";
import { survives } from "./erasure.js";
import { levels, slots, type RaidLevel, type Slot } from "./level.js";
import { judgeRow, parityOf, type Row, type RowBlock } from "./row-verdict.js";

const length = 8;
/** Stands for CRC32C: what matters is that different bytes have different ones. */
const entryOf = (bytes: Uint8Array): number => bytes.reduce((sum, byte) => (sum * 257 + byte) % 2 ** 32, 0);

type Damage = "flip" | "lost write" | "checksum elsewhere" | "own checksum" | "gone";

interface Example {
  readonly level: RaidLevel;
  readonly diskCount: number;
  readonly turn: number;
  readonly units: readonly Uint8Array[];
  readonly damage: ReadonlyMap<Slot, Damage>;
}

const anyExample = (damagedMax: (tolerance: number) => number): fc.Arbitrary<Example> =>
  fc
    .record({
      level: fc.constantFrom(...(Object.keys(levels) as RaidLevel[])),
      half: fc.integer({ min: 2, max: 4 }),
      odd: fc.boolean(),
      turn: fc.nat(7),
      seeds: fc.array(fc.nat(255), { minLength: 8, maxLength: 8 }),
      places: fc.uniqueArray(fc.nat(7), { maxLength: 8 }),
      kinds: fc.array(fc.constantFrom<Damage>("flip", "lost write", "checksum elsewhere", "own checksum", "gone"), {
        minLength: 8,
        maxLength: 8,
      }),
    })
    .map(({ level, half, odd, turn, seeds, places, kinds }) => {
      const rules = levels[level];
      const diskCount = odd && rules.disksStep === 1 ? 2 * half + 1 : 2 * half;
      const units = slots(rules.dataUnits(diskCount)).map((unit) => {
        return Uint8Array.from({ length }, (_, i) => (seeds[unit % 8]! * (i + 3) + unit) & 255);
      });
      const hit = places.filter((slot) => slot < diskCount).slice(0, damagedMax(rules.tolerance(diskCount)));
      const damage = new Map(hit.map((slot, index) => [slot as Slot, kinds[index]!]));
      return { level, diskCount, turn: turn % diskCount, units, damage };
    });

function rowsOf(example: Example): { truth: Uint8Array[]; row: Row } {
  const layout = levels[example.level].layout(example.diskCount, example.turn);
  const truth = slots(example.diskCount).map((): Uint8Array => new Uint8Array(length));
  for (const [unit, copies] of layout.data.entries()) for (const slot of copies) truth[slot] = example.units[unit]!;
  for (const [index, slot] of layout.parity.entries()) truth[slot] = parityOf(example.units, index);
  const copies = levels[example.level].tolerance(example.diskCount) + 1;
  const row = truth.map((bytes, slot): RowBlock | null => {
    const right = entryOf(bytes);
    // On no two disks the same, or two lost writes would cancel each other in parity.
    const old = bytes.map((byte, i) => byte ^ ((slot * slot * 37 + (slot + 1) * i * 11 + 85) & 255));
    // In memory, then on disk: the own disk last; without redundancy on another disk alone.
    const claims = new Array<number>(copies + 1).fill(right);
    switch (example.damage.get(slot as Slot)) {
      case undefined:
        return { bytes, entry: right, claims };
      case "gone":
        return null;
      case "flip":
        return { bytes: old, entry: entryOf(old), claims };
      case "lost write":
        // The own copy of the checksum was lost with it.
        if (copies > 1) claims[copies] = entryOf(old);
        return { bytes: old, entry: entryOf(old), claims };
      case "checksum elsewhere":
        claims[0] = claims[1] = 12_345;
        return { bytes, entry: right, claims };
      case "own checksum":
        claims[copies] = 12_345;
        return { bytes, entry: right, claims };
    }
  });
  return { truth, row };
}

describe("A4: what is right in a row of blocks", () => {
  it("with no more disks wrong or gone than the level survives: all data, and exactly the faults planted", () => {
    fc.assert(
      fc.property(
        anyExample((tolerance) => tolerance),
        (example) => {
          const layout = levels[example.level].layout(example.diskCount, example.turn);
          const { truth, row } = rowsOf(example);
          const { data, faults, unknown } = judgeRow(layout, row, entryOf);
          expect(unknown).toEqual([]);
          expect(data).toEqual(example.units);
          const planted = [...example.damage].filter(([, kind]) => kind !== "gone").map(([slot]) => slot);
          expect(faults.map(({ slot }) => slot).sort()).toEqual(planted.sort());
          for (const { slot, kind, bytes } of faults) {
            expect(bytes).toEqual(truth[slot]);
            const isOfChecksum = example.damage.get(slot)!.includes("checksum");
            expect(kind).toBe(isOfChecksum ? "checksum" : layout.parity.includes(slot) ? "parity" : "data");
          }
        },
      ),
      { numRuns: 1500 },
    );
  });

  it("whatever is wrong: data is right or unknown, never something else", () => {
    let unknownSeen = 0;
    fc.assert(
      fc.property(
        anyExample(() => 8),
        (example) => {
          const layout = levels[example.level].layout(example.diskCount, example.turn);
          const { row } = rowsOf(example);
          const { data, unknown } = judgeRow(layout, row, entryOf);
          unknownSeen += unknown.length;
          for (const [unit, bytes] of data.entries()) {
            expect(bytes === null).toBe(unknown.includes(unit));
            if (bytes !== null) expect(bytes).toEqual(example.units[unit]);
          }
          if (survives(layout, (slot) => example.damage.has(slot))) expect(unknown).toEqual([]);
        },
      ),
      { numRuns: 1500 },
    );
    expect(unknownSeen).toBeGreaterThan(0);
  });

  it("one disk full of garbage, its copies of others' checksums too, is worked out of the rest, at every level", () => {
    for (const [level, diskCount] of [
      ["raid1", 2],
      ["raid10", 4],
      ["raid4", 4],
      ["raid5", 3],
      ["raid6", 5],
    ] as const) {
      const rules = levels[level];
      const units = slots(rules.dataUnits(diskCount)).map((unit) => new Uint8Array(length).fill(unit + 1));
      for (const liar of slots(diskCount)) {
        const { truth, row } = rowsOf({ level, diskCount, turn: 1, units, damage: new Map([[liar, "flip"]]) });
        const spoilt = row.map((block, slot): RowBlock | null => {
          const carriers = carriersOf({ diskCount, tolerance: rules.tolerance(diskCount) }, slot as Slot);
          // In memory is what the first copy says.
          const claims = [carriers[0]!, ...carriers].map((carrier, i) => (carrier === liar ? 999 : block!.claims[i]!));
          return { ...block!, claims };
        });
        const verdict = judgeRow(rules.layout(diskCount, 1), spoilt, entryOf);
        expect(verdict.data, `${level}, disk ${liar}`).toEqual(units);
        for (const { slot, bytes } of verdict.faults) expect(bytes).toEqual(truth[slot]);
      }
    }
  });

  it("without checksums data is believed, and redundancy that does not match it is found", () => {
    const layout = levels.raid6.layout(5, 2);
    const units = [1, 2, 3].map((fill) => new Uint8Array(length).fill(fill));
    const row: (RowBlock | null)[] = slots(5).map(() => null);
    const at = (slot: Slot, bytes: Uint8Array): void => void (row[slot] = { bytes, entry: entryOf(bytes), claims: [] });
    for (const [unit, [slot]] of layout.data.entries()) at(slot!, units[unit]!);
    for (const [index, slot] of layout.parity.entries()) at(slot, parityOf(units, index));
    expect(judgeRow(layout, row, entryOf).faults).toEqual([]);
    at(layout.parity[1]!, new Uint8Array(length));
    expect(judgeRow(layout, row, entryOf).faults).toMatchObject([
      { slot: layout.parity[1], kind: "parity", bytes: parityOf(units, 1) },
    ]);
  });
});
