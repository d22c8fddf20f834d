/**
 * The course of a group at its relay (PROTOCOL 4, 9): takes it from one durable state of course.ts to the next, and
 * through the copy run in hand. Invariants:
 *
 * - A new course counts here at once: a suspended group stamps nothing more although the mark is still on its way. It
 *   is told to nobody before it is durable, and no point is settled meanwhile.
 * - `at`, `begin` and `end` are the last number stamped when the mark is given to the journal: what was stamped before
 *   is durable before the mark is.
 * - A run has ended only when every secondary has validated its end knowing that it is the end.
 *
 * Crashes. Suspending: before the mark nobody was told, and the group goes on; after it, whoever greets is told. Beginning
 * a run: before the mark no secondary has the order; after it, each greeting has it. Its end: before the mark, primaries
 * say `copy-done` again; after it, secondaries learn the end as they are greeted. Back to running: before the mark the
 * secondaries say again what they have validated; after it, a primary that missed `copy-ended` names the run as it
 * greets, and is told then.
 */
import type { Failure } from "@waystation/contracts/errors";
import type { GroupCommand } from "./control-front.js";
import { createCopyRun, type CopyRun, type CopyStart } from "./copy-run.js";
import { courseMark, orderFor, readCourse, runOf, type CopyCourse, type Course } from "./course.js";
import type { Desk } from "./effects.js";
import { markNames, type Marks } from "./marks.js";
import { volumesOn, type Membership } from "./membership.js";
import type { CopyOrder, PairState, ShipBody, SuspendedState } from "./messages.js";
import { pairStates, refusalOf, type PairEvent } from "./pair-states.js";
import type { Shipping, ShipWelcome } from "./shipping.js";
import type { MarkValue, NodeName, Sequence, VolumeName } from "./vocabulary.js";

export interface RelayCourse {
  now(): Course;
  /** False from the moment on that the group is suspended, durably or not. */
  isStamping(): boolean;
  /** False while a change is on its way to the disk. */
  isDurable(): boolean;
  /** The run that a primary welcomed now is to join; "" when there is none. */
  copyId(): string;
  /** Something happened that may change the course: what follows is in the table of pair-states.ts. */
  happened(event: PairEvent, why: string): void;
  command(command: GroupCommand, reply: (refusal: Failure | null) => void): void;
  tick(): void;

  /** Whether the primary has written in the run in hand; and what to make durable with its first records in it. */
  hasWritten(primary: NodeName): boolean;
  noteWritten(primary: NodeName): ReadonlyMap<string, MarkValue>;
  /** What a welcomed primary is to be told now, if anything; it counts as told. */
  takeCopyStart(primary: NodeName): CopyStart | null;
  copyDone(primary: NodeName, copyId: string): void;
  parted(primary: NodeName): void;

  order(): CopyOrder | null;
  greeted(node: NodeName, welcome: ShipWelcome): string;
  lacks(node: NodeName, why: string): void;
  regions(node: NodeName, body: Extract<ShipBody, { kind: "ship-regions" }>): void;
  farParted(node: NodeName): void;
  /** What the copy run cannot go on without; "" when nothing, or there is none. */
  waitsFor(): string;
}

export interface RelayCourseOptions {
  readonly desk: Desk;
  readonly membership: Membership;
  readonly marks: Marks;
  /** The last number stamped, durable or not. */
  readonly stamped: () => Sequence;
  /** A run begins above this number: what is to become durable with it. */
  readonly withRun: (begin: Sequence) => readonly [string, MarkValue];
  readonly shipping: () => Shipping;
  readonly state: () => PairState;
  /** Why nothing may begin now, whatever the state (a takeover, a lost journal); null when it may. */
  readonly hindrance: () => Failure | null;
  /** Every primary has greeted, and may be expected to stay; the journal has room. */
  readonly primariesAreBack: () => boolean;
  /** Durable: what the primaries are to know. */
  readonly onSuspended: () => void;
  readonly onBegun: () => void;
  readonly onEnded: (copyId: string) => void;
}

