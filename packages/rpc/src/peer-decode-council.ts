/** Decodes the messages of the council channel that are more than a number. See `peer-decode.ts` for the rules. */
import type { Epoch, NodeName, Sequence } from "@waystation/contracts/ids";
import { limits } from "@waystation/replication/limits";
import type { CouncilBody, Decision, GroupRole, LostWrites, MemberState } from "@waystation/replication/messages";
import type { Term } from "@waystation/replication/term";
import { readCopyFields } from "./peer-decode-copy.js";
import { checkedVolume, readEpoch } from "./peer-decode-fields.js";
import { groupRoleOf, promisePurposeOf, termCauseOf } from "./peer-fields.js";
import { malformed, type WireReader } from "./wire-reader.js";

function checkedEpoch(epoch: Epoch | undefined, of: string): Epoch {
  if (epoch === undefined) throw malformed(`no epoch in the ${of}`);
  return epoch;
}

function checkedNode(name: string, of: string): NodeName {
  if (name === "") throw malformed(`no ${of} name`);
  return name as NodeName;
}

function checkedRole(roleNumber: number): GroupRole {
  const role = groupRoleOf.get(roleNumber);
  if (role === undefined) throw malformed(`group role ${roleNumber}`);
  return role;
}

function readTermVolume(reader: WireReader): Term["volumes"][number] {
  const end = reader.open();
  const secondaries: NodeName[] = [];
  let name = "";
  let sizeBytes = 0;
  let primary = "";
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8 + 2) name = reader.name();
    else if (tag === 2 * 8) sizeBytes = reader.uint();
    else if (tag === 3 * 8 + 2) primary = reader.name();
    else if (tag === 4 * 8 + 2) secondaries.push(reader.name() as NodeName);
    else reader.skip(tag);
  }
  if (secondaries.length === 0) throw malformed("a volume of a term without a secondary");
  return { name: checkedVolume(name), sizeBytes, primary: checkedNode(primary, "primary"), secondaries };
}

function readTerm(reader: WireReader): Term {
  const end = reader.open();
  const volumes: Term["volumes"][number][] = [];
  const atBase: NodeName[] = [];
  let epoch: Epoch | undefined;
  let causeNumber = 0;
  let relay = "";
  let base = 0;
  let tail = false;
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8 + 2) epoch = readEpoch(reader);
    else if (tag === 2 * 8) causeNumber = reader.uint();
    else if (tag === 3 * 8 + 2) relay = reader.name();
    else if (tag === 4 * 8 + 2) volumes.push(readTermVolume(reader));
    else if (tag === 5 * 8) base = reader.uint();
    else if (tag === 6 * 8 + 2) atBase.push(reader.name() as NodeName);
    else if (tag === 7 * 8) tail = reader.bool();
    else reader.skip(tag);
  }
  const cause = termCauseOf.get(causeNumber);
  if (cause === undefined) throw malformed(`cause ${causeNumber} of a term`);
  return {
    epoch: checkedEpoch(epoch, "term"),
    cause,
    relay: checkedNode(relay, "relay"),
    volumes,
    base: base as Sequence,
    atBase,
    tail,
  };
}

function readDecision(reader: WireReader): Decision {
  const end = reader.open();
  const participants: NodeName[] = [];
  const excluded: NodeName[] = [];
  let epoch: Epoch | undefined;
  let sequence = 0;
  let fenced = false;
  let stamped = 0;
  let term: Term | null = null;
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8 + 2) epoch = readEpoch(reader);
    else if (tag === 2 * 8) sequence = reader.uint();
    else if (tag === 3 * 8 + 2) participants.push(reader.name() as NodeName);
    else if (tag === 4 * 8 + 2) excluded.push(reader.name() as NodeName);
    else if (tag === 5 * 8) fenced = reader.bool();
    else if (tag === 6 * 8) stamped = reader.uint();
    else if (tag === 7 * 8 + 2) term = readTerm(reader);
    else reader.skip(tag);
  }
  return {
    epoch: checkedEpoch(epoch, "decision"),
    sequence: sequence as Sequence,
    participants,
    excluded,
    term,
    fenced,
    stamped: stamped as Sequence,
  };
}

/** A packed field of roles, each at most once: the element is far smaller on the wire than in memory. */
function readRoles(reader: WireReader, roles: GroupRole[]): void {
  const end = reader.open();
  while (reader.before(end)) {
    const role = checkedRole(reader.uint());
    if (roles.includes(role)) throw malformed(`the role ${role} twice`);
    roles.push(role);
  }
}

function readMemberCopy(reader: WireReader): NonNullable<MemberState["copy"]> {
  const { order, blank } = readCopyFields(reader);
  return { ...order, blank };
}

