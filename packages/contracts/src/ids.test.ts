import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compareOrigin,
  initialEpoch,
  isName,
  nextSequence,
  noOrigin,
  noSequence,
  sameEpoch,
  toSequence,
} from "./ids.js";

describe("identities and numbers", () => {
  it("B3: sequence numbers are whole, not negative, and follow each other", () => {
    for (const value of [-1, 0.5, Number.NaN, Number.MAX_SAFE_INTEGER + 1]) expect(() => toSequence(value)).toThrow();
    expect(toSequence(7)).toBe(7);
    expect(nextSequence(noSequence)).toBe(1);
  });

  it("PROTOCOL 1.1: origin numbers are ordered by incarnation first, and none lies below them all", () => {
    const origin = fc.record({ incarnation: fc.integer({ min: 1, max: 4 }), n: fc.integer({ min: 1, max: 4 }) });
    fc.assert(
      fc.property(origin, origin, (a, b) => {
        const expected = Math.sign(a.incarnation * 100 + a.n - (b.incarnation * 100 + b.n));
        expect(Math.sign(compareOrigin(a, b))).toBe(expected);
        expect(compareOrigin(noOrigin, a)).toBeLessThan(0);
      }),
    );
  });

  it("PROTOCOL 6.1: an epoch of the same number with another id is another epoch", () => {
    expect(sameEpoch(initialEpoch, { ...initialEpoch })).toBe(true);
    expect(sameEpoch({ number: 2, takeoverId: "a" }, { number: 2, takeoverId: "b" })).toBe(false);
    expect(sameEpoch({ number: 2, takeoverId: "a" }, { number: 3, takeoverId: "a" })).toBe(false);
  });

  it("names are what may stand in a path, a URL and a table alike", () => {
    const good = ["a", "0", "vol-a", "g1.test_2", "x".repeat(63)];
    const bad = ["", "-a", ".a", "_a", "A", "a b", "a/b", "a\n", "ä", "x".repeat(64), "../a"];
    expect(good.filter((name) => !isName(name))).toEqual([]);
    expect(bad.filter(isName)).toEqual([]);
  });
});
