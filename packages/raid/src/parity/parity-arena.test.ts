import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createJavaScriptArena, createParityArena, type ParityArena } from "./parity-arena.js";

const sizeBytes = 64 * 1024;

function filled(create: (size: number) => ParityArena): ParityArena {
  const arena = create(sizeBytes);
  for (let i = 0; i < sizeBytes; i++) arena.bytes[i] = (i * 131 + (i >> 8) * 17) & 0xff;
  return arena;
}

describe("the parity kernel and its twin", () => {
  it("A1: give the same bytes for any alignment and length, and touch nothing else", () => {
    const half = sizeBytes / 2;
    const range = fc.record({
      target: fc.nat(200),
      source: fc.nat(200),
      lengthBytes: fc.oneof(fc.nat(300), fc.integer({ min: 0, max: half - 200 })),
    });
    fc.assert(
      fc.property(range, fc.boolean(), ({ target, source, lengthBytes }, swap) => {
        const wasm = filled(createParityArena);
        const twin = filled(createJavaScriptArena);
        const naive = Buffer.from(wasm.bytes);
        const [to, from] = swap ? [source + half, target] : [target, source + half];
        for (let i = 0; i < lengthBytes; i++) naive[to + i]! ^= naive[from + i]!;
        wasm.xor(to, from, lengthBytes);
        twin.xor(to, from, lengthBytes);
        expect(wasm.bytes.equals(naive)).toBe(true);
        expect(twin.bytes.equals(naive)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it("refuse a range beyond their memory", () => {
    for (const arena of [createParityArena(sizeBytes), createJavaScriptArena(sizeBytes)]) {
      expect(() => arena.xor(sizeBytes - 8, 0, 16)).toThrow("beyond");
    }
  });
});
