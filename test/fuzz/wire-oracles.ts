/** What the parsers of the wire are held against: plain readers of a whole stream, slow and without state. */
import assert from "node:assert/strict";

const requestMagic = 0x25609513;
const requestHeaderBytes = 28;
const writeCommand = 1;
const payloadBytesMax = 32 * 1024 * 1024;

/** One line per NBD request, and how the stream ends. */
export function plainRequests(stream: Buffer): string[] {
  const found: string[] = [];
  for (let at = 0; at + requestHeaderBytes <= stream.length;) {
    if (stream.readUInt32BE(at) !== requestMagic) return [...found, "violation"];
    const [type, lengthBytes] = [stream.readUInt16BE(at + 6), stream.readUInt32BE(at + 24)];
    const head = requestLine(type, lengthBytes, stream.toString("hex", at + 8, at + 16));
    at += requestHeaderBytes;
    if (type === writeCommand) {
      if (lengthBytes > payloadBytesMax) return [...found, "violation"];
      if (at + lengthBytes > stream.length) break;
      found.push(`${head} ${stream.toString("hex", at, at + lengthBytes)}`);
      at += lengthBytes;
    } else found.push(head);
  }
  return found;
}

export function requestLine(type: number, lengthBytes: number, cookie: string): string {
  return `${type} ${lengthBytes} ${cookie}`;
}

/** Bytes of the last gRPC message in memory that is not whole, or of none that is too long. */
export function plainUnfinishedBytes(stream: Buffer, messageBytesMax: number): number {
  let at = 0;
  while (at + 5 <= stream.length) {
    const lengthBytes = stream.readUInt32BE(at + 1);
    if (at + 5 + lengthBytes > stream.length) return lengthBytes > messageBytesMax ? 0 : stream.length - at - 5;
    at += 5 + lengthBytes;
  }
  return 0;
}

/** Every number is one that was checked, every text and payload no longer than what it came in. */
export function assertDecoded(value: unknown, frameBytes: number): void {
  if (typeof value === "number") assert(Number.isSafeInteger(value) && value >= 0, `the number ${value}`);
  else if (typeof value === "string") assert(value.length <= frameBytes + 32, "a text from elsewhere");
  else if (value instanceof Uint8Array) assert(value.length <= frameBytes, "a payload from elsewhere");
  else if (typeof value === "object" && value !== null) {
    for (const item of Object.values(value)) assertDecoded(item, frameBytes);
  }
}
