import { overlaps } from "@waystation/contracts/byte-range";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRangeLocks, type Lock } from "./range-lock.js";

interface Entry {
  readonly id: number;
  readonly lock: { readonly offsetBytes: number; readonly lengthBytes: number; readonly exclusive: boolean };
}

/** Who holds a lock, worked out anew from the whole list of arrivals: nothing conflicting stands before it. */
function naiveHolders(entries: readonly Entry[]): number[] {
  return entries
    .filter((entry, index) =>
      entries
        .slice(0, index)
        .every((before) => !((entry.lock.exclusive || before.lock.exclusive) && overlaps(entry.lock, before.lock))),
    )
    .map(({ id }) => id);
}

const request = fc.record({
  offsetBytes: fc.integer({ min: 0, max: 20 }),
  lengthBytes: fc.integer({ min: 1, max: 8 }),
  exclusive: fc.boolean(),
});
const command = fc.oneof(
  { weight: 3, arbitrary: request.map((lock) => ({ kind: "acquire" as const, lock })) },
  { weight: 2, arbitrary: fc.nat().map((pick) => ({ kind: "release" as const, pick })) },
);

describe("range locks (PROTOCOL 1.2)", () => {
  it("agree with the naive model: first come first served among overlapping ranges, releases and withdrawals alike", () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        const locks = createRangeLocks();
        const granted = new Map<number, number>();
        const handles = new Map<number, Lock>();
        let entries: Entry[] = [];
        let nextId = 0;
        for (const step of commands) {
          if (step.kind === "acquire") {
            const id = nextId++;
            entries.push({ id, lock: step.lock });
            handles.set(
              id,
              locks.acquire(step.lock, () => granted.set(id, (granted.get(id) ?? 0) + 1)),
            );
          } else if (entries.length > 0) {
            const { id } = entries[step.pick % entries.length]!;
            entries = entries.filter((entry) => entry.id !== id);
            locks.release(handles.get(id)!);
            granted.delete(id);
          }
          const holders = naiveHolders(entries);
          expect([...granted.keys()].sort((a, b) => a - b)).toEqual(holders);
          expect([...granted.values()].every((times) => times === 1)).toBe(true);
          expect(entries.filter(({ id }) => handles.get(id)?.granted === true).map(({ id }) => id)).toEqual(holders);
          for (let offsetBytes = 0; offsetBytes < 28; offsetBytes += 3) {
            const range = { offsetBytes, lengthBytes: 4 };
            const isFree = !entries.some(({ lock }) => lock.exclusive && overlaps(lock, range));
            expect(locks.mayRead(range)).toBe(isFree);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it("never let two exclusive holders overlap, nor a reader look under a writer", () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        const locks = createRangeLocks();
        let handles: Lock[] = [];
        for (const step of commands) {
          if (step.kind === "acquire") handles.push(locks.acquire(step.lock, () => {}));
          else if (handles.length > 0) {
            const [released] = handles.splice(step.pick % handles.length, 1);
            locks.release(released!);
          }
          const held = handles.filter((lock) => lock.granted);
          for (const a of held)
            for (const b of held) if (a !== b && (a.exclusive || b.exclusive)) expect(overlaps(a, b)).toBe(false);
        }
        // Nobody starves: with everyone leaving in turn, everyone is served.
        for (let waiting = handles.length; waiting > 0; waiting = handles.length) {
          const holder = handles.find((lock) => lock.granted);
          expect(holder).toBeDefined();
          handles = handles.filter((lock) => lock !== holder);
          locks.release(holder!);
        }
      }),
    );
  });

  it("make a reader wait behind a writer that waits: a stream of readers cannot starve it", () => {
    const locks = createRangeLocks();
    const order: string[] = [];
    const range = { offsetBytes: 0, lengthBytes: 8 };
    const first = locks.acquire({ ...range, exclusive: false }, () => order.push("reader 1"));
    const writer = locks.acquire({ ...range, exclusive: true }, () => order.push("writer"));
    const late = locks.acquire({ ...range, exclusive: false }, () => order.push("reader 2"));
    expect(order).toEqual(["reader 1"]);
    locks.release(first);
    expect(order).toEqual(["reader 1", "writer"]);
    expect(late.granted).toBe(false);
    locks.release(writer);
    expect(order).toEqual(["reader 1", "writer", "reader 2"]);
  });

  it("grant what stood behind a request that is withdrawn", () => {
    const locks = createRangeLocks();
    const order: string[] = [];
    locks.acquire({ offsetBytes: 0, lengthBytes: 4, exclusive: true }, () => order.push("left"));
    const wide = locks.acquire({ offsetBytes: 0, lengthBytes: 8, exclusive: true }, () => order.push("wide"));
    locks.acquire({ offsetBytes: 4, lengthBytes: 4, exclusive: true }, () => order.push("right"));
    expect(order).toEqual(["left"]);
    locks.release(wide);
    locks.release(wide);
    expect(order).toEqual(["left", "right"]);
  });
});
