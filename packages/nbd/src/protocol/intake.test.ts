import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createIntake } from "./intake.js";

type Operation =
  | { readonly kind: "push"; readonly bytes: Uint8Array }
  | { readonly kind: "take"; readonly lengthBytes: number }
  | { readonly kind: "move"; readonly lengthBytes: number };

const push = fc.record({ kind: fc.constant("push" as const), bytes: fc.uint8Array({ maxLength: 20 }) });
const take = fc.record({ kind: fc.constant("take" as const), lengthBytes: fc.integer({ min: 1, max: 28 }) });
const move = fc.record({ kind: fc.constant("move" as const), lengthBytes: fc.integer({ min: 0, max: 40 }) });
/** More goes in than comes out, so that most structures straddle chunks and others wait behind them. */
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 5, arbitrary: push },
  { weight: 2, arbitrary: take },
  { weight: 1, arbitrary: move },
);

describe("the intake", () => {
  it("gives the bytes as one flat buffer would, however they were cut into chunks", () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const intake = createIntake();
        let model: number[] = [];
        for (const op of operations) {
          if (op.kind === "push") {
            intake.push(Buffer.from(op.bytes));
            model.push(...op.bytes);
          } else if (op.kind === "take") {
            expect(intake.contiguous(op.lengthBytes)).toBe(model.length >= op.lengthBytes);
            if (model.length < op.lengthBytes) continue;
            const bytes = intake.head.subarray(intake.position, intake.position + op.lengthBytes);
            expect([...bytes]).toEqual(model.slice(0, op.lengthBytes));
            intake.skip(op.lengthBytes);
            model = model.slice(op.lengthBytes);
          } else {
            const target = Buffer.alloc(op.lengthBytes);
            const moved = intake.moveInto(target, 0);
            expect(moved).toBe(Math.min(op.lengthBytes, model.length));
            expect([...target.subarray(0, moved)]).toEqual(model.slice(0, moved));
            model = model.slice(moved);
          }
          expect(intake.availableBytes()).toBe(model.length);
        }
      }),
    );
  });

  it("reads a chunk where it lies: nothing is copied when a structure is in one piece", () => {
    const intake = createIntake();
    const chunk = Buffer.from("0123456789");
    intake.push(chunk);
    expect(intake.contiguous(10)).toBe(true);
    expect(intake.head).toBe(chunk);
  });
});
