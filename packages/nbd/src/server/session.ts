/**
 * The transmission phase of one connection: takes requests while the limits allow, runs them on the volume's handle,
 * answers each as it completes. The hot path: a READ that need not wait is read into its reply on the spot; any other
 * request costs the handle's promise and the payload, nothing else; the records of requests in flight are reused.
 *
 * A bug (a failed assertion in or below the handle) is not answered: it goes on as an unhandled rejection and stops
 * the daemon, as an unanswered write is always safe and a wrong answer never is.
 */
import assert from "node:assert/strict";
import type { VolumeHandle } from "@waystation/contracts/block-front";
import { isFailure, reasonOf, type Failure } from "@waystation/contracts/errors";
import type { Log } from "@waystation/contracts/log";
import type { NbdLimits } from "../limits.js";
import { checkRequest } from "../protocol/check-request.js";
import { isBlockErrorCode, requestErrors } from "../protocol/failure-codes.js";
import type { Intake } from "../protocol/intake.js";
import { createRequestParser, type RequestFrame } from "../protocol/request-parser.js";
import type { SimpleReply } from "../protocol/simple-reply.js";
import { commandFlags, commands, nbdErrors } from "../protocol/wire.js";
import type { NbdStats } from "./counters.js";
import type { MemoryAccount } from "./memory-pool.js";
import type { Outbox } from "./outbox.js";

export interface SessionOptions {
  readonly handle: VolumeHandle;
  readonly intake: Intake;
  readonly outbox: Outbox;
  readonly limits: NbdLimits;
  readonly counters: NbdStats;
  /** What this session holds is kept there, and no payload is taken before it is admitted. */
  readonly account: MemoryAccount;
  readonly log: Log;
  /** The client's stream cannot be read on. */
  readonly onViolation: (failure: Failure) => void;
  /** After DISC or `stop`: no request is in flight any more. Called once. */
  readonly onFinished: () => void;
}

export interface Session {
  /** Takes what requests there are. Returns true when it wants more bytes, false when the socket should not be read. */
  pump(): boolean;
  /** Takes no more requests; those in flight are answered unless `silence` was called. */
  stop(): void;
  /** Answers nothing from now on: the connection is gone. */
  silence(): void;
  /** Tells the account what is held now. */
  recount(): void;
  /** True when no request is in flight, and none has come in part. */
  isIdle(): boolean;
  /** The rest of a payload that the client has begun to send, and payload bytes that have come since the start. */
  payloadProgress(): { readonly missingBytes: number; readonly filledBytes: number };
}

/** One request in flight. */
interface Slot extends SimpleReply {
  error: number;
  cookieHigh: number;
  cookieLow: number;
  payloadBytes: number;
  readonly onRead: (data: Buffer) => void;
  readonly onDone: () => void;
  readonly onFailed: (error: unknown) => void;
}

