import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { garbageTag, makeTag, zeroTag, type Tag } from "../cell.js";
import { judgeDependentWrites, type DependentLayout } from "./dependent-writes.js";

const layout: DependentLayout = { volumes: 2, slots: 4, firstCell: 0 };

/** What the slots hold after writes 1..count. */
function after(count: number): Tag[][] {
  const found = Array.from({ length: 2 }, () => new Array<Tag>(4).fill(zeroTag));
  for (let k = 1; k <= count; k++) found[(k - 1) % 2]![Math.floor((k - 1) / 2) % 4] = makeTag(1, k);
  return found;
}

const judge = (found: Tag[][], acknowledged = 0) => judgeDependentWrites(layout, found, { writer: 1, acknowledged });

describe("judging dependent writes", () => {
  it("finds 1..K in what a right copy shows, whatever K", () => {
    for (let count = 0; count <= 40; count++) expect(judge(after(count), count)).toBe(count);
  });

  it("finds any slot that shows another write than it must", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(1), fc.nat(3), fc.nat(41), (count, volume, slot, other) => {
        const found = after(count);
        const wrong = other === 0 ? zeroTag : makeTag(1, other);
        fc.pre(found[volume]![slot] !== wrong);
        found[volume]![slot] = wrong;
        // The next write alone is right as well: the last one may or may not have happened. So is its absence.
        const right = [after(count + 1), after(count - 1)].some(
          (each) => JSON.stringify(each) === JSON.stringify(found),
        );
        expect(typeof judge(found)).toBe(right ? "number" : "string");
      }),
    );
  });

  it("finds writes that were acknowledged and are missing, and what nobody wrote", () => {
    expect(judge(after(7), 8)).toContain("only 1..7 is there, but 8 was acknowledged");
    for (const strange of [garbageTag, makeTag(2, 3)]) {
      const found = after(7);
      found[1]![3] = strange;
      expect(typeof judge(found)).toBe("string");
    }
  });
});
