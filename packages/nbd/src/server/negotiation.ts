/**
 * The handshake of one connection: answers options until the client has chosen an export or leaves. Opening an
 * export takes time; until it has been answered no further option is looked at.
 */
import type { BlockFront, VolumeDescription, VolumeHandle } from "@waystation/contracts/block-front";
import { isFailure, reasonOf, type Failure } from "@waystation/contracts/errors";
import { isBlockErrorCode, openErrors } from "../protocol/failure-codes.js";
import { createHandshakeParser, type ExportQuestion, type HandshakeStep } from "../protocol/handshake-parser.js";
import { exportNameReply, infoReply, listReply, optionReply, type ExportFacts } from "../protocol/handshake-replies.js";
import type { Intake } from "../protocol/intake.js";
import { replyTypes, type ReplyType } from "../protocol/wire.js";
import type { Outbox } from "./outbox.js";

export interface NegotiationOptions {
  readonly front: BlockFront;
  readonly intake: Intake;
  readonly outbox: Outbox;
  /** The client has opened an export: the transmission begins. */
  readonly onOpened: (handle: VolumeHandle) => void;
  /** The handle, opened or about to be, is no longer valid. */
  readonly onRevoked: (reason: string) => void;
  /** An export was refused and the client told so: `pump` may be called again. */
  readonly onRefused: () => void;
  /** The client wants to leave, or must, because EXPORT_NAME has no reply that refuses. */
  readonly onLeave: (reason: string) => void;
  readonly onViolation: (failure: Failure) => void;
}

export interface Negotiation {
  /** Answers what options there are. Returns true when it wants more bytes, false when the socket should not be read. */
  pump(): boolean;
  /** The connection is gone: a handle that is still to come is closed at once. */
  abandon(): void;
}

type Choice = Extract<HandshakeStep, { kind: "go" | "export-name" }>;

export function startNegotiation(options: NegotiationOptions): Negotiation {
  const { front, outbox } = options;
  const parser = createHandshakeParser(options.intake);
  let noZeroes = false;
  let state: "reading" | "opening" | "over" = "reading";

  const leave = (reason: string): void => {
    state = "over";
    options.onLeave(reason);
  };

  const opened = (choice: Choice, handle: VolumeHandle): void => {
    if (state === "over") {
      handle.close();
      return;
    }
    state = "over";
    const facts = factsOf(handle.volume);
    outbox.send(
      choice.kind === "go" ? infoReply(choice.option, facts, choice.wanted) : exportNameReply(facts, noZeroes),
    );
    options.onOpened(handle);
  };

  const refused = (choice: Choice, reply: ReplyType, reason: string): void => {
    if (state === "over") return;
    if (choice.kind === "export-name") {
      leave(`export ${JSON.stringify(choice.name)} was asked for by EXPORT_NAME: ${reason}`);
      return;
    }
    outbox.send(optionReply(choice.option, reply, reason));
    state = "reading";
    options.onRefused();
  };

  const open = (choice: Choice): void => {
    state = "opening";
    front.open(choice.name === "" ? defaultName(front) : choice.name, options.onRevoked).then(
      (handle) => {
        opened(choice, handle);
      },
      (error: unknown) => {
        refused(choice, refusalOf(error), reasonOf(error));
      },
    );
  };

  const answer = (step: HandshakeStep): void => {
    switch (step.kind) {
      case "client-flags":
        noZeroes = step.noZeroes;
        return;
      case "abort":
        outbox.send(optionReply(step.option, replyTypes.ack));
        leave("the client gave up the handshake (ABORT)");
        return;
      case "list":
        outbox.send(listReply(step.option, front.list().map(factsOf)));
        return;
      case "info":
        outbox.send(informationOn(front, step));
        return;
      case "go":
      case "export-name":
        open(step);
        return;
      case "refused":
        outbox.send(optionReply(step.option, step.reply, step.reason));
        return;
      case "violation":
        state = "over";
        options.onViolation(step.failure);
        return;
    }
  };

  return {
    pump() {
      while (state === "reading" && !outbox.isBlocked()) {
        const step = parser.next();
        if (step === null) return true;
        answer(step);
      }
      return false;
    },
    abandon() {
      state = "over";
    },
  };
}

function factsOf(volume: VolumeDescription): ExportFacts {
  const { name, description, sizeBytes, access } = volume;
  return { name, description, sizeBytes, readOnly: access === "read-only" };
}

/** The empty name means the default export: the only one there is. With several there is none, and "" is unknown. */
function defaultName(front: BlockFront): string {
  const volumes = front.list();
  return volumes.length === 1 ? (volumes[0]?.name ?? "") : "";
}

function informationOn(front: BlockFront, step: ExportQuestion): Buffer {
  const name = step.name === "" ? defaultName(front) : step.name;
  const volume = front.list().find((candidate) => candidate.name === name);
  if (volume !== undefined) return infoReply(step.option, factsOf(volume), step.wanted);
  return optionReply(step.option, replyTypes.errUnknown, `no export is named ${JSON.stringify(step.name)}`);
}

function refusalOf(error: unknown): ReplyType {
  return isFailure(error) && isBlockErrorCode(error.code) ? openErrors[error.code] : replyTypes.errPolicy;
}
