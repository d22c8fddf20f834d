/**
 * Encodes `PeerMessage` (proto/waystation/v1/replication.proto) by hand: this is the data path of replication, and
 * protobufjs takes a good part of a core there. Fields are written last to first: see `wire-writer.ts`.
 */
import type { JournalRecord } from "@waystation/contracts/journal";
import type { OriginWrite, PeerBody, PeerMessage } from "@waystation/replication/messages";
import { writeDecision, writeLostWrites, writeMemberState } from "./peer-encode-council.js";
import { writeCopyOrder, writeDigestAsk, writeRegions } from "./peer-encode-copy.js";
import { writeCommitment } from "./peer-encode-provable.js";
import { writeEach, writeEpoch, writeMark, writeOrigin, writeTexts } from "./peer-encode-fields.js";
import {
  bodyField,
  originLegNumber,
  pairStateNumber,
  promisePurposeNumber,
  recordKindNumber,
  refusalReasonNumber,
} from "./peer-fields.js";
import { WireWriter } from "./wire-writer.js";

/** More than the fields of a record beside its payload take, with the longest names. */
const recordAllowanceBytes = 160;
const messageAllowanceBytes = 512;

/** The frame of a message. The caller owns it; payloads are copied into it. */
export function encodePeerMessage(message: PeerMessage): Buffer {
  const writer = new WireWriter(sizeHintBytes(message.body));
  const mark = writer.mark();
  writeBody(writer, message.body);
  writer.close(bodyField[message.body.kind], mark);
  writer.uint(37, message.term);
  writeEpoch(writer, 1, message.epoch);
  return writer.finish();
}

function sizeHintBytes(body: PeerBody): number {
  if (body.kind === "origin-batch") return messageAllowanceBytes + payloadBytes(body.writes);
  if (body.kind === "ship-batch" || body.kind === "relay-records") {
    return messageAllowanceBytes + payloadBytes(body.records);
  }
  return messageAllowanceBytes;
}

function payloadBytes(records: readonly { readonly payload: Uint8Array }[]): number {
  let sum = 0;
  for (const record of records) sum += record.payload.length + recordAllowanceBytes;
  return sum;
}

function writeOriginWrite(writer: WireWriter, write: OriginWrite): void {
  writer.bytes(7, write.payload);
  writer.uint(6, Math.trunc(write.hostTimeMs));
  writer.uint(5, write.lengthBytes);
  writer.uint(4, write.offsetBytes);
  writer.uint(3, recordKindNumber[write.kind]);
  writeOrigin(writer, 2, write.origin);
  writer.text(1, write.volume);
}

function writeRecord(writer: WireWriter, record: JournalRecord): void {
  writer.bytes(9, record.payload);
  writer.uint(8, Math.trunc(record.hostTimeMs));
  writer.uint(7, record.lengthBytes);
  writer.uint(6, record.offsetBytes);
  writer.uint(5, recordKindNumber[record.kind]);
  writer.uint(4, record.epoch);
  writeOrigin(writer, 3, record.origin);
  writer.text(2, record.volume);
  writer.uint(1, record.sequence);
}

type OriginVolume = Extract<PeerBody, { readonly kind: "origin-hello" }>["volumes"][number];

function writeOriginVolume(writer: WireWriter, volume: OriginVolume): void {
  writeOrigin(writer, 4, volume.localComplete);
  writeOrigin(writer, 3, volume.acknowledged);
  writer.uint(2, volume.incarnation);
  writer.text(1, volume.volume);
}

function writeBody(writer: WireWriter, body: PeerBody): void {
  switch (body.kind) {
    case "origin-batch":
      writeEach(writer, 2, body.localComplete, writeMark);
      writeEach(writer, 1, body.writes, writeOriginWrite);
      return;
    case "ship-batch":
      writeEach(writer, 3, body.records, writeRecord);
      writer.uint(2, body.watermark);
      writer.uint(1, body.after);
      return;
    case "relay-records":
      writer.uint(3, body.nextAfter);
      writeEach(writer, 2, body.records, writeRecord);
      writer.text(1, body.volume);
      return;
    case "relay-welcome":
      writer.text(3, body.copyId);
      writer.uint(2, body.creditBytes);
      writeEach(writer, 1, body.marks, writeMark);
      return;
    case "relay-ack":
      writer.uint(2, body.creditBytes);
      writeEach(writer, 1, body.marks, writeMark);
      return;
    case "ship-received":
      writer.uint(1, body.watermark);
      return;
    case "prepare":
      writeCommitment(writer, 2, body.commitment);
      writer.uint(1, body.sequence);
      return;
    case "prepared":
    case "validate":
    case "validated":
    case "gate":
    case "applied":
      writer.uint(1, body.sequence);
      return;
    case "lease-challenge":
      writer.uint(2, body.leaseMs);
      writer.uint(1, body.id);
      return;
    case "lease-renewal":
      writer.uint(1, body.id);
      return;
    case "refusal":
      writer.text(2, body.detail);
      writer.uint(1, refusalReasonNumber[body.reason]);
      return;
    case "origin-hello":
      writer.text(3, body.copyId);
      writer.uint(2, originLegNumber[body.leg]);
      writeEach(writer, 1, body.volumes, writeOriginVolume);
      return;
    case "origin-fetch":
      writer.uint(3, body.afterSequence);
      writeOrigin(writer, 2, body.above);
      writer.text(1, body.volume);
      return;
    case "ship-hello":
      if (body.copy !== null) writeCopyOrder(writer, 1, body.copy);
      return;
    case "ship-welcome":
      writer.text(5, body.copyId);
      writer.bool(4, body.blank);
      writer.uint(3, body.applied);
      writer.uint(2, body.validated);
      writer.uint(1, body.received);
      return;
    case "promise":
      writer.uint(3, promisePurposeNumber[body.purpose]);
      writer.bool(2, body.settle);
      writer.uint(1, body.requestId);
      return;
    case "inquire":
      if (body.lostAbove !== undefined) writer.presentUint(2, body.lostAbove);
      writer.uint(1, body.requestId);
      return;
    case "decide":
      writeDecision(writer, 2, body.decision);
      writer.uint(1, body.requestId);
      return;
    case "council-reply":
      if (body.lost !== undefined) writeLostWrites(writer, 4, body.lost);
      writeMemberState(writer, 3, body.state);
      writer.bool(2, body.granted);
      writer.uint(1, body.requestId);
      return;
    case "suspended":
      writer.text(3, body.detail);
      writer.uint(2, pairStateNumber[body.state]);
      writer.uint(1, body.at);
      return;
    case "copy-start":
      writeRegions(writer, 3, body.regions);
      writeTexts(writer, 2, body.full);
      writer.text(1, body.copyId);
      return;
    case "copy-done":
    case "copy-ended":
      writer.text(1, body.copyId);
      return;
    case "far-validated":
      writeEach(writer, 1, body.marks, writeMark);
      return;
    case "digest-ask":
      writeDigestAsk(writer, body);
      return;
    case "digest-reply":
      writer.bytes(2, body.digests);
      writer.uint(1, body.id);
      return;
    case "ship-copy":
      writeCopyOrder(writer, 1, body.copy);
      return;
    case "ship-regions":
      writer.bool(3, body.last);
      writeRegions(writer, 2, body.regions);
      writer.text(1, body.copyId);
      return;
    case "ship-state":
      writer.text(2, body.detail);
      writer.uint(1, pairStateNumber[body.state]);
      return;
  }
}
