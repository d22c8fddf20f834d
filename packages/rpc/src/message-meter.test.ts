import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMessageMeter } from "./message-meter.js";

function frame(lengthBytes: number): Buffer {
  const bytes = Buffer.alloc(5 + lengthBytes, 0xff);
  bytes.writeUInt32BE(lengthBytes, 1);
  return bytes;
}

describe("the message meter", () => {
  it("knows after each chunk how much there is of the unfinished message, wherever chunks are cut", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40)), fc.array(fc.integer({ min: 1, max: 30 })), (lengths, cuts) => {
        const meter = createMessageMeter(1_000);
        const bytes = Buffer.concat(lengths.map(frame));
        let at = 0;
        for (let i = 0; at < bytes.length; i++) {
          const end = Math.min(bytes.length, at + (cuts[i % cuts.length] ?? 7));
          const held = meter.feed(bytes.subarray(at, end));
          at = end;
          let whole = 0;
          for (const lengthBytes of lengths) {
            if (whole + 5 + lengthBytes > at) break;
            whole += 5 + lengthBytes;
          }
          expect(held).toBe(Math.max(0, at - whole - 5));
        }
      }),
    );
  });

  it("counts nothing of a message that is refused by its length", () => {
    const meter = createMessageMeter(1_000);
    expect(meter.feed(frame(1_001).subarray(0, 500))).toBe(0);
    expect(meter.feed(Buffer.alloc(300))).toBe(0);
  });
});
