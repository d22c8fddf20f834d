import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { overlaps, within, type ByteRange } from "./byte-range.js";

const range = fc.record({ offsetBytes: fc.integer({ min: 0, max: 12 }), lengthBytes: fc.integer({ min: 1, max: 6 }) });

function bytesOf({ offsetBytes, lengthBytes }: ByteRange): number[] {
  return Array.from({ length: lengthBytes }, (_, index) => offsetBytes + index);
}

describe("byte ranges", () => {
  it("overlap exactly when they share a byte", () => {
    fc.assert(
      fc.property(range, range, (a, b) => {
        const shared = bytesOf(a).some((byte) => bytesOf(b).includes(byte));
        expect(overlaps(a, b)).toBe(shared);
        expect(overlaps(b, a)).toBe(shared);
      }),
    );
  });

  it("lie within a volume exactly when each byte does", () => {
    fc.assert(
      fc.property(range, fc.integer({ min: 0, max: 16 }), (wanted, sizeBytes) => {
        expect(within(wanted, sizeBytes)).toBe(bytesOf(wanted).every((byte) => byte < sizeBytes));
      }),
    );
  });

  it.each([
    [-1, 1],
    [0, -1],
    [0.5, 1],
    [0, 0.5],
    [Number.NaN, 1],
    [0, Number.POSITIVE_INFINITY],
    [Number.MAX_SAFE_INTEGER + 1, 0],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  ])("refuse %s + %s, whatever the volume's size", (offsetBytes, lengthBytes) => {
    expect(within({ offsetBytes, lengthBytes }, Number.MAX_SAFE_INTEGER)).toBe(false);
  });

  it("allow an empty range up to the end of the volume, and not beyond it", () => {
    expect([8, 9].map((offsetBytes) => within({ offsetBytes, lengthBytes: 0 }, 8))).toEqual([true, false]);
  });
});
