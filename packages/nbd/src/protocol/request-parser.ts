/**
 * Cuts the client's side of the transmission into requests. The hot path: no object is made per request but the
 * payload buffer of a WRITE, which is filled once and handed over with ownership. No payload is made room for, and no
 * request handed on, before `admits` has agreed to the memory that it takes. Whether a request makes sense is not asked
 * here (check-request.ts).
 */
import { protocolViolation } from "../errors.js";
import { payloadBytesMax } from "../limits.js";
import type { Failure } from "@waystation/contracts/errors";
import type { Intake } from "./intake.js";
import { commands, requestHeaderBytes, requestMagic } from "./wire.js";

/** One request as it came. The parser has one such object and overwrites it at every `next`. */
export interface RequestFrame {
  flags: number;
  type: number;
  /** The client's own number for the request, repeated in the reply: two opaque halves, signed to stay small integers. */
  cookieHigh: number;
  cookieLow: number;
  /** As a double. Beyond 2^53 it is rounded, never below 2^53, so it is still found out of range. */
  offsetBytes: number;
  lengthBytes: number;
  /** What follows a WRITE, null otherwise. Belongs to whoever takes it. */
  payload: Buffer | null;
}

/**
 * What `next` found: `request`: see `frame`; `starved`: more bytes are needed; `held`: `admits` refused, `next` asks it
 * again; a Failure: the stream is lost.
 */
type RequestStep = "request" | "starved" | "held" | Failure;

export interface RequestParser {
  readonly frame: Readonly<RequestFrame>;
  next(): RequestStep;
  /** The memory of the payload that is being filled; 0 when none is. */
  fillingBytes(): number;
  /** What is still to come of it. */
  missingBytes(): number;
  /** Payload bytes that have come since the start. */
  filledBytes(): number;
  /** Lets go of a payload that will not be finished. Nothing may be asked for afterwards. */
  abandon(): void;
}

/** `admits` is asked for the payload of each READ and WRITE whose length is legal. */
export function createRequestParser(intake: Intake, admits: (lengthBytes: number) => boolean): RequestParser {
  const frame: RequestFrame = {
    flags: 0,
    type: 0,
    cookieHigh: 0,
    cookieLow: 0,
    offsetBytes: 0,
    lengthBytes: 0,
    payload: null,
  };
  /** The payload being filled, kept apart from `frame` until it is whole. */
  let filling: Buffer | null = null;
  let filledBytes = 0;
  let filledBefore = 0;
  /** The header is in `frame`, and waits to be admitted. */
  let isHeld = false;

  const takeHeader = (): Failure | null => {
    const { head, position } = intake;
    const magic = head.readUInt32BE(position);
    if (magic !== requestMagic) return badMagic(magic);
    frame.flags = head.readUInt16BE(position + 4);
    frame.type = head.readUInt16BE(position + 6);
    frame.cookieHigh = head.readInt32BE(position + 8);
    frame.cookieLow = head.readInt32BE(position + 12);
    frame.offsetBytes = head.readUInt32BE(position + 16) * 0x1_0000_0000 + head.readUInt32BE(position + 20);
    frame.lengthBytes = head.readUInt32BE(position + 24);
    frame.payload = null;
    intake.skip(requestHeaderBytes);
    const tooLong = frame.type === commands.write && frame.lengthBytes > payloadBytesMax;
    return tooLong ? payloadTooLong(frame.lengthBytes) : null;
  };

  const next = (): RequestStep => {
    if (filling === null) {
      if (!isHeld) {
        if (!intake.contiguous(requestHeaderBytes)) return "starved";
        const failure = takeHeader();
        if (failure !== null) return failure;
      }
      isHeld = !admits(memoryBytesOf(frame));
      if (isHeld) return "held";
      if (frame.type !== commands.write) return "request";
      // Its own memory, not a slice of a pool or of the chunk: who keeps the payload keeps nothing else alive.
      filling = Buffer.allocUnsafeSlow(frame.lengthBytes);
      filledBytes = 0;
    }
    filledBytes += intake.moveInto(filling, filledBytes);
    if (filledBytes < filling.length) return "starved";
    frame.payload = filling;
    filledBefore += filledBytes;
    filledBytes = 0;
    filling = null;
    return "request";
  };

  return {
    frame,
    next,
    fillingBytes: () => filling?.length ?? 0,
    missingBytes: () => (filling?.length ?? 0) - filledBytes,
    filledBytes: () => filledBefore + filledBytes,
    abandon() {
      filling = null;
      filledBytes = 0;
    },
  };
}

/** A READ above the limit is refused, and takes no memory. */
function memoryBytesOf({ type, lengthBytes }: RequestFrame): number {
  const carriesData = type === commands.write || type === commands.read;
  return carriesData && lengthBytes <= payloadBytesMax ? lengthBytes : 0;
}

function badMagic(magic: number): Failure {
  const message = `a request starts with 0x${magic.toString(16)} and not with 0x${requestMagic.toString(16)}`;
  return protocolViolation("BAD_REQUEST_MAGIC", message);
}

function payloadTooLong(lengthBytes: number): Failure {
  const message = `a WRITE announces ${lengthBytes} bytes; at most ${payloadBytesMax} are taken, as advertised`;
  return protocolViolation("PAYLOAD_TOO_LONG", message);
}
