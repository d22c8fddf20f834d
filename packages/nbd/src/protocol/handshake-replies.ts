/** Builds what the server says during the handshake. Layouts: wire.ts. */
import { blockBytesMin, blockBytesPreferred, payloadBytesMax } from "../limits.js";
import {
  exportNamePaddingBytes,
  exportNameReplyBytes,
  handshakeFlags,
  helloBytes,
  helloMagicHigh,
  helloMagicLow,
  infoTypes,
  optionMagicHigh,
  optionMagicLow,
  optionReplyHeaderBytes,
  optionReplyMagicHigh,
  optionReplyMagicLow,
  replyTypes,
  transmissionFlags,
  type ReplyType,
} from "./wire.js";

/** What the client is told of an export. */
export interface ExportFacts {
  readonly name: string;
  readonly description: string;
  readonly sizeBytes: number;
  readonly readOnly: boolean;
}

export function hello(): Buffer {
  const bytes = Buffer.alloc(helloBytes);
  bytes.writeUInt32BE(helloMagicHigh, 0);
  bytes.writeUInt32BE(helloMagicLow, 4);
  bytes.writeUInt32BE(optionMagicHigh, 8);
  bytes.writeUInt32BE(optionMagicLow, 12);
  bytes.writeUInt16BE(handshakeFlags.fixedNewstyle | handshakeFlags.noZeroes, 16);
  return bytes;
}

/**
 * Several connections may share an export: an acknowledged write is durable and seen by all. The read-only export
 * offers no command that writes.
 */
function flagsOf(facts: ExportFacts): number {
  const t = transmissionFlags;
  const always = t.hasFlags | t.sendFlush | t.canMultiConn;
  return facts.readOnly ? always | t.readOnly : always | t.sendFua | t.sendTrim | t.sendWriteZeroes;
}

/** One reply to `option`. Errors carry a text for people. */
export function optionReply(option: number, type: ReplyType, data: Buffer | string = ""): Buffer {
  const payload = typeof data === "string" ? Buffer.from(data, "utf8") : data;
  const header = Buffer.alloc(optionReplyHeaderBytes);
  header.writeUInt32BE(optionReplyMagicHigh, 0);
  header.writeUInt32BE(optionReplyMagicLow, 4);
  header.writeUInt32BE(option, 8);
  header.writeUInt32BE(type, 12);
  header.writeUInt32BE(payload.length, 16);
  return Buffer.concat([header, payload]);
}

export function listReply(option: number, exports: readonly ExportFacts[]): Buffer {
  const servers = exports.map(({ name, description }) => {
    const nameBytes = Buffer.from(name, "utf8");
    const data = Buffer.concat([Buffer.alloc(4), nameBytes, Buffer.from(description, "utf8")]);
    data.writeUInt32BE(nameBytes.length, 0);
    return optionReply(option, replyTypes.server, data);
  });
  return Buffer.concat([...servers, optionReply(option, replyTypes.ack)]);
}

/** The answer to INFO and GO. Size and flags always go along; names, texts and block sizes to those who asked. */
export function infoReply(option: number, facts: ExportFacts, wanted: readonly number[]): Buffer {
  const parts = [optionReply(option, replyTypes.info, infoExport(facts))];
  const add = (data: Buffer): void => void parts.push(optionReply(option, replyTypes.info, data));
  if (wanted.includes(infoTypes.name)) add(infoText(infoTypes.name, facts.name));
  if (wanted.includes(infoTypes.description)) add(infoText(infoTypes.description, facts.description));
  if (wanted.includes(infoTypes.blockSize)) add(infoBlockSize());
  parts.push(optionReply(option, replyTypes.ack));
  return Buffer.concat(parts);
}

/** The answer to EXPORT_NAME: no header, and 124 zeros for clients that did not decline them. */
export function exportNameReply(facts: ExportFacts, noZeroes: boolean): Buffer {
  const bytes = Buffer.alloc(exportNameReplyBytes + (noZeroes ? 0 : exportNamePaddingBytes));
  bytes.writeBigUInt64BE(BigInt(facts.sizeBytes), 0);
  bytes.writeUInt16BE(flagsOf(facts), 8);
  return bytes;
}

function infoExport(facts: ExportFacts): Buffer {
  const data = Buffer.alloc(12);
  data.writeUInt16BE(infoTypes.export, 0);
  data.writeBigUInt64BE(BigInt(facts.sizeBytes), 2);
  data.writeUInt16BE(flagsOf(facts), 10);
  return data;
}

function infoText(type: number, text: string): Buffer {
  const data = Buffer.concat([Buffer.alloc(2), Buffer.from(text, "utf8")]);
  data.writeUInt16BE(type, 0);
  return data;
}

function infoBlockSize(): Buffer {
  const data = Buffer.alloc(14);
  data.writeUInt16BE(infoTypes.blockSize, 0);
  data.writeUInt32BE(blockBytesMin, 2);
  data.writeUInt32BE(blockBytesPreferred, 6);
  data.writeUInt32BE(payloadBytesMax, 10);
  return data;
}
