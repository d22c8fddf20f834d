/**
 * Decodes what carries host data: origin batches, ship batches, records fetched by a primary. The hot path of
 * replication: plain loops, one object per record, payloads as views. See `peer-decode.ts` for the rules.
 */
import { noOrigin, noSequence, type Sequence } from "@waystation/contracts/ids";
import { hasPayload, type JournalRecord, type RecordKind } from "@waystation/contracts/journal";
import type { IngressBody, OriginWrite, ShipBody, VolumeMark } from "@waystation/replication/messages";
import { checkedVolume, readMark, readOrigin } from "./peer-decode-fields.js";
import { originLegOf, recordKindOf } from "./peer-fields.js";
import { malformed, type WireReader } from "./wire-reader.js";

const noPayload = new Uint8Array(0);

function checkedKind(kindNumber: number, lengthBytes: number, payload: Uint8Array): RecordKind {
  const kind = recordKindOf.get(kindNumber);
  if (kind === undefined) throw malformed(`record kind ${kindNumber}`);
  if (payload.length !== (hasPayload(kind) ? lengthBytes : 0)) throw malformed("length and payload do not agree");
  return kind;
}

function readOriginWrite(reader: WireReader): OriginWrite {
  const end = reader.open();
  let volume = "";
  let origin = noOrigin;
  let kindNumber = 0;
  let offsetBytes = 0;
  let lengthBytes = 0;
  let hostTimeMs = 0;
  let payload: Uint8Array = noPayload;
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8 + 2) volume = reader.name();
    else if (tag === 2 * 8 + 2) origin = readOrigin(reader);
    else if (tag === 3 * 8) kindNumber = reader.uint();
    else if (tag === 4 * 8) offsetBytes = reader.uint();
    else if (tag === 5 * 8) lengthBytes = reader.uint();
    else if (tag === 6 * 8) hostTimeMs = reader.uint();
    else if (tag === 7 * 8 + 2) payload = reader.bytes();
    else reader.skip(tag);
  }
  const kind = checkedKind(kindNumber, lengthBytes, payload);
  return { volume: checkedVolume(volume), origin, kind, offsetBytes, lengthBytes, hostTimeMs, payload };
}

function readRecord(reader: WireReader): JournalRecord {
  const end = reader.open();
  let sequence = 0;
  let volume = "";
  let origin = noOrigin;
  let epoch = 0;
  let kindNumber = 0;
  let offsetBytes = 0;
  let lengthBytes = 0;
  let hostTimeMs = 0;
  let payload: Uint8Array = noPayload;
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8) sequence = reader.uint();
    else if (tag === 2 * 8 + 2) volume = reader.name();
    else if (tag === 3 * 8 + 2) origin = readOrigin(reader);
    else if (tag === 4 * 8) epoch = reader.uint();
    else if (tag === 5 * 8) kindNumber = reader.uint();
    else if (tag === 6 * 8) offsetBytes = reader.uint();
    else if (tag === 7 * 8) lengthBytes = reader.uint();
    else if (tag === 8 * 8) hostTimeMs = reader.uint();
    else if (tag === 9 * 8 + 2) payload = reader.bytes();
    else reader.skip(tag);
  }
  const kind = checkedKind(kindNumber, lengthBytes, payload);
  return {
    sequence: sequence as Sequence,
    volume: checkedVolume(volume),
    origin,
    epoch,
    kind,
    offsetBytes,
    lengthBytes,
    hostTimeMs,
    payload,
  };
}

export function readOriginBatch(reader: WireReader, end: number): IngressBody {
  const writes: OriginWrite[] = [];
  const localComplete: VolumeMark[] = [];
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8 + 2) writes.push(readOriginWrite(reader));
    else if (tag === 2 * 8 + 2) localComplete.push(readMark(reader));
    else reader.skip(tag);
  }
  return { kind: "origin-batch", writes, localComplete };
}

