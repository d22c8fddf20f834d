/**
 * What is durable at a node as a term begins there: one commit, after which the role machines are built anew from the
 * marks, as after a restart. Dying before it leaves the old term, in which the node serves nobody any more because it
 * has promised the epoch; dying after it leaves the new one.
 *
 * Kept: the highest incarnations, and the write intents and region logs of volumes that are still here. At a primary they
 * are what the far side may lack; at an old primary they are where its volumes may differ from the new one's (B12).
 */
import { initialEpoch, sameEpoch } from "@waystation/contracts/ids";
import { dutyAtTermStart, dutyMark } from "./copy-duty.js";
import { copyingFrom, courseMark } from "./course.js";
import {
  decisionMark,
  epochMark,
  legMark,
  markNames,
  readEpoch,
  readLeg,
  readTerm,
  termMark,
  type Marks,
} from "./marks.js";
import { primariesOf, secondariesOf, volumesOn, type Membership } from "./membership.js";
import type { CopyOrder, Decision } from "./messages.js";
import type { Term } from "./term.js";
import type { MarkValue, NodeName } from "./vocabulary.js";

/** Where the volumes of a secondary stand as a term begins. */
export interface TermStanding {
  /** They hold exactly the image at the term's base. */
  readonly atBase: boolean;
  /** Where they differ from it is in the logs of this node or of the new primary. */
  readonly comparable: boolean;
}

export interface TermStart {
  readonly self: NodeName;
  readonly decision: Decision;
  readonly term: Term;
  /** Under the term. */
  readonly membership: Membership;
  readonly marks: Marks;
  readonly standing: TermStanding;
}

/** All marks to set or to delete. The records of the old term are to be cut, all of them, in the same commit. */
export function marksAtTermStart(start: TermStart): Map<string, MarkValue | undefined> {
  const { self, decision, term, membership, marks } = start;
  const change = new Map<string, MarkValue | undefined>();
  for (const name of marks.keys()) if (!isKept(name, start)) change.set(name, undefined);
  change.set(markNames.promised, epochMark(term.epoch));
  change.set(markNames.decision, decisionMark(decision));
  change.set(markNames.term, termMark(term));
  if (primariesOf(membership).includes(self)) primaryMarks(start, change);
  if (membership.relay === self) relayMarks(start, change);
  if (isStranger(start)) strangerMarks(start, change);
  if (secondariesOf(membership).includes(self)) secondaryMarks(start, change);
  return change;
}

/**
 * Nobody writes or stamps under a term who did not promise it when it was asked to (term-change.ts). One that finds itself
 * named for it all the same is an empty machine of an old name: a relay would use numbers again that others hold, and
 * order a copy run that is over, so that the far side gives up its image; a primary would show hosts zeros.
 */
function isStranger({ term, marks }: TermStart): boolean {
  const pledged = readEpoch(marks, markNames.pledged);
  return pledged === null || !sameEpoch(pledged, term.epoch);
}

/** Named by the term, and without what it goes on from: the relay's role waits for `return`, the primary's for a takeover. */
function strangerMarks({ self, term, membership }: TermStart, change: Map<string, MarkValue | undefined>): void {
  const why = `${self} was replaced, or lost its journal, since the term of epoch ${term.epoch.number} began`;
  if (primariesOf(membership).includes(self)) change.set(markNames.stranger, why);
  if (membership.relay !== self) return;
  for (const name of [markNames.stamped, markNames.valid, markNames.gate, markNames.course])
    change.set(name, undefined);
  change.set(markNames.lost, why);
}

function isKept(name: string, { self, membership }: TermStart): boolean {
  const own = membership.volumes.filter(({ primary, secondaries }) => [primary, ...secondaries].includes(self));
  // Asked again, it promises like any other; it has nothing to serve all the same.
  if (name === markNames.stranger && primariesOf(membership).includes(self)) return true;
  return own.some(
    (volume) =>
      name === markNames.incarnation(volume.name) ||
      name.startsWith(markNames.intentPrefix(volume.name)) ||
      name.startsWith(markNames.regionsPrefix(volume.name)),
  );
}

/** It goes on alone until the relay takes it into the copy run that every term begins with. */
function primaryMarks({ self, membership, marks }: TermStart, change: Map<string, MarkValue | undefined>): void {
  for (const { name } of volumesOn(membership, self, "primary")) {
    const incarnation = marks.get(markNames.incarnation(name));
    change.set(markNames.incarnation(name), (typeof incarnation === "number" ? incarnation : 0) + 1);
  }
  change.set(markNames.leg, legMark("alone"));
}

function relayMarks({ term, membership }: TermStart, change: Map<string, MarkValue | undefined>): void {
  for (const name of [markNames.stamped, markNames.valid, markNames.gate]) change.set(name, term.base);
  change.set(markNames.born, true);
  change.set(markNames.course, courseMark(copyingFrom(orderOf(term, membership))));
}

function secondaryMarks(start: TermStart, change: Map<string, MarkValue | undefined>): void {
  const { self, term, membership, marks, standing } = start;
  const { received, validated, applying, applied } = markNames;
  for (const name of [received, validated, applying, applied]) change.set(name, term.base);
  const branch = mayHoldTail(start) && wroteHere({ self, membership, marks }) ? branchName(term) : "";
  change.set(markNames.copy, dutyMark(dutyAtTermStart(orderOf(term, membership), standing, branch)));
}

/**
 * Whether hosts may have been answered for what nobody else has (PROTOCOL 6.4). The term says so where the relay could not
 * be fenced and drained. The node itself knows better whether its writes went on without the relay, or were being caught
 * up; and one that comes back after more than a takeover and a change of term may have missed the one that said so.
 */
function mayHoldTail({ term, marks }: TermStart): boolean {
  const followed = readTerm(marks)?.epoch.number ?? initialEpoch.number;
  return term.tail || readLeg(marks).leg !== "joined" || term.epoch.number > followed + 2;
}

/** Whether hosts may have written volumes here that are a copy from now on: then their logs are here. */
function wroteHere({ self, membership, marks }: Pick<TermStart, "self" | "membership" | "marks">): boolean {
  return volumesOn(membership, self, "secondary").some(({ name }) =>
    [...marks.keys()].some(
      (mark) => mark.startsWith(markNames.intentPrefix(name)) || mark.startsWith(markNames.regionsPrefix(name)),
    ),
  );
}

export function branchName({ epoch }: Term): string {
  return `branch-${epoch.number}`;
}

/** The copy run that a term begins with: every secondary is in it. */
function orderOf({ epoch, base }: Term, membership: Membership): CopyOrder {
  return { copyId: epoch.takeoverId, base, begin: base, nodes: secondariesOf(membership), end: null };
}
