/**
 * One client's connection from accept to close: reads the socket into the intake, drives the handshake and then the
 * session, and stops reading when they have enough. Whatever the client sends, the worst is that its own connection
 * is closed, with one log line that says why.
 *
 *   handshake --(export opened)--> transmission --(DISC, stop)--> leaving --(socket closed)--> closed
 *        any --(violation, revoked, deadline, network)--> closed
 */
import type { Socket } from "node:net";
import type { BlockFront, VolumeHandle } from "@waystation/contracts/block-front";
import type { Failure } from "@waystation/contracts/errors";
import type { Log } from "@waystation/contracts/log";
import type { NbdLimits } from "../limits.js";
import { hello } from "../protocol/handshake-replies.js";
import { createIntake } from "../protocol/intake.js";
import type { NbdStats } from "./counters.js";
import type { MemoryPool } from "./memory-pool.js";
import { startNegotiation } from "./negotiation.js";
import { createOutbox } from "./outbox.js";
import type { ReplyBlocks } from "./reply-blocks.js";
import { startSession, type Session } from "./session.js";
import { createStallWatch, type WatchedMoment } from "./stall-watch.js";

export interface ConnectionOptions {
  readonly socket: Socket;
  readonly front: BlockFront;
  readonly limits: NbdLimits;
  readonly counters: NbdStats;
  readonly pool: MemoryPool;
  readonly blocks: ReplyBlocks;
  readonly log: Log;
  /** Called when the handshake has ended, in one way or another. */
  readonly onGreeted: () => void;
  /** Called once, when the socket is closed. Requests may still be in flight on the volume; they are not answered. */
  readonly onClosed: () => void;
}

export type StallCheck = Pick<WatchedMoment, "nowMs" | "graceMs" | "bytesPerSecondMin">;

export interface Connection {
  /** Address and port of the client. */
  readonly peer: string;
  /** Takes no more requests, answers those in flight, then closes. A handshake is cut off. */
  finish(): void;
  /** Closes at once. */
  cut(reason: string): void;
  /** The same without a line in the log. */
  drop(): void;
  /** Since when its export has been open without a request; null while it is in use, or not yet open. */
  idleSinceMs(): number | null;
  /** Closes if the client has left memory waiting for longer than it may. To be called again and again. */
  checkStall(moment: StallCheck): void;
}

export function serveConnection(options: ConnectionOptions): Connection {
  const { socket, limits, counters, log } = options;
  const peer = `${socket.remoteAddress ?? "?"}:${socket.remotePort ?? 0}`;
  const intake = createIntake();
  let phase: "handshake" | "transmission" | "leaving" | "closed" = "handshake";
  let session: Session | null = null;
  let reading = true;
  /** When bytes came, or were taken. */
  let usedMs = performance.now();
  const outputWatch = createStallWatch();
  const inputWatch = createStallWatch();
  /** Bounds how long a client may take to close after it was told that the server has. */
  let lingering: NodeJS.Timeout | null = null;

  /** Drives the phase, then reads the socket or not, as the phase wants. */
  const pump = (): void => {
    if (phase === "leaving" || phase === "closed") return;
    const wantsMore = session === null ? negotiation.pump() : session.pump();
    if (wantsMore === reading || phaseIs("closed") || phaseIs("leaving")) return;
    reading = wantsMore;
    if (reading) socket.resume();
    else socket.pause();
  };
  /** As a function, since `pump` changes the phase under the compiler's eyes. */
  const phaseIs = (asked: typeof phase): boolean => phase === asked;

  const account = options.pool.open(pump);
  const outbox = createOutbox({
    socket,
    blocks: options.blocks,
    outputBytesMax: limits.outputBytesMax,
    onTaken() {
      usedMs = performance.now();
      session?.recount();
    },
    onFlushed() {
      if (phase === "leaving") leave();
      else pump();
    },
  });

  const close = (): void => {
    if (phase === "closed") return;
    phase = "closed";
    clearTimeout(deadline);
    if (lingering !== null) clearTimeout(lingering);
    negotiation.abandon();
    outbox.discard();
    session?.silence();
    intake.clear();
    socket.destroy();
  };

  /** Sends what is queued and FIN; what the client still sends is read and dropped, until it closes too. */
  const leave = (): void => {
    if (phase === "closed") return;
    phase = "leaving";
    if (!outbox.isEmpty()) return;
    intake.clear();
    socket.end();
    socket.resume();
    clearTimeout(deadline);
    lingering ??= setTimeout(close, limits.closeMs);
  };

  const cut = (reason: string): void => {
    if (phase === "closed") return;
    log.info({ peer, reason }, "nbd: connection cut");
    close();
  };

  const violated = (failure: Failure): void => {
    counters.brokenSessions += 1;
    log.warn(
      { peer, reason: failure.message, ...failure.details },
      "nbd: the client broke the protocol; connection closed",
    );
    close();
  };

  const checkStall = (moment: StallCheck): void => {
    const payload = session?.payloadProgress();
    const output = { waitingBytes: outbox.outstandingBytes(), passedBytes: outbox.takenBytes() };
    // A client that is held back cannot finish its payload.
    const input = { waitingBytes: reading ? (payload?.missingBytes ?? 0) : 0, passedBytes: payload?.filledBytes ?? 0 };
    const takesNothing = outputWatch.isStalled({ ...moment, ...output });
    const sendsNothing = inputWatch.isStalled({ ...moment, ...input });
    if (phase === "closed" || (!takesNothing && !sendsNothing)) return;
    counters.stalledSessions += 1;
    const reason = takesNothing ? "it does not take its replies" : "it does not finish the payload that it announced";
    log.warn({ peer, reason, outputBytes: output.waitingBytes }, "nbd: the client stalls; connection closed");
    close();
  };

  const opened = (handle: VolumeHandle): void => {
    clearTimeout(deadline);
    phase = "transmission";
    options.onGreeted();
    log.info({ peer, volume: handle.volume.name, access: handle.volume.access }, "nbd: export opened");
    session = startSession({
      handle,
      intake,
      outbox,
      limits,
      counters,
      account,
      log,
      onViolation: violated,
      onFinished: leave,
    });
    pump();
  };

  const deadline = setTimeout(() => {
    counters.brokenSessions += 1;
    log.warn({ peer, reason: `no export opened within ${limits.handshakeMs} ms` }, "nbd: handshake cut off");
    close();
  }, limits.handshakeMs);

  const negotiation = startNegotiation({
    front: options.front,
    intake,
    outbox,
    onOpened: opened,
    onRevoked: cut,
    onRefused: pump,
    onLeave(reason) {
      log.info({ peer, reason }, "nbd: handshake ended");
      leave();
    },
    onViolation: violated,
  });

  socket.on("error", (error) => {
    log.debug({ peer, reason: error.message }, "nbd: connection lost");
  });
  socket.on("close", () => {
    close();
    options.onClosed();
  });
  socket.on("end", () => {
    // The client has left without DISC; what it has in flight is not answered.
    if (phase !== "leaving") close();
  });
  socket.on("data", (chunk) => {
    if (phase === "leaving" || phase === "closed") return;
    usedMs = performance.now();
    intake.push(chunk);
    pump();
  });
  outbox.send(hello());

  return {
    peer,
    finish() {
      if (phase === "transmission") session?.stop();
      else if (phase === "handshake") cut("the server is being stopped");
    },
    cut,
    drop: close,
    idleSinceMs: () => (phase === "transmission" && session?.isIdle() === true && outbox.isEmpty() ? usedMs : null),
    checkStall,
  };
}
