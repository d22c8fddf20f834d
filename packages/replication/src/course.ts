/**
 * The course of a group, as its relay durably knows it (PROTOCOL 4, 9): the relay stamps and all is well; a copy run is
 * catching somebody up; or the group is suspended at one number, and stamps nothing. One mark, changed by one commit:
 *
 *     running --suspend--> suspended --resync--> copying --end validated everywhere--> running
 *     running --a secondary lacks records or data--> copying          copying --suspend--> suspended
 *
 * An unfinished run is never forgotten: a suspension carries it, and the next run keeps its base, because that is the image
 * which the secondaries can go back to.
 */
import assert from "node:assert/strict";
import { toSequence } from "@waystation/contracts/ids";
import { markNames, type Marks } from "./marks.js";
import type { FenceLevel } from "./membership.js";
import type { CopyOrder, SuspendedState } from "./messages.js";
import type { MarkValue, NodeName, Sequence, VolumeName } from "./vocabulary.js";

/** A copy run, and what the relay must not forget of it. */
export interface CopyCourse {
  readonly order: CopyOrder;
  /** Volumes to be copied whole, whatever any log says. Those of blank secondaries come on top. */
  readonly full: readonly VolumeName[];
  /** The primaries that have written in it. One of them that says it went on alone has broken the order of writes. */
  readonly wrote: readonly NodeName[];
  /** The secondaries that were named in its order, or an interrupted one's, and welcomed: they went to `at`. */
  readonly jumped: readonly Jump[];
}

export interface Jump {
  readonly node: NodeName;
  readonly blank: boolean;
  readonly at: Sequence;
}

export type Course =
  /** `ended`: the copy run that ended last; a primary that missed its end is told. */
  | { readonly kind: "running"; readonly ended: string }
  | { readonly kind: "copying"; readonly run: CopyCourse }
  | {
      readonly kind: "suspended";
      /** Nothing is stamped above this number. */
      readonly at: Sequence;
      readonly state: SuspendedState;
      readonly detail: string;
      /** The run that was not over. */
      readonly run: CopyCourse | null;
    };

export const runningFromTheStart: Course = { kind: "running", ended: "" };

/** The run that the far legs are in: in hand, or interrupted by a suspension. */
export function runOf(course: Course): CopyCourse | null {
  return course.kind === "running" ? null : course.run;
}

/** Primaries may have acknowledged writes that the relay was never sent, and that the copy run has not brought yet. */
export function isBypassed(course: Course, fence: FenceLevel): boolean {
  // By command or in a full journal primaries go on alone whatever the fence level is; after a failure not with `data`.
  if (course.kind === "suspended") return course.state !== "PSUE" || fence !== "data";
  return course.kind === "copying" && course.run.order.end === null;
}

/** How a relay begins a term: whatever the ends may lack is copied first. */
export function copyingFrom(order: CopyOrder): Course {
  return { kind: "copying", run: { order, full: [], wrote: [], jumped: [] } };
}

/** The order as a secondary is told: whoever has been welcomed in the run has gone to its begin, and must not again. */
export function orderFor({ order, jumped }: CopyCourse): CopyOrder {
  return { ...order, nodes: order.nodes.filter((name) => jumped.every(({ node }) => node !== name)) };
}

export function courseMark(course: Course): MarkValue {
  return course as unknown as MarkValue;
}

export function readCourse(marks: Marks): Course {
  const value = marks.get(markNames.course) as unknown;
  if (value === undefined) return runningFromTheStart;
  const fields = fieldsOf(value);
  switch (fields["kind"]) {
    case "running":
      return { kind: "running", ended: textOf(fields["ended"]) };
    case "copying":
      return { kind: "copying", run: parseRun(fields["run"]) };
    case "suspended": {
      const { at, state, detail, run } = fields;
      assert(state === "PSUS" || state === "PSUE" || state === "PFUS", damaged);
      return {
        kind: "suspended",
        at: sequenceOf(at),
        state,
        detail: textOf(detail),
        run: run === null ? null : parseRun(run),
      };
    }
    default:
      return assert.fail(damaged);
  }
}

const damaged = `the mark ${markNames.course} is damaged`;

function parseRun(value: unknown): CopyCourse {
  const { order, full, wrote, jumped } = fieldsOf(value);
  const { copyId, base, begin, nodes, end } = fieldsOf(order);
  assert([nodes, full, wrote, jumped].every(Array.isArray), damaged);
  return {
    order: {
      copyId: textOf(copyId),
      base: sequenceOf(base),
      begin: sequenceOf(begin),
      nodes: nodes as NodeName[],
      end: end === null ? null : sequenceOf(end),
    },
    full: full as VolumeName[],
    wrote: wrote as NodeName[],
    jumped: jumped as CopyCourse["jumped"],
  };
}

function fieldsOf(value: unknown): Record<string, unknown> {
  assert(typeof value === "object" && value !== null && !Array.isArray(value), damaged);
  return value as Record<string, unknown>;
}

function sequenceOf(value: unknown): Sequence {
  assert(typeof value === "number", damaged);
  return toSequence(value);
}

function textOf(value: unknown): string {
  assert(typeof value === "string", damaged);
  return value;
}
