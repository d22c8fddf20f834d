import { describe, expect, it } from "vitest";
import { multiply, powerOfTwo } from "../parity/galois-field.js";
import { survives } from "./erasure.js";
import { levels, slots, type RaidLevel, type Slot, type StripeLayout } from "./level.js";
import { solveSlot } from "./slot-recovery.js";

/** One byte per disk, for data units of the given bytes. */
function contentOf({ data, parity }: StripeLayout, units: readonly number[]): Map<Slot, number> {
  const content = new Map<Slot, number>();
  for (const [unit, copies] of data.entries()) for (const slot of copies) content.set(slot, units[unit]!);
  const sums = [
    units.reduce((sum, byte) => sum ^ byte, 0),
    units.reduce((sum, byte, unit) => sum ^ multiply(byte, powerOfTwo(unit)), 0),
  ];
  for (const [index, slot] of parity.entries()) content.set(slot, sums[index]!);
  return content;
}

describe("A2: what a disk must hold", () => {
  const shapes: [RaidLevel, number][] = [
    ["raid1", 3],
    ["raid10", 6],
    ["raid4", 4],
    ["raid5", 5],
    ["raid6", 4],
    ["raid6", 6],
  ];

  it.each(shapes)("%s of %d: follows from the others in every state that the level survives", (level, diskCount) => {
    for (let turn = 0; turn < diskCount; turn++) {
      const layout = levels[level].layout(diskCount, turn);
      const content = contentOf(
        layout,
        [...layout.data.keys()].map((unit) => (37 * unit + 11 * turn + 5) % 256),
      );
      for (let mask = 1; mask < 2 ** diskCount; mask++) {
        const absent = (slot: Slot): boolean => (mask >> slot) % 2 === 1;
        for (const slot of slots(diskCount).filter(absent)) {
          const terms = solveSlot(layout, absent, slot);
          if (!survives(layout, absent)) continue;
          const where = `slot ${slot} in turn ${turn} without ${mask.toString(2)}`;
          expect(
            terms?.some((term) => absent(term.slot)),
            where,
          ).toBe(false);
          const sum = terms!.reduce((total, term) => total ^ multiply(term.coefficient, content.get(term.slot)!), 0);
          expect(sum, where).toBe(content.get(slot));
        }
      }
    }
  });

  it("cannot be known of a parity disk whose data is gone, nor of data whose redundancy is", () => {
    const layout = levels.raid5.layout(4, 0);
    const [parity] = layout.parity as [Slot];
    const data = layout.data[0]![0]!;
    const absent = (slot: Slot): boolean => slot === parity || slot === data;
    expect(solveSlot(layout, absent, parity)).toBeNull();
    expect(solveSlot(layout, absent, data)).toBeNull();
  });
});
