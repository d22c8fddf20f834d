import { noOrigin, noSequence } from "@waystation/contracts/ids";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decisionMark,
  epochMark,
  markNames,
  originMark,
  readDecision,
  readEpoch,
  readOrigin,
  readSequence,
} from "./marks.js";
import type { MarkValue } from "./vocabulary.js";
import { at, epoch, secondaryA, secondaryB, seq, volA, volB } from "./testing/fixture.js";

/** As a journal keeps it: text on a disk. */
function stored(name: string, value: MarkValue): ReadonlyMap<string, MarkValue> {
  return new Map([[name, JSON.parse(JSON.stringify(value)) as MarkValue]]);
}

describe("marks", () => {
  it("come back from the disk as they were written", () => {
    const number = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(number, number, fc.string(), (a, b, id) => {
        expect(readOrigin(stored("x", originMark(at(a, b))), "x")).toEqual(at(a, b));
        expect(readSequence(stored("x", a), "x")).toBe(a);
        expect(readEpoch(stored("x", epochMark(epoch(a, id))), "x")).toEqual(epoch(a, id));
        const decision = {
          epoch: epoch(a, id),
          sequence: seq(b),
          participants: [secondaryA],
          excluded: [secondaryB],
          term: null,
          fenced: a % 2 === 0,
          stamped: seq(a),
        };
        expect(readDecision(stored(markNames.decision, decisionMark(decision)))).toEqual(decision);
      }),
    );
  });

  it("read as nothing when they were never written", () => {
    const none = new Map<string, MarkValue>();
    expect(readOrigin(none, "x")).toEqual(noOrigin);
    expect(readSequence(none, "x")).toBe(noSequence);
    expect(readEpoch(none, "x")).toBeNull();
    expect(readDecision(none)).toBeNull();
  });

  it("stop the node when they are damaged: a guessed epoch or watermark loses data", () => {
    for (const value of ["1", null, -1, 1.5, [1, 2], {}] as MarkValue[])
      expect(() => readSequence(stored("x", value), "x"), JSON.stringify(value)).toThrow();
    for (const value of [1, [1], ["1", 2], {}] as MarkValue[])
      expect(() => readOrigin(stored("x", value), "x"), JSON.stringify(value)).toThrow(/damaged/);
    for (const value of [1, [], { number: 1 }, { number: "1", takeoverId: "t" }] as MarkValue[])
      expect(() => readEpoch(stored("x", value), "x"), JSON.stringify(value)).toThrow(/damaged/);
    for (const value of [1, {}, { sequence: 1 }, { sequence: 1, epoch: 1 }] as MarkValue[])
      expect(() => readDecision(stored(markNames.decision, value)), JSON.stringify(value)).toThrow(/damaged/);
  });

  it("of two volumes never share a name", () => {
    const names = [volA, volB].flatMap((volume) => [
      markNames.high(volume),
      markNames.incarnation(volume),
      markNames.localComplete(volume),
      markNames.acknowledged(volume),
      markNames.intentPrefix(volume),
    ]);
    expect(new Set(names).size).toBe(names.length);
  });
});
