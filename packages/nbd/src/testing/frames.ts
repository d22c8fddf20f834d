/** The client's side of the wire, for tests: builds what a client sends. Layouts: protocol/wire.ts. */
import {
  infoTypes,
  optionHeaderBytes,
  optionMagicHigh,
  optionMagicLow,
  requestHeaderBytes,
  requestMagic,
} from "../protocol/wire.js";

export function clientFlags(flags: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(flags, 0);
  return bytes;
}

export function option(number: number, data: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(optionHeaderBytes);
  header.writeUInt32BE(optionMagicHigh, 0);
  header.writeUInt32BE(optionMagicLow, 4);
  header.writeUInt32BE(number, 8);
  header.writeUInt32BE(data.length, 12);
  return Buffer.concat([header, data]);
}

export const allInfo: readonly number[] = Object.values(infoTypes);

/** The data of INFO and GO. */
export function question(name: string, wanted: readonly number[] = []): Buffer {
  const nameBytes = Buffer.from(name, "utf8");
  const data = Buffer.alloc(4 + nameBytes.length + 2 + 2 * wanted.length);
  data.writeUInt32BE(nameBytes.length, 0);
  nameBytes.copy(data, 4);
  data.writeUInt16BE(wanted.length, 4 + nameBytes.length);
  wanted.forEach((type, i) => data.writeUInt16BE(type, 4 + nameBytes.length + 2 + 2 * i));
  return data;
}

export interface RequestFields {
  readonly type: number;
  readonly cookie?: bigint;
  readonly flags?: number;
  readonly offset?: bigint;
  /** When it differs from the payload's length. */
  readonly length?: number;
  readonly payload?: Buffer;
}

export function request({ type, cookie = 0n, flags = 0, offset = 0n, length, payload }: RequestFields): Buffer {
  const header = Buffer.alloc(requestHeaderBytes);
  header.writeUInt32BE(requestMagic, 0);
  header.writeUInt16BE(flags, 4);
  header.writeUInt16BE(type, 6);
  header.writeBigUInt64BE(cookie, 8);
  header.writeBigUInt64BE(offset, 16);
  header.writeUInt32BE(length ?? payload?.length ?? 0, 24);
  return payload === undefined ? header : Buffer.concat([header, payload]);
}
