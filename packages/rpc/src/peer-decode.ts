/**
 * Decodes `PeerMessage` (proto/waystation/v1/replication.proto) by hand. Checks the structure (names, enums, lengths
 * that agree, numbers below 2^53), never the meaning. Payloads are views of the frame: who keeps a record for long
 * keeps the frame that it came in.
 *
 * A field absent from the wire has its default, as in proto3; only the epoch and the body must be there. Tags are
 * written as field * 8 + wire type: type 0 is a varint, 2 has a length.
 */
import type { Epoch } from "@waystation/contracts/ids";
import type { PeerBody, PeerMessage } from "@waystation/replication/messages";
import { readCouncilReply, readDecide, readInquire, readPromise } from "./peer-decode-council.js";
import {
  readCopyId,
  readCopyStart,
  readDigestAsk,
  readDigestReply,
  readShipCopy,
  readShipHello,
  readShipRegions,
  readShipState,
  readSuspended,
} from "./peer-decode-copy.js";
import {
  readOriginBatch,
  readOriginFetch,
  readOriginHello,
  readRelayMarks,
  readRelayRecords,
  readShipBatch,
  readShipWelcome,
} from "./peer-decode-data.js";
import { readEpoch, readNumbers, readSequence } from "./peer-decode-fields.js";
import { readPrepare } from "./peer-decode-provable.js";
import { bodyOfField, refusalReasonOf } from "./peer-fields.js";
import { malformed, WireReader } from "./wire-reader.js";

/** Throws `FRAME_MALFORMED`. The message holds views of `frame`, which must not be changed afterwards. */
export function decodePeerMessage(frame: Buffer): PeerMessage {
  const reader = new WireReader(frame);
  let epoch: Epoch | undefined;
  let term = 0;
  let body: PeerBody | undefined;
  while (reader.before(frame.length)) {
    const tag = reader.tag();
    const kind = tag % 8 === 2 ? bodyOfField.get(tag >>> 3) : undefined;
    if (tag === 1 * 8 + 2) epoch = readEpoch(reader);
    else if (tag === 37 * 8) term = reader.uint();
    else if (kind === undefined) reader.skip(tag);
    else body = readBody(reader, kind);
  }
  if (epoch === undefined) throw malformed("no epoch");
  if (body === undefined) throw malformed("no body that this version knows");
  return { epoch, term, body };
}

function readBody(reader: WireReader, kind: PeerBody["kind"]): PeerBody {
  const end = reader.open();
  switch (kind) {
    case "origin-batch":
      return readOriginBatch(reader, end);
    case "ship-batch":
      return readShipBatch(reader, end);
    case "relay-records":
      return readRelayRecords(reader, end);
    case "relay-ack":
    case "relay-welcome":
    case "far-validated":
      return readRelayMarks(reader, end, kind);
    case "origin-hello":
      return readOriginHello(reader, end);
    case "origin-fetch":
      return readOriginFetch(reader, end);
    case "ship-received":
      return { kind, watermark: readSequence(reader, end) };
    case "prepare":
      return readPrepare(reader, end);
    case "prepared":
    case "validate":
    case "validated":
    case "gate":
    case "applied":
      return { kind, sequence: readSequence(reader, end) };
    case "ship-hello":
      return readShipHello(reader, end);
    case "ship-welcome":
      return readShipWelcome(reader, end);
    case "lease-challenge": {
      const [id, leaseMs] = readNumbers(reader, end);
      return { kind, id, leaseMs };
    }
    case "lease-renewal":
      return { kind, id: readNumbers(reader, end)[0] };
    case "promise":
      return readPromise(reader, end);
    case "inquire":
      return readInquire(reader, end);
    case "refusal":
      return readRefusal(reader, end);
    case "decide":
      return readDecide(reader, end);
    case "council-reply":
      return readCouncilReply(reader, end);
    case "suspended":
      return readSuspended(reader, end);
    case "copy-start":
      return readCopyStart(reader, end);
    case "copy-done":
    case "copy-ended":
      return readCopyId(reader, end, kind);
    case "digest-ask":
      return readDigestAsk(reader, end);
    case "digest-reply":
      return readDigestReply(reader, end);
    case "ship-copy":
      return readShipCopy(reader, end);
    case "ship-regions":
      return readShipRegions(reader, end);
    case "ship-state":
      return readShipState(reader, end);
  }
}

function readRefusal(reader: WireReader, end: number): PeerBody {
  let reasonNumber = 0;
  let detail = "";
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8) reasonNumber = reader.uint();
    else if (tag === 2 * 8 + 2) detail = reader.text();
    else reader.skip(tag);
  }
  const reason = refusalReasonOf.get(reasonNumber);
  if (reason === undefined) throw malformed(`refusal reason ${reasonNumber}`);
  return { kind: "refusal", reason, detail };
}
