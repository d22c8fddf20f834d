import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inverse, multiply, powerOfTwo } from "./galois-field.js";
import { createJavaScriptArena, createParityArena, type ParityArena } from "./parity-arena.js";

const sizeBytes = 64 * 1024;
const slotBytes = 4096;

function filled(create: (size: number) => ParityArena): ParityArena {
  const arena = create(sizeBytes);
  for (let i = 0; i < sizeBytes; i++) arena.bytes[i] = (i * 131 + (i >> 8) * 17) & 0xff;
  return arena;
}

/** Multiplication as the schoolbook has it: shift and add, then divide by the polynomial. */
function naiveMultiply(a: number, b: number): number {
  let product = 0;
  for (let bit = 0; bit < 8; bit++) if ((b >> bit) & 1) product ^= a << bit;
  for (let bit = 14; bit >= 8; bit--) if ((product >> bit) & 1) product ^= 0x11d << (bit - 8);
  return product;
}

/** bytes[target..] = the sum of coefficient times source, byte by byte. */
function naiveSum(bytes: Buffer, target: number, terms: readonly (readonly [number, number])[], lengthBytes: number) {
  const sums = Buffer.alloc(lengthBytes);
  for (const [source, coefficient] of terms) {
    for (let i = 0; i < lengthBytes; i++) sums[i]! ^= naiveMultiply(coefficient, bytes[source + i]!);
  }
  sums.copy(bytes, target);
}

/** Runs `act` on kernel and twin, and expects the whole memory of both to be what `model` makes of it. */
function expectBoth(act: (arena: ParityArena) => void, model: (bytes: Buffer) => void): void {
  const [wasm, twin] = [filled(createParityArena), filled(createJavaScriptArena)];
  const naive = Buffer.from(wasm.bytes);
  model(naive);
  act(wasm);
  act(twin);
  expect(wasm.bytes.equals(naive)).toBe(true);
  expect(twin.bytes.equals(naive)).toBe(true);
}

/** Distinct ranges anywhere in the arena, at any alignment. */
const ranges = fc.record({
  starts: fc
    .shuffledSubarray([...Array(sizeBytes / slotBytes).keys()], { minLength: 3, maxLength: 14 })
    .chain((slots) => fc.tuple(...slots.map((slot) => fc.nat(100).map((skew) => slot * slotBytes + skew)))),
  lengthBytes: fc.oneof(fc.nat(200), fc.integer({ min: 0, max: slotBytes - 100 }), fc.constant(2048)),
});

