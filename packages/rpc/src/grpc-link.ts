/**
 * One end of a link over one gRPC call, the same for both ends. Invariants: `onClose` once, last; nothing is sent or
 * delivered after it; what is queued is bounded; a frame that cannot be decoded ends the link, not the daemon.
 */
import type { Link, LinkAddress, LinkEvents } from "@waystation/contracts/link";
import type { Log } from "@waystation/contracts/log";
import type { PeerMessage } from "@waystation/replication/messages";
import { rpcFailure } from "./errors.js";
import { messageBytesMax } from "./limits.js";
import { decodePeerMessage } from "./peer-decode.js";
import { encodePeerMessage } from "./peer-encode.js";
import { describeError } from "./status-table.js";

export interface LinkLimits {
  readonly queueBytesMax: number;
  readonly lingerMs: number;
}

/** What both ends of a grpc-js call have of a duplex stream. */
export interface FrameStream {
  write(frame: Buffer, taken: () => void): unknown;
  end(): unknown;
  on(event: "data", listener: (frame: Buffer) => void): unknown;
  once(event: "end", listener: () => void): unknown;
}

/** Messages to frames and back. `decode` throws a `Failure`, and may keep views of the frame. */
export interface PeerCodec {
  encode(message: PeerMessage): Buffer;
  decode(frame: Buffer): PeerMessage;
}

export const handWrittenCodec: PeerCodec = { encode: encodePeerMessage, decode: decodePeerMessage };

export interface LinkCall {
  readonly address: LinkAddress;
  /** Frames both ways, whole messages. */
  readonly stream: FrameStream;
  /** Ends the call at once with this failure for the peer, sending nothing that is queued. */
  abort(failure: Error): void;
  readonly codec: PeerCodec;
  readonly limits: LinkLimits;
  readonly log: Log;
}

/** The adapter's side of a link. */
export interface OpenLink {
  readonly link: Link<PeerMessage>;
  /** Starts delivering. Once. */
  start(events: LinkEvents<PeerMessage>): void;
  /** The call is over. */
  over(reason: string): void;
}

export function openLink(call: LinkCall): OpenLink {
  const { address, stream, codec, limits, log } = call;
  let events: LinkEvents<PeerMessage> | undefined;
  let closedReason: string | undefined;
  let linger: NodeJS.Timeout | undefined;
  let queuedBytes = 0;

  function ended(reason: string): void {
    if (closedReason !== undefined) return;
    closedReason = reason;
    // Not from within `send` or `close`: their callers are in the middle of a step.
    queueMicrotask(() => events?.onClose(reason));
  }

  function abort(failure: Error): void {
    if (closedReason !== undefined) return;
    log.warn({ ...address, reason: describeError(failure) }, "link aborted");
    ended(describeError(failure));
    call.abort(failure);
  }

  function receive(frame: Buffer): void {
    if (closedReason !== undefined) return;
    let message: PeerMessage;
    try {
      message = codec.decode(frame);
    } catch (error) {
      abort(error as Error);
      return;
    }
    events?.onMessage(message);
  }

  function send(message: PeerMessage): void {
    if (closedReason !== undefined) return;
    const frame = codec.encode(message);
    queuedBytes += frame.length;
    if (frame.length > messageBytesMax) {
      abort(rpcFailure("REQUEST_TOO_LARGE", `a message of ${frame.length} bytes: the limit is ${messageBytesMax}`));
    } else if (queuedBytes > limits.queueBytesMax) {
      abort(rpcFailure("SERVER_BUSY", `${queuedBytes} bytes queued for a peer that does not take them`));
    } else {
      stream.write(frame, () => {
        queuedBytes -= frame.length;
      });
    }
  }

  /** What is queued still goes out, for a while: a refusal that was sent just before must arrive. */
  function close(): void {
    if (closedReason !== undefined) return;
    ended("closed at this end");
    stream.end();
    linger = setTimeout(() => {
      call.abort(rpcFailure("RPC_UNREACHABLE", "the peer did not take what was queued when the link was closed"));
    }, limits.lingerMs);
  }

  return {
    link: { address, send, queuedBytes: () => queuedBytes, close },
    over(reason) {
      clearTimeout(linger);
      ended(reason);
    },
    start(linkEvents) {
      events = linkEvents;
      stream.on("data", receive);
      stream.once("end", () => {
        ended("closed by the peer");
        stream.end();
      });
    },
  };
}
