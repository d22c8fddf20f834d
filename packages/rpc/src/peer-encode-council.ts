/** Encodes what the council speaks of: terms, decisions, states. Written last to first: see `wire-writer.ts`. */
import type { Decision, LostWrites, MemberState } from "@waystation/replication/messages";
import type { Term } from "@waystation/replication/term";
import { writeCopyFields } from "./peer-encode-copy.js";
import { writeEach, writeEpoch, writeTexts } from "./peer-encode-fields.js";
import { groupRoleNumber, termCauseNumber } from "./peer-fields.js";
import type { WireWriter } from "./wire-writer.js";

function writeTermVolume(writer: WireWriter, volume: Term["volumes"][number]): void {
  writeTexts(writer, 4, volume.secondaries);
  writer.text(3, volume.primary);
  writer.uint(2, volume.sizeBytes);
  writer.text(1, volume.name);
}

function writeTerm(writer: WireWriter, field: number, term: Term): void {
  const mark = writer.mark();
  writer.bool(7, term.tail);
  writeTexts(writer, 6, term.atBase);
  writer.uint(5, term.base);
  writeEach(writer, 4, term.volumes, writeTermVolume);
  writer.text(3, term.relay);
  writer.uint(2, termCauseNumber[term.cause]);
  writeEpoch(writer, 1, term.epoch);
  writer.close(field, mark);
}

function writeLostExtent(writer: WireWriter, extent: LostWrites["extents"][number]): void {
  writer.uint(4, extent.lengthBytes);
  writer.uint(3, extent.offsetBytes);
  writer.text(2, extent.volume);
  writer.uint(1, extent.sequence);
}

export function writeLostWrites(writer: WireWriter, field: number, { extents, isWhole }: LostWrites): void {
  const mark = writer.mark();
  writer.bool(2, isWhole);
  writeEach(writer, 1, extents, writeLostExtent);
  writer.close(field, mark);
}

export function writeDecision(writer: WireWriter, field: number, decision: Decision): void {
  const mark = writer.mark();
  if (decision.term !== null) writeTerm(writer, 7, decision.term);
  writer.uint(6, decision.stamped);
  writer.bool(5, decision.fenced);
  writeTexts(writer, 4, decision.excluded);
  writeTexts(writer, 3, decision.participants);
  writer.uint(2, decision.sequence);
  writeEpoch(writer, 1, decision.epoch);
  writer.close(field, mark);
}

function writeMemberCopy(writer: WireWriter, field: number, copy: NonNullable<MemberState["copy"]>): void {
  const mark = writer.mark();
  writer.bool(6, copy.blank);
  writeCopyFields(writer, copy);
  writer.close(field, mark);
}

export function writeMemberState(writer: WireWriter, field: number, state: MemberState): void {
  const mark = writer.mark();
  writer.bool(14, state.bypassed === true);
  if (state.copy !== null) writeMemberCopy(writer, 13, state.copy);
  if (state.term !== null) writeTerm(writer, 12, state.term);
  writer.text(11, state.relayPhase);
  writer.packed(
    10,
    state.roles.map((role) => groupRoleNumber[role]),
  );
  if (state.decision !== null) writeDecision(writer, 9, state.decision);
  writer.uint(8, state.stamped);
  writer.uint(7, state.applied);
  writer.uint(6, state.validated);
  writer.uint(5, state.received);
  writeEpoch(writer, 4, state.promised);
  writer.text(3, state.phase);
  writer.uint(2, groupRoleNumber[state.role]);
  writer.text(1, state.node);
  writer.close(field, mark);
}
