import { describe, expect, it } from "vitest";
import { copyingFrom, courseMark, orderFor, readCourse, runningFromTheStart, runOf, type Course } from "./course.js";
import { secondaryA, secondaryB, seq, volB } from "./testing/fixture.js";

const order = { copyId: "run-1", base: seq(5), begin: seq(9), nodes: [secondaryA, secondaryB], end: null };
const run = { order, full: [volB], wrote: [], jumped: [{ node: secondaryB, blank: true, at: seq(9) }] };

/** As a journal keeps it. */
function kept(course: Course): Course {
  return readCourse(new Map([["course", JSON.parse(JSON.stringify(courseMark(course))) as string]]));
}

describe("the mark of a group's course", () => {
  it.each<Course>([
    { kind: "running", ended: "run-0" },
    { kind: "copying", run },
    { kind: "copying", run: { ...run, order: { ...order, end: seq(12) } } },
    { kind: "suspended", at: seq(7), state: "PFUS", detail: "the journal was full", run: null },
    { kind: "suspended", at: seq(7), state: "PSUS", detail: "by an operator", run },
  ])("is read back as it was: $kind", (course) => {
    expect(kept(course)).toEqual(course);
  });

  it("is running where there is none", () => {
    expect(readCourse(new Map())).toEqual(runningFromTheStart);
    expect(runOf(runningFromTheStart)).toBeNull();
  });

  it.each([
    ["an unknown course", { kind: "sleeping" }],
    ["a suspension without a number", { kind: "suspended", state: "PSUS", detail: "", run: null }],
    ["a run without its order", { kind: "copying", run: { full: [], wrote: [], jumped: [] } }],
  ])("stops the node when it is damaged: %s", (_, mark) => {
    expect(() => readCourse(new Map([["course", mark as unknown as string]]))).toThrow(/damaged/);
  });

  it("PROTOCOL 9: an order names only those that still have to go to its begin", () => {
    expect(orderFor(run).nodes).toEqual([secondaryA]);
    const fresh = copyingFrom(order);
    expect(fresh.kind === "copying" && orderFor(fresh.run).nodes).toEqual([secondaryA, secondaryB]);
  });
});