function readMemberState(reader: WireReader): MemberState {
  const end = reader.open();
  const numbers: [number, number, number, number] = [0, 0, 0, 0];
  let node = "";
  let roleNumber = 0;
  let phase = "";
  let promised: Epoch | undefined;
  let decision: Decision | null = null;
  const roles: GroupRole[] = [];
  let relayPhase = "";
  let bypassed = false;
  let term: Term | null = null;
  let copy: MemberState["copy"] = null;
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8 + 2) node = reader.name();
    else if (tag === 2 * 8) roleNumber = reader.uint();
    else if (tag === 3 * 8 + 2) phase = reader.text();
    else if (tag === 4 * 8 + 2) promised = readEpoch(reader);
    else if (tag === 5 * 8) numbers[0] = reader.uint();
    else if (tag === 6 * 8) numbers[1] = reader.uint();
    else if (tag === 7 * 8) numbers[2] = reader.uint();
    else if (tag === 8 * 8) numbers[3] = reader.uint();
    else if (tag === 9 * 8 + 2) decision = readDecision(reader);
    else if (tag === 10 * 8 + 2) readRoles(reader, roles);
    else if (tag === 11 * 8 + 2) relayPhase = reader.text();
    else if (tag === 12 * 8 + 2) term = readTerm(reader);
    else if (tag === 13 * 8 + 2) copy = readMemberCopy(reader);
    else if (tag === 14 * 8) bypassed = reader.bool();
    else reader.skip(tag);
  }
  const [received, validated, applied, stamped] = numbers as [Sequence, Sequence, Sequence, Sequence];
  return {
    node: checkedNode(node, "node"),
    role: checkedRole(roleNumber),
    phase,
    promised: checkedEpoch(promised, "state"),
    received,
    validated,
    applied,
    stamped,
    decision,
    roles,
    relayPhase,
    bypassed,
    term,
    copy,
  };
}

export function readPromise(reader: WireReader, end: number): CouncilBody {
  let requestId = 0;
  let settle = false;
  let purposeNumber = 0;
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8) requestId = reader.uint();
    else if (tag === 2 * 8) settle = reader.bool();
    else if (tag === 3 * 8) purposeNumber = reader.uint();
    else reader.skip(tag);
  }
  const purpose = promisePurposeOf.get(purposeNumber);
  if (purpose === undefined) throw malformed(`purpose ${purposeNumber} of a promise`);
  return { kind: "promise", requestId, settle, purpose };
}

export function readDecide(reader: WireReader, end: number): CouncilBody {
  let requestId = 0;
  let decision: Decision | undefined;
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8) requestId = reader.uint();
    else if (tag === 2 * 8 + 2) decision = readDecision(reader);
    else reader.skip(tag);
  }
  if (decision === undefined) throw malformed("no decision");
  return { kind: "decide", requestId, decision };
}

export function readInquire(reader: WireReader, end: number): CouncilBody {
  let requestId = 0;
  let lostAbove: Sequence | undefined;
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8) requestId = reader.uint();
    else if (tag === 2 * 8) lostAbove = reader.uint() as Sequence;
    else reader.skip(tag);
  }
  return lostAbove === undefined ? { kind: "inquire", requestId } : { kind: "inquire", requestId, lostAbove };
}

function readLostExtent(reader: WireReader): LostWrites["extents"][number] {
  const end = reader.open();
  let sequence = 0;
  let offsetBytes = 0;
  let lengthBytes = 0;
  let volume = "";
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8) sequence = reader.uint();
    else if (tag === 2 * 8 + 2) volume = reader.name();
    else if (tag === 3 * 8) offsetBytes = reader.uint();
    else if (tag === 4 * 8) lengthBytes = reader.uint();
    else reader.skip(tag);
  }
  return { sequence: sequence as Sequence, volume: checkedVolume(volume), offsetBytes, lengthBytes };
}

function readLostWrites(reader: WireReader): LostWrites {
  const end = reader.open();
  const extents: LostWrites["extents"][number][] = [];
  let isWhole = false;
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8 + 2) extents.push(readLostExtent(reader));
    else if (tag === 2 * 8) isWhole = reader.bool();
    else reader.skip(tag);
    if (extents.length > limits.lostExtentsMax) throw malformed(`more than ${limits.lostExtentsMax} lost writes`);
  }
  return { extents, isWhole };
}

export function readCouncilReply(reader: WireReader, end: number): CouncilBody {
  let requestId = 0;
  let granted = false;
  let state: MemberState | undefined;
  let lost: LostWrites | undefined;
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8) requestId = reader.uint();
    else if (tag === 2 * 8) granted = reader.bool();
    else if (tag === 3 * 8 + 2) state = readMemberState(reader);
    else if (tag === 4 * 8 + 2) lost = readLostWrites(reader);
    else reader.skip(tag);
  }
  if (state === undefined) throw malformed("no state");
  const reply = { kind: "council-reply", requestId, granted, state } as const;
  return lost === undefined ? reply : { ...reply, lost };
}
