/** The 16 bytes in front of every answer of the transmission. Layout: wire.ts. */
import { simpleReplyMagic } from "./wire.js";

export interface SimpleReply {
  /** An `NbdError`, or 0. */
  readonly error: number;
  readonly cookieHigh: number;
  readonly cookieLow: number;
}

/** Writes the header of `reply` into `target` at `at`. */
export function putSimpleReply(target: Buffer, at: number, reply: SimpleReply): void {
  target.writeInt32BE(simpleReplyMagic, at);
  target.writeInt32BE(reply.error, at + 4);
  target.writeInt32BE(reply.cookieHigh, at + 8);
  target.writeInt32BE(reply.cookieLow, at + 12);
}
