/**
 * Gathers the replies of one turn of the event loop and hands them to the socket together, in one writev. Headers are
 * written into one block, neighbours in one piece; the data of a READ goes out where it lies (copying it next to its
 * header was measured at 4 to 64 KiB: no gain at 4, a loss above).
 *
 * The block is filled from front to back and starts over when the socket has taken all of it; a block that runs full
 * before that is left to the collector. So it holds no more than the replies that the session lets be in flight.
 */
import type { Socket } from "node:net";
import { putSimpleReply, type SimpleReply } from "../protocol/simple-reply.js";
import { simpleReplyBytes } from "../protocol/wire.js";

/** Room for as many headers as a turn commonly has. */
const blockBytes = 1024 * simpleReplyBytes;

export interface Outbox {
  /** Queues a reply and, for a READ that succeeded, its data, which must not change afterwards. */
  reply(reply: SimpleReply, payload: Buffer | null): void;
  /** Queued, or handed over and not yet taken by the kernel. */
  outstandingBytes(): number;
  /** Taken by the kernel since the start. */
  takenBytes(): number;
  /** True while the socket holds more than it should: take no more requests until `onFlushed`. */
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
  /** What the socket may hold of replies. */
  readonly outputBytesMax: number;
  /** Called when the kernel has taken something. */
  readonly onTaken: () => void;
  /** Called after each turn's replies were handed over, and when a blocked socket has drained. */
  readonly onFlushed: () => void;
}

export function createOutbox({ socket, outputBytesMax, onTaken, onFlushed }: OutboxOptions): Outbox {
  let block: Buffer | null = null;
  /** The block up to `used` is filled, up to `handedOver` it is the socket's. */
  let used = 0;
  let handedOver = 0;
  let writesOutstanding = 0;
  let pieces: Buffer[] = [];
  let scheduled: NodeJS.Immediate | null = null;
  let blocked = false;
  let discarded = false;
  /** In `pieces` and in the part of the block behind `handedOver`. */
  let queuedBytes = 0;
  let acceptedBytes = 0;

  const onWritten = (): void => {
    writesOutstanding -= 1;
    // Pieces that wait for the next flush lie in the block too.
    if (writesOutstanding === 0 && pieces.length === 0 && used === handedOver) {
      used = 0;
      handedOver = 0;
    }
    onTaken();
  };

  /** False when the socket holds more than `socketBytesMax`; it drains then. */
  const write = (piece: Buffer): boolean => {
    writesOutstanding += 1;
    return socket.write(piece, onWritten);
  };

  /** Turns what was written into the block since the last piece into a piece of its own. */
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
      queuedBytes = 0;
      let drains = false;
      if (toWrite.length > 1) socket.cork();
      for (const piece of toWrite) drains = !write(piece) || drains;
      if (toWrite.length > 1) socket.uncork();
      if (drains && socket.writableLength > outputBytesMax) blocked = true;
    }
    onFlushed();
  };

  /** The block, with room for one more header at `used`. */
  const roomyBlock = (): Buffer => {
    if (block === null || used === block.length) {
      cutPiece();
      block = Buffer.allocUnsafeSlow(blockBytes);
      used = 0;
      handedOver = 0;
    }
    return block;
  };

  const outstandingBytes = (): number => (discarded ? 0 : queuedBytes + socket.writableLength);

  socket.on("drain", () => {
    blocked = false;
    onFlushed();
  });

  return {
    reply(reply, payload) {
      putSimpleReply(roomyBlock(), used, reply);
      used += simpleReplyBytes;
      const replyBytes = simpleReplyBytes + (payload?.length ?? 0);
      queuedBytes += replyBytes;
      acceptedBytes += replyBytes;
      if (payload !== null) {
        cutPiece();
        pieces.push(payload);
      }
      scheduled ??= setImmediate(flush);
    },
    outstandingBytes,
    takenBytes: () => acceptedBytes - outstandingBytes(),
    isBlocked: () => blocked,
    isEmpty: () => scheduled === null,
    send(bytes) {
      acceptedBytes += bytes.length;
      if (!write(bytes)) blocked = true;
    },
    discard() {
      discarded = true;
      if (scheduled !== null) clearImmediate(scheduled);
      scheduled = null;
      pieces = [];
      block = null;
    },
  };
}
