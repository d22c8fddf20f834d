import { endOf, type ByteRange } from "@waystation/contracts/byte-range";
import { noOrigin } from "@waystation/contracts/ids";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createWriteIntent, type IntentChange } from "./write-intent.js";

const unitBytes = 16;
const unitsMax = 8;

function unitsOf(range: ByteRange): number[] {
  const units: number[] = [];
  for (let unit = Math.floor(range.offsetBytes / unitBytes); unit * unitBytes < endOf(range); unit++) units.push(unit);
  return units;
}

const range = fc.record({
  offsetBytes: fc.integer({ min: 0, max: 16 * unitBytes }),
  lengthBytes: fc.integer({ min: 1, max: 3 * unitBytes }),
});
const command = fc.oneof(
  { weight: 3, arbitrary: range.map((wanted) => ({ kind: "enter" as const, wanted })) },
  { weight: 2, arbitrary: fc.constant({ kind: "commit" as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: "durable" as const }) },
  { weight: 3, arbitrary: fc.nat().map((pick) => ({ kind: "exit" as const, pick })) },
);

describe("write intent (PROTOCOL 1.2, 2c)", () => {
  it("is durable for every write whose legs may run, whatever is evicted, and never said to be before it is", () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 80 }), (commands) => {
        const intent = createWriteIntent({ unitBytes, unitsMax, recovered: [] });
        /** What a crash would leave behind. */
        const onDisk = new Set<number>();
        const committing: IntentChange[] = [];
        let active: ByteRange[] = [];
        const expectTruth = (): void => {
          for (const write of active) {
            const units = unitsOf(write);
            // A unit that waits to be removed counts as gone: its commit may be the last that survives.
            const removing = new Set(committing.flatMap(({ removed }) => removed));
            const durable = units.every((unit) => onDisk.has(unit) && !removing.has(unit));
            expect(intent.isDurable(write)).toBe(durable);
          }
        };
        for (const step of commands) {
          switch (step.kind) {
            case "enter":
              active.push(step.wanted);
              expect(intent.enter(step.wanted)).toBe(intent.isDurable(step.wanted));
              break;
            case "commit": {
              const change = intent.takeChange(noOrigin);
              if (change !== null) committing.push(change);
              break;
            }
            case "durable": {
              const change = committing.shift();
              if (change === undefined) break;
              for (const unit of change.added) onDisk.add(unit);
              for (const unit of change.removed) onDisk.delete(unit);
              intent.confirm(change);
              break;
            }
            case "exit": {
              const write = active[step.pick % Math.max(1, active.length)];
              if (write === undefined) break;
              active = active.filter((each) => each !== write);
              intent.exit(write, noOrigin);
            }
          }
          expectTruth();
        }
      }),
      { numRuns: 500 },
    );
  });

  it("holds every unit that a crash may have left different: those of all writes under way (superset)", () => {
    const intent = createWriteIntent({ unitBytes, unitsMax, recovered: [3, 40] });
    const write = { offsetBytes: 2 * unitBytes - 1, lengthBytes: 2 };
    expect(intent.enter(write)).toBe(false);
    intent.confirm(intent.takeChange(noOrigin)!);
    expect(intent.units()).toEqual([1, 2, 3, 40]);
  });

  it("hands each unit out once, and a hot unit costs one commit, not one per write", () => {
    const intent = createWriteIntent({ unitBytes, unitsMax, recovered: [] });
    const write = { offsetBytes: 0, lengthBytes: 4 };
    expect(intent.enter(write)).toBe(false);
    expect(intent.enter(write)).toBe(false);
    const change = intent.takeChange(noOrigin);
    expect(change).toEqual({ added: [0], removed: [], folded: [] });
    expect(intent.takeChange(noOrigin)).toBeNull();
    expect(intent.enter(write)).toBe(false);
    intent.confirm(change!);
    expect(intent.enter(write)).toBe(true);
    expect(intent.takeChange(noOrigin)).toBeNull();
  });

  it("evicts idle units only, least recently used first, and only together with new ones", () => {
    const intent = createWriteIntent({ unitBytes, unitsMax, recovered: [0, 1, 2, 3, 4, 5, 6, 7] });
    const unit = (index: number): ByteRange => ({ offsetBytes: index * unitBytes, lengthBytes: 1 });
    expect(intent.enter(unit(0))).toBe(true);
    expect(intent.enter(unit(1))).toBe(true);
    intent.exit(unit(1), noOrigin);
    expect(intent.takeChange(noOrigin)).toBeNull();
    intent.enter(unit(9));
    // 0 is active, 1 was used last: 2 and 3 go, down to an eighth below the limit.
    expect(intent.takeChange(noOrigin)).toEqual({
      added: [9],
      removed: [2, 3],
      folded: [
        { unit: 2, last: null },
        { unit: 3, last: null },
      ],
    });
    expect(intent.units()).toEqual([0, 1, 4, 5, 6, 7, 9]);
  });

  it("grows beyond its limit rather than forget a unit that is being written", () => {
    const intent = createWriteIntent({ unitBytes, unitsMax, recovered: [] });
    for (let index = 0; index < 2 * unitsMax; index++) intent.enter({ offsetBytes: index * unitBytes, lengthBytes: 1 });
    const change = intent.takeChange(noOrigin)!;
    intent.confirm(change);
    expect(change.removed).toEqual([]);
    intent.enter({ offsetBytes: 99 * unitBytes, lengthBytes: 1 });
    expect(intent.takeChange(noOrigin)).toEqual({ added: [99], removed: [], folded: [] });
    expect(intent.units()).toHaveLength(2 * unitsMax + 1);
  });

  it("asserts that what leaves had entered", () => {
    const intent = createWriteIntent({ unitBytes, unitsMax, recovered: [] });
    expect(() => intent.exit({ offsetBytes: 0, lengthBytes: 1 }, noOrigin)).toThrow(/never entered/);
  });
});