describe("the parity kernel and its twin", () => {
  it("A1: XOR one range into another, at any alignment and length, and touch nothing else", () => {
    fc.assert(
      fc.property(ranges, ({ starts: [to, from], lengthBytes }) => {
        const terms = [to!, from!].map((start) => [start, 1] as const);
        expectBoth(
          (arena) => arena.xor(to!, from!, lengthBytes),
          (bytes) => naiveSum(bytes, to!, terms, lengthBytes),
        );
      }),
      { numRuns: 60 },
    );
  });

  it("A1: XOR any number of ranges in one pass, with and without what the target holds", () => {
    fc.assert(
      fc.property(ranges, fc.boolean(), ({ starts: [to, ...others], lengthBytes }, keepsTarget) => {
        const sources = keepsTarget ? [to!, ...others] : others;
        expectBoth(
          (arena) => arena.xorOf(to!, sources, lengthBytes),
          (bytes) => naiveSum(bytes, to!, sources.map((source) => [source, 1] as const), lengthBytes), // prettier-ignore
        );
      }),
      { numRuns: 60 },
    );
    expectBoth(
      (arena) => arena.xorOf(100, [], 200),
      (bytes) => bytes.fill(0, 100, 300),
    );
  });

  it("A1: form P and Q, or one of them, of units of which some are zeros", () => {
    const wanted = fc.constantFrom("p", "q", "pq");
    fc.assert(
      fc.property(ranges, wanted, fc.infiniteStream(fc.boolean()), ({ starts, lengthBytes }, which, zeros) => {
        const [pAt, qAt, ...held] = starts as [number, number, ...number[]];
        const units = held.map((start) => (zeros.next().value ? null : start));
        const [p, q] = [which.includes("p") ? pAt : null, which.includes("q") ? qAt : null];
        const terms = units.flatMap((unit, index) => (unit === null ? [] : [[unit, index] as const]));
        expectBoth(
          (arena) => arena.formParity({ p, q, units, lengthBytes }),
          (bytes) => {
            if (p !== null) naiveSum(bytes, p, terms.map(([unit]) => [unit, 1] as const), lengthBytes); // prettier-ignore
            const power = (index: number): number => {
              return Array.from({ length: index }).reduce<number>((product) => naiveMultiply(product, 2), 1);
            };
            if (q !== null) naiveSum(bytes, q, terms.map(([unit, index]) => [unit, power(index)] as const), lengthBytes); // prettier-ignore
          },
        );
      }),
      { numRuns: 80 },
    );
  });

  it("A1: multiply by any coefficient and XOR", () => {
    fc.assert(
      fc.property(ranges, fc.nat(255), ({ starts: [to, from], lengthBytes }, coefficient) => {
        expectBoth(
          (arena) => arena.mulXor(to!, from!, coefficient, lengthBytes),
          (bytes) => naiveSum(bytes, to!, [[to!, 1], [from!, coefficient]], lengthBytes), // prettier-ignore
        );
      }),
      { numRuns: 60 },
    );
    for (const create of [createParityArena, createJavaScriptArena]) {
      const arena = create(sizeBytes);
      for (let byte = 0; byte < 256; byte++) arena.bytes[byte] = byte;
      for (let coefficient = 0; coefficient < 256; coefficient++) {
        arena.bytes.fill(0, 1024, 1280);
        arena.mulXor(1024, 0, coefficient, 256);
        const expected = Buffer.from(Array.from({ length: 256 }, (_, byte) => naiveMultiply(coefficient, byte)));
        expect(arena.bytes.subarray(1024, 1280).equals(expected)).toBe(true);
      }
    }
  });

  it("refuse a range beyond their memory, and a coefficient that is no byte", () => {
    for (const arena of [createParityArena(sizeBytes), createJavaScriptArena(sizeBytes)]) {
      const beyond = sizeBytes - 8;
      expect(() => arena.xor(beyond, 0, 16)).toThrow("beyond");
      expect(() => arena.xorOf(0, [64, beyond], 16)).toThrow("beyond");
      expect(() => arena.xorOf(beyond, [], 16)).toThrow("beyond");
      expect(() => arena.formParity({ p: 0, q: beyond, units: [64], lengthBytes: 16 })).toThrow("beyond");
      expect(() => arena.formParity({ p: null, q: 0, units: [null, beyond], lengthBytes: 16 })).toThrow("beyond");
      expect(() => arena.mulXor(0, -1, 3, 16)).toThrow("negative");
      expect(() => arena.mulXor(0, 64, 256, 16)).toThrow("byte");
    }
  });
});

describe("GF(2^8)", () => {
  it("A1: multiplies as the schoolbook does, and divides back", () => {
    for (let a = 0; a < 256; a++) {
      for (let b = 0; b < 256; b++) expect(multiply(a, b)).toBe(naiveMultiply(a, b));
      if (a !== 0) expect(naiveMultiply(a, inverse(a))).toBe(1);
    }
    expect(() => inverse(0)).toThrow("no inverse");
  });

  it("A1: gives every data unit of the largest array a coefficient of its own", () => {
    const powers = Array.from({ length: 255 }, (_, exponent) => powerOfTwo(exponent));
    expect(new Set(powers).size).toBe(255);
    for (const [exponent, power] of powers.slice(1).entries()) expect(power).toBe(naiveMultiply(powers[exponent]!, 2));
  });
});
