import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCellUpdate, layOver, type Segment } from "./cell-update.js";
import { blockBytes } from "./disk-layout.js";
import type { Cell } from "./geometry.js";
import { fillBlock, partBlocks } from "./widen.js";

const windowBytes = 4 * blockBytes;
/** Byte offsets that meet borders of blocks often. */
const anyColumn = fc.oneof(
  fc.nat(4).map((block) => block * blockBytes),
  fc.nat(windowBytes),
);
const anyWrite = fc.record({ start: anyColumn, end: anyColumn, fill: fc.nat(255) });

describe("A4: a round is widened to whole blocks", () => {
  it("reads the old bytes of no block that is written whole, and changes no byte that nobody writes", () => {
    fc.assert(
      fc.property(fc.array(anyWrite, { minLength: 1, maxLength: 6 }), (writes) => {
        const update = createCellUpdate(0 as Cell, 1);
        const old = Buffer.alloc(windowBytes, 0xee);
        const expected = Buffer.from(old);
        const touched = new Map<number, number>();
        for (const { start, end, fill } of writes) {
          if (start >= end) continue;
          const source = fill === 0 ? null : Buffer.alloc(end - start + 3, fill);
          const segment: Segment = { startBytes: start, endBytes: end, source, sourceBytes: 3 };
          update.units[0] = layOver(update.units[0]!, segment);
          expected.fill(fill, start, end);
        }
        for (const { startBytes, endBytes } of update.units[0]!) {
          for (let at = startBytes; at < endBytes; at++) {
            const block = Math.floor(at / blockBytes);
            touched.set(block, (touched.get(block) ?? 0) + 1);
          }
        }
        for (const part of partBlocks(update)) {
          expect(part.needsOld).toBe(touched.get(part.startBytes / blockBytes)! < blockBytes);
          const block = Buffer.alloc(blockBytes, 0x77);
          if (part.needsOld) old.copy(block, 0, part.startBytes, part.startBytes + blockBytes);
          fillBlock(update, part, block);
        }
        const shown = Buffer.from(old);
        let previous = 0;
        for (const { startBytes, endBytes, source, sourceBytes } of update.units[0]!) {
          expect([startBytes % blockBytes, endBytes % blockBytes, startBytes >= previous]).toEqual([0, 0, true]);
          previous = endBytes;
          const lengthBytes = endBytes - startBytes;
          shown.set(source?.subarray(sourceBytes, sourceBytes + lengthBytes) ?? Buffer.alloc(lengthBytes), startBytes);
        }
        expect(shown.equals(expected)).toBe(true);
        expect(partBlocks(update)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});
