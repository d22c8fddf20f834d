/**
 * Gathers the replies of one turn of the event loop and hands them to the socket together. Headers and small payloads
 * are copied into one block, so that a turn costs one write; large payloads go out where they lie, in one writev.
 *
 * The block is filled from front to back and starts over when the socket has taken all of it; a block that runs full
 * before that is left to the collector. So it holds no more than the replies that the session lets be in flight.
 */
import type { Socket } from "node:net";
import { putSimpleReply, type SimpleReply } from "../protocol/simple-reply.js";
import { simpleReplyBytes } from "../protocol/wire.js";

const blockBytes = 256 * 1024;
/** Up to here copying is cheaper than one more buffer in the writev (measured at 4 to 64 KiB). */
const copiedPayloadBytesMax = 16 * 1024;

export interface Outbox {
  /** Queues a reply and, for a READ that succeeded, its data, which must not change afterwards. */
  reply(reply: SimpleReply, payload: Buffer | null): void;
  /** True while the socket holds more than it should: take no more requests until `onDrain`. */
  isBlocked(): boolean;
  /** Queued and not yet handed to the socket. */
  isEmpty(): boolean;
  /** Hands `bytes` to the socket at once. For the handshake. */
  send(bytes: Buffer): void;
  /** Forgets what is queued: the connection is gone. */
  discard(): void;
}

export interface OutboxOptions {
  readonly socket: Socket;
  /** Called after each turn's replies were handed over, and when a blocked socket has drained. */
  readonly onFlushed: () => void;
}

export function createOutbox({ socket, onFlushed }: OutboxOptions): Outbox {
  let block: Buffer | null = null;
  /** The block up to `used` is filled, up to `handedOver` it is the socket's. */
  let used = 0;
  let handedOver = 0;
  let writesOutstanding = 0;
  let pieces: Buffer[] = [];
  let scheduled: NodeJS.Immediate | null = null;
  let blocked = false;

  const onWritten = (): void => {
    writesOutstanding -= 1;
    // Pieces that wait for the next flush lie in the block too.
    if (writesOutstanding === 0 && pieces.length === 0 && used === handedOver) {
      used = 0;
      handedOver = 0;
    }
  };

  const write = (piece: Buffer): void => {
    writesOutstanding += 1;
    if (!socket.write(piece, onWritten)) blocked = true;
  };

  /** Turns what was copied into the block since the last piece into a piece of its own. */
  const cutPiece = (): void => {
    if (block === null || used === handedOver) return;
    pieces.push(block.subarray(handedOver, used));
    handedOver = used;
  };

  const flush = (): void => {
    scheduled = null;
    cutPiece();
    const toWrite = pieces;
    if (toWrite.length > 0) {
      pieces = [];
      if (toWrite.length > 1) socket.cork();
      for (const piece of toWrite) write(piece);
      if (toWrite.length > 1) socket.uncork();
    }
    onFlushed();
  };

  /** A place for `lengthBytes` bytes in the block, at `used`. */
  const room = (lengthBytes: number): Buffer => {
    if (block === null || block.length - used < lengthBytes) {
      cutPiece();
      block = Buffer.allocUnsafeSlow(blockBytes);
      used = 0;
      handedOver = 0;
    }
    return block;
  };

  socket.on("drain", () => {
    blocked = false;
    onFlushed();
  });

  return {
    reply(reply, payload) {
      const copiedBytes = payload !== null && payload.length <= copiedPayloadBytesMax ? payload.length : 0;
      const target = room(simpleReplyBytes + copiedBytes);
      putSimpleReply(target, used, reply);
      used += simpleReplyBytes;
      if (payload !== null && copiedBytes > 0) {
        target.set(payload, used);
        used += copiedBytes;
      } else if (payload !== null) {
        cutPiece();
        pieces.push(payload);
      }
      scheduled ??= setImmediate(flush);
    },
    isBlocked: () => blocked,
    isEmpty: () => scheduled === null,
    send: write,
    discard() {
      if (scheduled !== null) clearImmediate(scheduled);
      scheduled = null;
      pieces = [];
      block = null;
    },
  };
}
