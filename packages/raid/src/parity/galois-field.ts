/**
 * GF(2^8) with the polynomial x^8 + x^4 + x^3 + x^2 + 1 (0x11d), in which RAID-6 forms Q: addition is XOR, and 2
 * generates every element but zero (H. P. Anvin, "The mathematics of RAID-6").
 */
import assert from "node:assert";

const polynomial = 0x11d;

/** `powers[n]` is 2^n, twice round, so that the sum of two logarithms needs no reduction. */
const powers = new Uint8Array(510);
const logarithms = new Uint8Array(256);
for (let exponent = 0, value = 1; exponent < 255; exponent++) {
  powers[exponent] = powers[exponent + 255] = value;
  logarithms[value] = exponent;
  value <<= 1;
  if (value > 0xff) value ^= polynomial;
}

export function multiply(a: number, b: number): number {
  if (a === 0 || b === 0) return 0;
  return powers[(logarithms[a] as number) + (logarithms[b] as number)] as number;
}

/** 1 / a. Zero has none. */
export function inverse(a: number): number {
  assert(a !== 0, "zero has no inverse");
  return powers[255 - (logarithms[a] as number)] as number;
}

/** 2^exponent: the coefficient of data unit `exponent` in Q. */
export function powerOfTwo(exponent: number): number {
  assert(exponent >= 0 && exponent < 255, "powers of two come round again after 255");
  return powers[exponent] as number;
}
