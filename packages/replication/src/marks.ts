/**
 * The durable marks of a group on one node: their names in the journal's map, and their values checked as they are
 * read back. A mark that does not parse is damage, and stops the node: guessing an epoch or a watermark loses data.
 */
import assert from "node:assert/strict";
import { noOrigin, noSequence, toSequence } from "@waystation/contracts/ids";
import type { Decision, OriginLeg, SuspendedState } from "./messages.js";
import type { Term } from "./term.js";
import type { Epoch, MarkValue, NodeName, OriginNumber, Sequence, VolumeName } from "./vocabulary.js";

export type Marks = ReadonlyMap<string, MarkValue>;

export const markNames = {
  /** Every member: the highest epoch promised. */
  promised: "promised",
  /** Every member: the epoch of the last change of term that it was asked to promise, and did. */
  pledged: "pledged",
  /** Primary: why it must not serve the volumes that the term gives to it. */
  stranger: "stranger",
  /** Every member: what a takeover settled. */
  decision: "decision",
  /** Promoted secondary: the epoch under which its volumes are open for hosts. */
  promoted: "promoted",
  /** Secondary: why it may not follow or open before a full copy. */
  resyncDue: "resync-due",
  /** Every member: the term that it follows (JSON of `Term`). */
  term: "term",
  /** Relay: the course of the group: running, copying (with the run), or suspended at a number. */
  course: "course",
  /** Primary: whether its writes need the relay (`joined`), go on without (`alone`), or are being caught up (`copying`). */
  leg: "leg",
  /** Primary: how far it has come in copying, for which run (copy-source.ts). */
  copyCursor: "copy-cursor",
  /** Primary: what the relay has is being stored; until all of it is, the array may be older than hosts were told. */
  fetching: "fetching",
  /** Secondary: the copy run that it takes part in. */
  copy: "copy",
  /** Relay: set once every secondary was seen empty; a relay without it must not stamp. */
  born: "born",
  /** Relay: fenced or frozen at this number. */
  frozenAt: "frozen-at",
  /** Relay: why its journal may not be trusted any more. */
  lost: "lost",
  /** Relay: the valid counter, the highest number ready to be validated (B5). */
  valid: "valid",
  /** Relay: the apply gate. */
  gate: "gate",
  /** Relay: the last number stamped. Survives the trimming of the records. */
  stamped: "stamped",
  /** Secondary: complete up to here. */
  received: "received",
  validated: "validated",
  /** Secondary: its volumes may hold part of what lies between `applied` and here. */
  applying: "applying",
  applied: "applied",
  /** Relay: the highest origin number stamped, per volume. */
  high: (volume: VolumeName) => `high/${volume}`,
  /** Primary: the incarnation last used, per volume. */
  incarnation: (volume: VolumeName) => `incarnation/${volume}`,
  /** Primary: everything up to here is durable on the local array. */
  localComplete: (volume: VolumeName) => `local-complete/${volume}`,
  /** Primary: acknowledged by the relay at least up to here. */
  acknowledged: (volume: VolumeName) => `acknowledged/${volume}`,
  /** Primary: the write intent; one mark per unit that may differ between the array and the relay. */
  intentPrefix: (volume: VolumeName) => `intent/${volume}/`,
  /** Primary: one generation of the region log (PROTOCOL 5): a word of its bitmap per mark, and its tag. */
  regionsPrefix: (volume: VolumeName) => `regions/${volume}/`,
};

export function readSequence(marks: Marks, name: string): Sequence {
  const value = marks.get(name);
  if (value === undefined) return noSequence;
  assert(typeof value === "number", `the mark ${name} is damaged`);
  return toSequence(value);
}

export function readOrigin(marks: Marks, name: string): OriginNumber {
  const value = marks.get(name);
  return value === undefined ? noOrigin : parseOrigin(value, name);
}

export function parseOrigin(value: MarkValue, name: string): OriginNumber {
  assert(Array.isArray(value), `the mark ${name} is damaged`);
  const [incarnation, n] = value as unknown[];
  assert(typeof incarnation === "number" && typeof n === "number", `the mark ${name} is damaged`);
  return { incarnation, n };
}

export function originMark(origin: OriginNumber): MarkValue {
  return [origin.incarnation, origin.n];
}

export function readEpoch(marks: Marks, name: string): Epoch | null {
  const value = marks.get(name);
  return value === undefined ? null : parseEpoch(value, name);
}

export function epochMark(epoch: Epoch): MarkValue {
  return { number: epoch.number, takeoverId: epoch.takeoverId };
}

export function readDecision(marks: Marks): Decision | null {
  const value = marks.get(markNames.decision);
  if (value === undefined) return null;
  const fields = fieldsOf(value, markNames.decision);
  assert(typeof fields["sequence"] === "number", "the mark decision is damaged");
  return {
    epoch: parseEpoch(fields["epoch"], markNames.decision),
    sequence: toSequence(fields["sequence"]),
    participants: fields["participants"] as NodeName[],
    excluded: fields["excluded"] as NodeName[],
    term: (fields["term"] ?? null) as Decision["term"],
    fenced: fields["fenced"] === true,
    stamped: toSequence(Number(fields["stamped"])),
  };
}

export function decisionMark(decision: Decision): MarkValue {
  return {
    epoch: epochMark(decision.epoch),
    sequence: decision.sequence,
    participants: decision.participants,
    excluded: decision.excluded,
    term: decision.term === null ? null : termMark(decision.term),
    fenced: decision.fenced,
    stamped: decision.stamped,
  };
}

/** The term that a node follows; null: as configured. */
export function readTerm(marks: Marks): Term | null {
  const value = marks.get(markNames.term);
  if (value === undefined) return null;
  const fields = fieldsOf(value, markNames.term);
  assert(typeof fields["base"] === "number", "the mark term is damaged");
  return { ...(fields as unknown as Term), epoch: parseEpoch(fields["epoch"], markNames.term) };
}

export function termMark(term: Term): MarkValue {
  return { ...term, epoch: epochMark(term.epoch), volumes: term.volumes.map((volume) => ({ ...volume })) };
}

/** How a primary runs its writes (origin-leg.ts). */
export interface LegState {
  readonly leg: OriginLeg;
  /** The copy run that it has joined; "" when none. */
  readonly copyId: string;
  /** Why it is alone; for showing. */
  readonly state: SuspendedState;
}

export function readLeg(marks: Marks): LegState {
  const value = marks.get(markNames.leg);
  if (value === undefined) return { leg: "joined", copyId: "", state: "PSUE" };
  const { leg, copyId, state = "PSUE" } = fieldsOf(value, markNames.leg);
  assert(leg === "joined" || leg === "alone" || leg === "copying", "the mark leg is damaged");
  assert(state === "PSUS" || state === "PSUE" || state === "PFUS", "the mark leg is damaged");
  return { leg, copyId: String(copyId), state };
}

export function legMark(leg: OriginLeg, copyId = "", state: SuspendedState = "PSUE"): MarkValue {
  return { leg, copyId, state };
}

function parseEpoch(value: unknown, name: string): Epoch {
  const { number, takeoverId } = fieldsOf(value, name);
  assert(typeof number === "number" && typeof takeoverId === "string", `the mark ${name} is damaged`);
  return { number, takeoverId };
}

function fieldsOf(value: unknown, name: string): Record<string, unknown> {
  assert(typeof value === "object" && value !== null && !Array.isArray(value), `the mark ${name} is damaged`);
  return value as Record<string, unknown>;
}
