import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seal } from "./level-layout.js";
import { createMarkSum } from "./mark-sum.js";

type Marks = readonly (readonly [string, unknown])[];

function sumOf(marks: Marks): number {
  const sum = createMarkSum();
  for (const [name, value] of marks) sum.set(name, value === undefined ? null : seal(value));
  return sum.sum();
}

describe("PROTOCOL 7: the checksum over all marks", () => {
  const name = fc.constantFrom("applied", "received", "high/vol-a", "high/vol-b");
  const change = fc.tuple(name, fc.oneof(fc.nat(9), fc.constant(undefined)));

  it("is that of the marks that are left, whatever their order and their past", () => {
    fc.assert(
      fc.property(fc.array(change), (changes) => {
        const left = [...new Map(changes)].filter(([, value]) => value !== undefined);
        expect(sumOf(changes)).toBe(sumOf(left));
        expect(sumOf(left.reverse())).toBe(sumOf(changes));
      }),
    );
  });

  it("is another when marks are taken back together, by the same difference", () => {
    const both = (from: number): Marks => ["high/vol-a", "high/vol-b"].map((key) => [key, from]);
    for (let n = 1; n < 5_000; n++) expect(sumOf(both(n))).not.toBe(sumOf(both(n - 1)));
  });

  it("is another when two marks change places", () => {
    expect(
      sumOf([
        ["a", 1],
        ["b", 2],
      ]),
    ).not.toBe(
      sumOf([
        ["a", 2],
        ["b", 1],
      ]),
    );
  });
});
