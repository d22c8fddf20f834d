/**
 * Cuts the client's side of the handshake into client flags and options. An option that is not understood, or is
 * malformed within its own length, is handed on as `refused`: the next one can still be read. Only what makes the
 * stream unreadable ends the session. At most one option (64 KiB) is held.
 */
import type { Failure } from "@waystation/contracts/errors";
import { protocolViolation } from "../errors.js";
import { nameBytesMax, optionBytesMax } from "../limits.js";
import type { Intake } from "./intake.js";
import {
  clientFlagsBytes,
  handshakeFlags,
  optionHeaderBytes,
  optionMagicHigh,
  optionMagicLow,
  options,
  replyTypes,
  type ReplyType,
} from "./wire.js";

/** What INFO and GO carry. `wanted` are the `infoTypes` asked for, as they came; unknown ones are to be ignored. */
export interface ExportQuestion {
  readonly option: number;
  readonly name: string;
  readonly wanted: readonly number[];
}

/** One thing the client said. `option` is the number on the wire: replies repeat it. */
export type HandshakeStep =
  | { readonly kind: "client-flags"; readonly noZeroes: boolean }
  | { readonly kind: "export-name"; readonly option: number; readonly name: string }
  | { readonly kind: "abort"; readonly option: number }
  | { readonly kind: "list"; readonly option: number }
  | ({ readonly kind: "info" } & ExportQuestion)
  | ({ readonly kind: "go" } & ExportQuestion)
  | { readonly kind: "refused"; readonly option: number; readonly reply: ReplyType; readonly reason: string }
  | { readonly kind: "violation"; readonly failure: Failure };

export interface HandshakeParser {
  /** The next step, or null when more bytes are needed. After a `violation` it must not be called again. */
  next(): HandshakeStep | null;
}

export function createHandshakeParser(intake: Intake): HandshakeParser {
  let flagsSeen = false;
  /** The data of the option being collected, and how much of it is here. */
  let data: Buffer | null = null;
  let collectedBytes = 0;
  let option = 0;

  return {
    next() {
      if (!flagsSeen) {
        if (!intake.contiguous(clientFlagsBytes)) return null;
        flagsSeen = true;
        return takeClientFlags(intake);
      }
      if (data === null) {
        if (!intake.contiguous(optionHeaderBytes)) return null;
        const header = takeOptionHeader(intake);
        if (header.kind === "violation") return header;
        option = header.option;
        data = Buffer.allocUnsafe(header.dataBytes);
        collectedBytes = 0;
      }
      collectedBytes += intake.moveInto(data, collectedBytes);
      if (collectedBytes < data.length) return null;
      const complete = data;
      data = null;
      return understand(option, complete);
    },
  };
}

function takeClientFlags(intake: Intake): HandshakeStep {
  const flags = intake.head.readUInt32BE(intake.position);
  intake.skip(clientFlagsBytes);
  const known = handshakeFlags.fixedNewstyle | handshakeFlags.noZeroes;
  if ((flags & ~known) !== 0) {
    const message = `client flags 0x${flags.toString(16)} are not NBD's: is this an NBD client?`;
    return { kind: "violation", failure: protocolViolation("BAD_CLIENT_FLAGS", message) };
  }
  return { kind: "client-flags", noZeroes: (flags & handshakeFlags.noZeroes) !== 0 };
}

type OptionHeader =
  | { readonly kind: "header"; readonly option: number; readonly dataBytes: number }
  | { readonly kind: "violation"; readonly failure: Failure };

function takeOptionHeader(intake: Intake): OptionHeader {
  const { head, position } = intake;
  const magicIsRight =
    head.readUInt32BE(position) === optionMagicHigh && head.readUInt32BE(position + 4) === optionMagicLow;
  const option = head.readUInt32BE(position + 8);
  const dataBytes = head.readUInt32BE(position + 12);
  intake.skip(optionHeaderBytes);
  if (!magicIsRight) {
    const message = "an option does not start with IHAVEOPT";
    return { kind: "violation", failure: protocolViolation("BAD_OPTION_MAGIC", message) };
  }
  if (dataBytes > optionBytesMax) {
    const message = `option ${option} announces ${dataBytes} bytes of data; at most ${optionBytesMax} are taken`;
    return { kind: "violation", failure: protocolViolation("OPTION_TOO_LONG", message) };
  }
  return { kind: "header", option, dataBytes };
}

function understand(option: number, data: Buffer): HandshakeStep {
  const refuse = (reply: ReplyType, reason: string): HandshakeStep => ({ kind: "refused", option, reply, reason });
  switch (option) {
    case options.exportName:
      if (data.length > nameBytesMax) return nameTooLong(data.length);
      return { kind: "export-name", option, name: data.toString("utf8") };
    case options.abort:
      return { kind: "abort", option };
    case options.list:
      if (data.length > 0) return refuse(replyTypes.errInvalid, "LIST takes no data");
      return { kind: "list", option };
    case options.info:
    case options.go:
      return (
        understandQuestion(option, data) ?? refuse(replyTypes.errInvalid, "the lengths within the option do not add up")
      );
    case options.startTls:
      return refuse(replyTypes.errPolicy, "this server does not offer TLS");
    case options.structuredReply:
    case options.listMetaContext:
    case options.setMetaContext:
      return refuse(replyTypes.errUnsupported, "structured replies and metadata contexts are not supported");
    default:
      return refuse(replyTypes.errUnsupported, `option ${option} is not known`);
  }
}

/** EXPORT_NAME has no error reply: what is wrong with it can only end the session. */
function nameTooLong(nameBytes: number): HandshakeStep {
  const message = `an export name of ${nameBytes} bytes; at most ${nameBytesMax} are legal`;
  return { kind: "violation", failure: protocolViolation("OPTION_TOO_LONG", message) };
}

function understandQuestion(option: number, data: Buffer): HandshakeStep | null {
  if (data.length < 6) return null;
  const nameBytes = data.readUInt32BE(0);
  if (nameBytes > nameBytesMax || nameBytes > data.length - 6) return null;
  const count = data.readUInt16BE(4 + nameBytes);
  const listStart = 4 + nameBytes + 2;
  if (data.length !== listStart + 2 * count) return null;
  const wanted = Array.from({ length: count }, (_, i) => data.readUInt16BE(listStart + 2 * i));
  const name = data.toString("utf8", 4, 4 + nameBytes);
  return option === options.go ? { kind: "go", option, name, wanted } : { kind: "info", option, name, wanted };
}