export function startSession(options: SessionOptions): Session {
  const { handle, intake, outbox, limits, counters, account, log } = options;
  const bounds = { sizeBytes: handle.volume.sizeBytes, readOnly: handle.volume.access === "read-only" };
  const parser = createRequestParser(intake, (lengthBytes) => {
    recount();
    return account.admits(lengthBytes);
  });
  const freeSlots: Slot[] = [];
  let inFlight = 0;
  let inFlightBytes = 0;
  let taking = true;
  let answering = true;
  let finished = false;

  const recount = (): void => {
    account.set(inFlightBytes + parser.fillingBytes() + outbox.outstandingBytes());
  };

  const finishIfIdle = (): void => {
    if (taking || inFlight > 0 || finished) return;
    finished = true;
    handle.close();
    options.onFinished();
  };

  const settle = (slot: Slot, data: Buffer | null): void => {
    inFlight -= 1;
    counters.inFlightRequests -= 1;
    inFlightBytes -= slot.payloadBytes;
    if (slot.error !== 0) counters.failedRequests += 1;
    if (answering) outbox.reply(slot, data);
    recount();
    freeSlots.push(slot);
    if (!taking) finishIfIdle();
  };

  const createSlot = (): Slot => {
    const slot: Slot = {
      error: 0,
      cookieHigh: 0,
      cookieLow: 0,
      payloadBytes: 0,
      onRead(data) {
        assert(data.length === slot.payloadBytes, "the volume returned another length than was asked for");
        settle(slot, data);
      },
      onDone() {
        settle(slot, null);
      },
      onFailed(error) {
        slot.error = errorOf(error, log);
        settle(slot, null);
      },
    };
    return slot;
  };

  const takeSlot = (frame: Readonly<RequestFrame>, payloadBytes: number): Slot => {
    const slot = freeSlots.pop() ?? createSlot();
    slot.error = 0;
    slot.cookieHigh = frame.cookieHigh;
    slot.cookieLow = frame.cookieLow;
    slot.payloadBytes = payloadBytes;
    inFlight += 1;
    counters.inFlightRequests += 1;
    inFlightBytes += payloadBytes;
    return slot;
  };

  /** Answers a READ without waiting, the data read straight into their place behind the header. False: it must wait. */
  const readNow = ({ offsetBytes, lengthBytes, cookieHigh, cookieLow }: Readonly<RequestFrame>): boolean => {
    const place = outbox.place(lengthBytes);
    if (place === null || !handle.readNow(offsetBytes, place)) return false;
    outbox.replyInPlace({ error: 0, cookieHigh, cookieLow }, lengthBytes);
    return true;
  };

  /** Answers a write when it is complete; with FUA, when it is durable too. */
  const complete = (frame: Readonly<RequestFrame>, writing: Promise<void>, slot: Slot): void => {
    const isForced = (frame.flags & commandFlags.fua) !== 0;
    (isForced ? writing.then(() => handle.flush()) : writing).then(slot.onDone, slot.onFailed);
  };

  const execute = (frame: Readonly<RequestFrame>): void => {
    const { offsetBytes, lengthBytes, payload } = frame;
    switch (frame.type) {
      case commands.read: {
        counters.reads += 1;
        counters.readBytes += lengthBytes;
        if (readNow(frame)) return;
        const slot = takeSlot(frame, lengthBytes);
        handle.read(offsetBytes, lengthBytes).then(slot.onRead, slot.onFailed);
        return;
      }
      case commands.write: {
        assert(payload !== null, "a WRITE without its payload");
        counters.writes += 1;
        counters.writtenBytes += lengthBytes;
        const slot = takeSlot(frame, lengthBytes);
        complete(frame, handle.write(offsetBytes, payload), slot);
        return;
      }
      case commands.trim:
      case commands.writeZeroes: {
        counters.zeroes += 1;
        const keepsSpace = (frame.flags & commandFlags.noHole) !== 0;
        const slot = takeSlot(frame, 0);
        complete(frame, handle.zero(offsetBytes, lengthBytes, keepsSpace ? "zero" : "discard"), slot);
        return;
      }
      case commands.flush: {
        counters.flushes += 1;
        const slot = takeSlot(frame, 0);
        handle.flush().then(slot.onDone, slot.onFailed);
        return;
      }
      default:
        assert.fail(`command ${frame.type} passed the check`);
    }
  };

  /** Runs or answers the request in the parser's frame. */
  const take = (frame: Readonly<RequestFrame>): void => {
    const error = checkRequest(frame, bounds);
    if (error !== 0) {
      counters.failedRequests += 1;
      outbox.reply({ error, cookieHigh: frame.cookieHigh, cookieLow: frame.cookieLow }, null);
    } else if (frame.lengthBytes === 0 && frame.type !== commands.flush) {
      // Nothing to do; the protocol leaves it open, and no volume should have to.
      outbox.reply({ error: 0, cookieHigh: frame.cookieHigh, cookieLow: frame.cookieLow }, null);
    } else {
      execute(frame);
    }
  };

  const stop = (): void => {
    taking = false;
    finishIfIdle();
  };

  const mayTake = (): boolean =>
    taking && inFlight < limits.inFlightRequestsMax && inFlightBytes < limits.inFlightBytesMax && !outbox.isBlocked();

  return {
    pump() {
      while (mayTake()) {
        const step = parser.next();
        if (step === "held") return false;
        if (step === "starved") {
          recount();
          return true;
        }
        if (step !== "request") {
          options.onViolation(step);
          return false;
        }
        if (parser.frame.type === commands.disconnect) {
          stop();
          return false;
        }
        take(parser.frame);
      }
      // It asks again once it may take requests; until then others come first.
      account.leaveQueue();
      recount();
      return false;
    },
    stop,
    silence() {
      answering = false;
      parser.abandon();
      account.leaveQueue();
      recount();
      stop();
    },
    recount,
    isIdle: () => inFlight === 0 && parser.fillingBytes() === 0 && intake.availableBytes() === 0,
    payloadProgress: () => ({ missingBytes: parser.missingBytes(), filledBytes: parser.filledBytes() }),
  };
}

/** What the client is told. Failures of the port's codes are told as they are; what else is thrown is told as EIO and logged. */
function errorOf(error: unknown, log: Log): number {
  if (error instanceof assert.AssertionError) throw error;
  if (isFailure(error) && isBlockErrorCode(error.code)) return requestErrors[error.code];
  log.error({ reason: reasonOf(error), err: error }, "a volume failed with an error that it should not have let out");
  return nbdErrors.EIO;
}
