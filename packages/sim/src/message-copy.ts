/**
 * What the wire does to a message: it has a size, and the receiver gets bytes of its own. Without the copy two nodes
 * would share payload buffers, and a node that scribbles on one would corrupt the other only in the simulator, or
 * worse, repair it.
 */
import type { JournalRecord } from "@waystation/contracts/journal";
import type { OriginWrite, PeerBody, PeerMessage } from "@waystation/replication/messages";

const envelopeBytes = 64;
const itemBytes = 48;

export function copyMessage(message: PeerMessage): PeerMessage {
  return { epoch: { ...message.epoch }, term: message.term, body: copyBody(message.body) };
}

function copyBody(body: PeerBody): PeerBody {
  switch (body.kind) {
    case "origin-batch":
      return { ...body, writes: body.writes.map(copyPayload) };
    case "relay-records":
    case "ship-batch":
      return { ...body, records: body.records.map(copyPayload) };
    default:
      return { ...body };
  }
}

function copyPayload<T extends OriginWrite | JournalRecord>(item: T): T {
  return { ...item, payload: Uint8Array.from(item.payload) };
}

export function messageBytes(message: PeerMessage): number {
  const { body } = message;
  switch (body.kind) {
    case "origin-batch":
      return envelopeBytes + payloadBytes(body.writes);
    case "relay-records":
    case "ship-batch":
      return envelopeBytes + payloadBytes(body.records);
    default:
      return envelopeBytes;
  }
}

function payloadBytes(items: readonly { readonly payload: Uint8Array }[]): number {
  return items.reduce((sum, item) => sum + itemBytes + item.payload.length, 0);
}
