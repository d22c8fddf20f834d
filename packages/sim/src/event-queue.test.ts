import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEventQueue, type ScheduledEvent } from "./event-queue.js";

describe("event queue", () => {
  it("gives events back by time, then in the order of scheduling, without the cancelled ones", () => {
    const action = fc.oneof(
      fc.record({ kind: fc.constant("push" as const), atMs: fc.integer({ min: 0, max: 5 }) }),
      fc.record({ kind: fc.constant("pop" as const) }),
      fc.record({ kind: fc.constant("cancel" as const), index: fc.nat(20) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const queue = createEventQueue();
        let model: ScheduledEvent[] = [];
        for (const step of actions) {
          if (step.kind === "push") model.push(queue.push(step.atMs, () => {}));
          if (step.kind === "cancel") {
            const event = model[step.index];
            if (event !== undefined) event.run = null;
            model = model.filter((each) => each !== event);
          }
          if (step.kind === "pop") {
            const sorted = model.toSorted((a, b) => a.atMs - b.atMs || a.order - b.order);
            expect(queue.nextAtMs()).toBe(sorted[0]?.atMs ?? Infinity);
            expect(queue.pop()).toBe(sorted[0] ?? null);
            model = model.filter((each) => each !== sorted[0]);
          }
        }
      }),
    );
  });
});
