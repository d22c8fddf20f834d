import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createWriteAckTracker } from "./write-acks.js";

describe("the acknowledgements of a write stream", () => {
  it("tell each write once, and the longest prefix, whatever the order (against a plain set)", () => {
    const order = fc
      .integer({ min: 1, max: 60 })
      .chain((count) => fc.shuffledSubarray(Array.from({ length: count }, (_, index) => index + 1)));
    fc.assert(
      fc.property(order, fc.array(fc.boolean()), fc.array(fc.boolean()), (numbers, takes, fails) => {
        const acks = createWriteAckTracker();
        const ended = new Set<number>();
        const told = new Set<number>();
        const failed: number[] = [];
        const check = () => {
          const message = acks.take();
          if (message === null) return;
          let prefix = 0;
          while (ended.has(prefix + 1)) prefix += 1;
          expect(message.settledThrough).toBe(prefix);
          for (const number of message.settledBeyond ?? []) {
            expect(Number(number)).toBeGreaterThan(prefix);
            expect(told.has(Number(number))).toBe(false);
            told.add(Number(number));
          }
          for (let number = 1; number <= prefix; number += 1) told.add(number);
          expect([...told].sort()).toEqual([...ended].sort());
          failed.push(...(message.failures ?? []).map(({ number }) => Number(number)));
        };
        for (const [index, number] of numbers.entries()) {
          acks.settle(number, fails[index] ? { reason: "IO_ERROR", message: "" } : undefined);
          ended.add(number);
          if (takes[index]) check();
        }
        check();
        expect(failed).toEqual(numbers.filter((_, index) => fails[index]));
        expect(acks.take()).toBeNull();
      }),
    );
  });
});
