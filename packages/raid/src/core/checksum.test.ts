import { crc32c } from "@node-rs/crc32";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { entryAt, joinedChecksum, matchEntries, setEntries, type EntryList } from "./checksum.js";
import { blockBytes } from "./disk-layout.js";

/** Blocks that differ, from a few bytes: property tests need no more. */
function blocksOf(seeds: readonly number[]): Buffer {
  const run = Buffer.alloc(seeds.length * blockBytes);
  for (const [index, seed] of seeds.entries()) {
    const block = run.subarray(index * blockBytes, (index + 1) * blockBytes);
    if (seed % 3 !== 0) for (let at = 0; at < blockBytes; at += 8) block.writeUInt32LE((seed * (at + 13)) >>> 0, at);
  }
  return run;
}

const seeds = fc.array(fc.nat(2 ** 20), { minLength: 1, maxLength: 20 });
const emptyList = (first: number, blocks: number): EntryList => {
  return { entries: new DataView(new ArrayBuffer((first + blocks) * 4)), first };
};

describe("A4: checksums of blocks", () => {
  it("an entry is the block's CRC32C, XOR that of zeros, so that zeros have the entry 0", () => {
    const zeros = Buffer.alloc(blockBytes);
    const list = emptyList(0, 3);
    setEntries(list, blocksOf([3, 1, 2]));
    const [first, second] = [blocksOf([1]), blocksOf([2])];
    expect(entryAt(list, 0)).toBe(0);
    expect(entryAt(list, 1)).toBe((crc32c(first) ^ crc32c(zeros)) >>> 0);
    expect(entryAt(list, 2)).toBe((crc32c(second) ^ crc32c(zeros)) >>> 0);
  });

  it("a run matches its entries as a whole, and no longer with any bit of it or of them changed", () => {
    fc.assert(
      fc.property(seeds, fc.nat(3), fc.nat(), fc.boolean(), (list, first, at, inEntries) => {
        const run = blocksOf(list);
        const stored = emptyList(first, list.length);
        setEntries(stored, run);
        expect(matchEntries(stored, run)).toBe(true);
        expect(joinedChecksum(stored, list.length)).toBe(crc32c(run));
        const damaged = inEntries ? Buffer.from(stored.entries.buffer).subarray(first * 4) : run;
        damaged[at % damaged.length]! ^= 1 << (at % 8);
        expect(matchEntries(stored, run)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});
