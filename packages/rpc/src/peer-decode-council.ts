/** Decodes the messages of the council channel that are more than a number. See `peer-decode.ts` for the rules. */
import type { Epoch, NodeName, Sequence } from "@waystation/contracts/ids";
import type { CouncilBody, Decision, MemberState } from "@waystation/replication/messages";
import { readEpoch } from "./peer-decode-fields.js";
import { groupRoleOf } from "./peer-fields.js";
import { malformed, type WireReader } from "./wire-reader.js";

function checkedEpoch(epoch: Epoch | undefined, of: string): Epoch {
  if (epoch === undefined) throw malformed(`no epoch in the ${of}`);
  return epoch;
}

function readDecision(reader: WireReader): Decision {
  const end = reader.open();
  const participants: NodeName[] = [];
  const excluded: NodeName[] = [];
  let epoch: Epoch | undefined;
  let sequence = 0;
  let fenced = false;
  let stamped = 0;
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8 + 2) epoch = readEpoch(reader);
    else if (tag === 2 * 8) sequence = reader.uint();
    else if (tag === 3 * 8 + 2) participants.push(reader.name() as NodeName);
    else if (tag === 4 * 8 + 2) excluded.push(reader.name() as NodeName);
    else if (tag === 5 * 8) fenced = reader.bool();
    else if (tag === 6 * 8) stamped = reader.uint();
    else reader.skip(tag);
  }
  return {
    epoch: checkedEpoch(epoch, "decision"),
    sequence: sequence as Sequence,
    participants,
    excluded,
    fenced,
    stamped: stamped as Sequence,
  };
}

function readMemberState(reader: WireReader): MemberState {
  const end = reader.open();
  const numbers: [number, number, number, number] = [0, 0, 0, 0];
  let node = "";
  let roleNumber = 0;
  let phase = "";
  let promised: Epoch | undefined;
  let decision: Decision | null = null;
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
    else reader.skip(tag);
  }
  const role = groupRoleOf.get(roleNumber);
  if (role === undefined) throw malformed(`group role ${roleNumber}`);
  if (node === "") throw malformed("no node name");
  const [received, validated, applied, stamped] = numbers as [Sequence, Sequence, Sequence, Sequence];
  return {
    node: node as NodeName,
    role,
    phase,
    promised: checkedEpoch(promised, "state"),
    received,
    validated,
    applied,
    stamped,
    decision,
  };
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

export function readCouncilReply(reader: WireReader, end: number): CouncilBody {
  let requestId = 0;
  let granted = false;
  let state: MemberState | undefined;
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8) requestId = reader.uint();
    else if (tag === 2 * 8) granted = reader.bool();
    else if (tag === 3 * 8 + 2) state = readMemberState(reader);
    else reader.skip(tag);
  }
  if (state === undefined) throw malformed("no state");
  return { kind: "council-reply", requestId, granted, state };
}