export function createRelayCourse(options: RelayCourseOptions): RelayCourse {
  const { desk, membership, stamped, shipping } = options;
  let course = readCourse(options.marks);
  /** What is durable: the only thing that others are told. */
  let told = course;
  let turning = 0;
  let copying: CopyRun | null = course.kind === "copying" ? createCopyRun(membership, course.run) : null;
  /** Secondaries that are here, and lack something. */
  const lacking = new Map<NodeName, string>();

  const turn = (next: Course, then: () => void, withIt: readonly (readonly [string, MarkValue])[] = []): void => {
    course = next;
    turning += 1;
    desk.commit({ marks: new Map([...withIt, [markNames.course, courseMark(next)]]) }, () => {
      turning -= 1;
      told = next;
      then();
    });
  };

  const suspend = (state: SuspendedState, why: string, then: () => void = () => {}): void => {
    const at = course.kind === "suspended" ? course.at : stamped();
    desk.log(state === "PSUS" ? "info" : "warn", `${membership.group}: ${state}, suspended at ${at}: ${why}`);
    copying = null;
    turn({ kind: "suspended", at, state, detail: why, run: runOf(course) }, () => {
      // A resync may have been ordered by now: the primaries are told of what holds.
      if (course.kind === "suspended") options.onSuspended();
      then();
    });
  };

  const isOver = ({ order: { end } }: CopyCourse): boolean =>
    end !== null && shipping().gate() >= end && shipping().validatedEverywhere(end);

  /** Begins a run: who lacks something goes to the last number stamped, and what it lacks is copied. */
  const begin = (why: string, whole: readonly VolumeName[], then: () => void = () => {}): void => {
    const interrupted = runOf(course);
    const unfinished = interrupted !== null && !isOver(interrupted) ? interrupted : null;
    const nodes = [...lacking.keys()];
    lacking.clear();
    const lackingVolumes = nodes.flatMap((node) => volumesOn(membership, node, "secondary").map(({ name }) => name));
    const order: CopyOrder = {
      copyId: desk.uniqueId(),
      base: unfinished?.order.base ?? shipping().settled(),
      begin: stamped(),
      nodes,
      end: null,
    };
    const run: CopyCourse = {
      order,
      full: [...new Set([...(unfinished?.full ?? []), ...whole, ...lackingVolumes])],
      wrote: [],
      jumped: (unfinished?.jumped ?? []).filter(({ node }) => !nodes.includes(node)),
    };
    desk.log("info", `${membership.group}: copy run ${order.copyId} from ${order.base} on: ${why}`);
    copying = createCopyRun(membership, run);
    const begun = (): void => {
      shipping().greetAnew();
      options.onBegun();
      then();
    };
    turn({ kind: "copying", run }, begun, [options.withRun(order.begin)]);
  };

  const happened = (event: PairEvent, why: string): void => {
    const next = pairStates[options.state()].events[event];
    if (options.hindrance() !== null) return;
    if (next === "PSUE" || next === "PFUS") suspend(next, why);
    else if (next === "COPY") begin(why, []);
  };

  const changeRun = (change: Partial<CopyCourse>, then: () => void = () => {}): void => {
    const run = runOf(course);
    if (course.kind === "running" || run === null) return;
    turn({ ...course, run: { ...run, ...change } }, then);
  };

  const resumeIfBack = ({ at, state, run }: Extract<Course, { kind: "suspended" }>): void => {
    if (run !== null && isOver(run))
      return turn({ kind: "suspended", at, state, detail: detailOf(course), run: null }, noop);
    if (!membership.autoResync || !shipping().everyoneHere() || !options.primariesAreBack()) return;
    // A secondary that lacks records may be what the others' points wait for. Otherwise the group drains first: the image
    // that a takeover goes back to is then as new as can be.
    const drains = lacking.size === 0 && (run === null || run.order.end !== null);
    if (!drains || shipping().gate() >= at) happened("all-back", "everybody is back");
  };

  const followRun = (run: CopyCourse): void => {
    const { order } = run;
    if (order.end === null && copying?.allDone() === true) {
      const ended = { ...order, end: stamped() };
      return changeRun({ order: ended }, () => shipping().tellEnd(ended));
    }
    if (!isOver(run)) return;
    desk.log("info", `${membership.group}: PAIR: copy run ${order.copyId} has ended at ${order.end}`);
    copying = null;
    turn({ kind: "running", ended: order.copyId }, () => options.onEnded(order.copyId));
  };

  const command = (asked: GroupCommand, reply: (refusal: Failure | null) => void): void => {
    // What is on its way to the disk decides what is legal.
    if (turning > 0) return desk.commit({}, () => command(asked, reply));
    const full = asked.kind === "resync" && asked.full;
    const name = asked.kind === "suspend" ? "suspend" : full ? "resync --full" : "resync";
    const refusal = refusalOf(membership.group, options.state(), name) ?? options.hindrance();
    if (refusal !== null) return reply(refusal);
    const answer = (): void => reply(null);
    if (asked.kind === "suspend") return suspend("PSUS", "by an operator", answer);
    begin("an operator's resync", full ? membership.volumes.map((volume) => volume.name) : [], answer);
  };

  /** Whether a secondary that is in a run is the one that came into it; otherwise what it was sent is gone. */
  const lackInRun = (run: CopyCourse, node: NodeName, { received, blank }: ShipWelcome): string => {
    const known = run.jumped.find((jump) => jump.node === node);
    const named = run.order.nodes.includes(node);
    if (known === undefined) {
      if (!named) return blank ? "its volumes are new, or were overwritten in part" : "";
      return received < run.order.begin ? `it did not go to ${run.order.begin}, where the copy run begins` : "";
    }
    if (received < known.at || (blank && !known.blank)) return "its data was lost in the middle of a copy run";
    // Its disks may have been lost, and it have come into the run a second time: what was found equal may not be so now.
    return blank && named && received === known.at ? "it came back where it began, and may have lost its data" : "";
  };

  return {
    now: () => course,
    isStamping: () => course.kind !== "suspended",
    isDurable: () => turning === 0,
    copyId: () => (course.kind === "copying" ? course.run.order.copyId : ""),
    happened,
    command,
    tick() {
      if (turning > 0 || options.hindrance() !== null) return;
      if (course.kind === "suspended") return resumeIfBack(course);
      // No host need wait for it, and nothing is at stake but the copy: no operator is asked.
      if (lacking.size > 0) return happened("far-lacks", [...lacking.values()].join("; "));
      if (course.kind === "copying") followRun(course.run);
    },
    hasWritten: (primary) => course.kind === "copying" && course.run.wrote.includes(primary),
    noteWritten(primary) {
      if (course.kind !== "copying" || course.run.wrote.includes(primary)) return new Map();
      course = { kind: "copying", run: { ...course.run, wrote: [...course.run.wrote, primary] } };
      return new Map([[markNames.course, courseMark(course)]]);
    },
    takeCopyStart(primary) {
      if (course.kind !== "copying" || turning > 0 || course.run.order.end !== null || copying === null) return null;
      if (copying.isStarted(primary) || copying.waitsFor() !== "") return null;
      copying.started(primary);
      return copying.startFor(primary);
    },
    copyDone(primary, copyId) {
      if (course.kind === "copying" && course.run.order.copyId === copyId) copying?.done(primary);
    },
    parted: (primary) => copying?.parted(primary),
    order() {
      const run = runOf(told);
      return run === null ? null : orderFor(run);
    },
    greeted(node, welcome) {
      const run = runOf(told);
      if (run === null) {
        const unfinished =
          welcome.blank && welcome.received > 0 && told.kind === "running" && welcome.copyId !== told.ended;
        return unfinished ? "its volumes were overwritten in part by a copy run that is not known here" : "";
      }
      const lack = lackInRun(run, node, welcome);
      if (lack !== "" || run.order.copyId !== runOf(course)?.order.copyId) return lack;
      copying?.welcomed(node, welcome.blank);
      const { jumped, order } = run;
      const isNew = order.nodes.includes(node) && jumped.every((jump) => jump.node !== node);
      if (isNew) changeRun({ jumped: [...jumpedOf(course), { node, blank: welcome.blank, at: order.begin }] });
      return "";
    },
    lacks: (node, why) => void lacking.set(node, why),
    regions(node, { copyId, regions, last }) {
      if (copyId === runOf(course)?.order.copyId) copying?.regions(node, regions, last);
    },
    waitsFor: () => copying?.waitsFor() ?? "",
    farParted: (node) => void lacking.delete(node),
  };
}

const noop = (): void => {};

function detailOf(course: Course): string {
  return course.kind === "suspended" ? course.detail : "";
}

function jumpedOf(course: Course): CopyCourse["jumped"] {
  return runOf(course)?.jumped ?? [];
}