export function readShipBatch(reader: WireReader, end: number): ShipBody {
  const records: JournalRecord[] = [];
  let after = 0;
  let watermark = 0;
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8) after = reader.uint();
    else if (tag === 2 * 8) watermark = reader.uint();
    else if (tag === 3 * 8 + 2) records.push(readRecord(reader));
    else reader.skip(tag);
  }
  return { kind: "ship-batch", after: after as Sequence, watermark: watermark as Sequence, records };
}

export function readShipWelcome(reader: WireReader, end: number): ShipBody {
  let [received, validated, applied] = [0, 0, 0];
  let blank = false;
  let copyId = "";
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8) received = reader.uint();
    else if (tag === 2 * 8) validated = reader.uint();
    else if (tag === 3 * 8) applied = reader.uint();
    else if (tag === 4 * 8) blank = reader.bool();
    else if (tag === 5 * 8 + 2) copyId = reader.text();
    else reader.skip(tag);
  }
  return {
    kind: "ship-welcome",
    received: received as Sequence,
    validated: validated as Sequence,
    applied: applied as Sequence,
    blank,
    copyId,
  };
}

export function readRelayRecords(reader: WireReader, end: number): IngressBody {
  const records: JournalRecord[] = [];
  let volume = "";
  let nextAfter = 0;
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8 + 2) volume = reader.name();
    else if (tag === 2 * 8 + 2) records.push(readRecord(reader));
    else if (tag === 3 * 8) nextAfter = reader.uint();
    else reader.skip(tag);
  }
  return { kind: "relay-records", volume: checkedVolume(volume), records, nextAfter: nextAfter as Sequence };
}

type RelayMarks = "relay-ack" | "relay-welcome" | "far-validated";

export function readRelayMarks(reader: WireReader, end: number, kind: RelayMarks): IngressBody {
  const marks: VolumeMark[] = [];
  let creditBytes = 0;
  let copyId = "";
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8 + 2) marks.push(readMark(reader));
    else if (tag === 2 * 8) creditBytes = reader.uint();
    else if (tag === 3 * 8 + 2) copyId = reader.text();
    else reader.skip(tag);
  }
  if (kind === "relay-ack") return { kind, marks, creditBytes };
  return kind === "relay-welcome" ? { kind, marks, creditBytes, copyId } : { kind, marks };
}

type OriginHello = Extract<IngressBody, { readonly kind: "origin-hello" }>;

function readOriginVolume(reader: WireReader): OriginHello["volumes"][number] {
  const end = reader.open();
  let volume = "";
  let incarnation = 0;
  let acknowledged = noOrigin;
  let localComplete = noOrigin;
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8 + 2) volume = reader.name();
    else if (tag === 2 * 8) incarnation = reader.uint();
    else if (tag === 3 * 8 + 2) acknowledged = readOrigin(reader);
    else if (tag === 4 * 8 + 2) localComplete = readOrigin(reader);
    else reader.skip(tag);
  }
  return { volume: checkedVolume(volume), incarnation, acknowledged, localComplete };
}

export function readOriginHello(reader: WireReader, end: number): IngressBody {
  const volumes: OriginHello["volumes"][number][] = [];
  let legNumber = 0;
  let copyId = "";
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8 + 2) volumes.push(readOriginVolume(reader));
    else if (tag === 2 * 8) legNumber = reader.uint();
    else if (tag === 3 * 8 + 2) copyId = reader.text();
    else reader.skip(tag);
  }
  const leg = originLegOf.get(legNumber);
  if (leg === undefined) throw malformed(`leg ${legNumber} of a primary`);
  return { kind: "origin-hello", leg, copyId, volumes };
}

export function readOriginFetch(reader: WireReader, end: number): IngressBody {
  let volume = "";
  let above = noOrigin;
  let afterSequence: number = noSequence;
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8 + 2) volume = reader.name();
    else if (tag === 2 * 8 + 2) above = readOrigin(reader);
    else if (tag === 3 * 8) afterSequence = reader.uint();
    else reader.skip(tag);
  }
  return { kind: "origin-fetch", volume: checkedVolume(volume), above, afterSequence: afterSequence as Sequence };
}
