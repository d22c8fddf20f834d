/**
 * Gathers the replies of one turn of the event loop and hands them to the socket together. Headers, and the data of
 * READs that are served at once, are written into a block, neighbours in one piece; data that comes in a buffer of its
 * own goes out where it lies (copying it was measured at 4 to 64 KiB: no gain at 4, a loss above).
 *
 *   | header | header | data ........ | header | header | data ........ |
 *   0                     one piece   ^ cut    (own data)               ^ used
 *
 * A block that runs full is handed over at once. When the kernel has taken all that the socket was given, which is the
 * rule, the block is given back; until then it is filled on, and another one is taken only when it is full: so a socket
 * that takes nothing holds no more memory than replies wait in it, but for the rest of one block.
 */
import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { turnReadBytesMax, turnReadsMax } from "../limits.js";
import { putSimpleReply, type SimpleReply } from "../protocol/simple-reply.js";
import { simpleReplyBytes } from "../protocol/wire.js";
import type { ReplyBlocks } from "./reply-blocks.js";

/** A block of headers alone, when there is no other: room for as many as a turn commonly has. */
const spareBlockBytes = 1024 * simpleReplyBytes;

export interface Outbox {
  /** Queues a reply and, for a READ that succeeded, its data, which must not change afterwards. */
  reply(reply: SimpleReply, payload: Buffer | null): void;
  /**
   * A place for the data of a READ, right behind its header. Null when there is no room: the data then needs a buffer.
   * Nothing is queued before `replyInPlace`; whoever does not call it just leaves the place.
   */
  place(lengthBytes: number): Uint8Array | null;
  /** Queues a reply to a READ whose data lie in the place that was given last. */
  replyInPlace(reply: SimpleReply, lengthBytes: number): void;
  /** Queued, or handed over and not yet taken by the kernel. */
  outstandingBytes(): number;
  /** Taken by the kernel since the start. */
  takenBytes(): number;
  /** True while the socket, or the turn, has had enough: take no more requests until `onFlushed`. */
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
  readonly blocks: ReplyBlocks;
  /** What the socket may hold of replies. */
  readonly outputBytesMax: number;
  /** Called when the kernel has taken something. */
  readonly onTaken: () => void;
  /** Called after each turn's replies were handed over, and when a blocked socket has drained. */
  readonly onFlushed: () => void;
}

export function createOutbox({ socket, blocks, outputBytesMax, onTaken, onFlushed }: OutboxOptions): Outbox {
  /** The block up to `used` is filled, up to `cut` it is in `pieces` or was handed over. */
  let block: Buffer | null = null;
  let used = 0;
  let cut = 0;
  let pieces: Buffer[] = [];
  /** For each handover that the socket has not called back for: the block that was full with it. */
  let handovers: (Buffer | null)[] = [];
  let scheduled: NodeJS.Immediate | null = null;
  let blocked = false;
  let discarded = false;
  /** In `pieces` and in the part of the block behind `cut`. */
  let queuedBytes = 0;
  let acceptedBytes = 0;
  let turnReads = 0;
  let turnReadBytes = 0;

  const isShared = (each: Buffer): boolean => each.length === blocks.blockBytes;

  /** A spare block is left to the collector. */
  const release = (released: Buffer | null | undefined): void => {
    if (released instanceof Buffer && isShared(released)) blocks.giveBack(released);
  };

  const releaseBlock = (): void => {
    release(block);
    block = null;
  };

  const onWritten = (): void => {
    release(handovers.shift());
    // What is queued may lie in the block too, and a place that was given.
    if (handovers.length === 0 && scheduled === null) releaseBlock();
    onTaken();
  };

  /** Turns what was written into the block since the last piece into a piece of its own. */
  const cutPiece = (): void => {
    if (block === null || used === cut) return;
    pieces.push(block.subarray(cut, used));
    cut = used;
  };

  /** Gives the socket all that is queued. The block is gone afterwards if the kernel took it all. */
  const handOver = (): void => {
    cutPiece();
    const toWrite = pieces;
    pieces = [];
    queuedBytes = 0;
    if (toWrite.length > 0) write(toWrite);
    // What the socket does not hold now, the kernel has: the callbacks only come later.
    if (socket.writableLength > 0) return;
    handovers.forEach(release);
    handovers.fill(null);
    releaseBlock();
  };

  const write = (toWrite: readonly Buffer[]): void => {
    handovers.push(null);
    const last = toWrite.length - 1;
    let drains = false;
    if (last > 0) socket.cork();
    for (let i = 0; i < last; i++) drains = !socket.write(toWrite[i] as Buffer) || drains;
    drains = !socket.write(toWrite[last] as Buffer, onWritten) || drains;
    if (last > 0) socket.uncork();
    if (drains && socket.writableLength > outputBytesMax) blocked = true;
  };

  const flush = (): void => {
    scheduled = null;
    turnReads = 0;
    turnReadBytes = 0;
    handOver();
    onFlushed();
  };

  /** The socket has all of the block that is filled: it is released with the last of that. */
  const retireBlock = (): void => {
    if (block === null) return;
    if (used === 0) return releaseBlock();
    assert(handovers.at(-1) === null, "a block that was filled and never handed over");
    handovers[handovers.length - 1] = block;
    block = null;
  };

  const startBlock = (fresh: Buffer): Buffer => {
    retireBlock();
    block = fresh;
    used = 0;
    cut = 0;
    return fresh;
  };

  /** A block with room for `lengthBytes` more at `used`. Null when there is none to be had, and the block is as it was. */
  const roomyBlock = (lengthBytes: number): Buffer | null => {
    if (block !== null && used + lengthBytes <= block.length) return block;
    if (lengthBytes > blocks.blockBytes) return null;
    handOver();
    const fresh = blocks.take();
    return fresh === null ? null : startBlock(fresh);
  };

  const scheduleFlush = (): void => {
    scheduled ??= setImmediate(flush);
  };

  const queue = (lengthBytes: number): void => {
    queuedBytes += lengthBytes;
    acceptedBytes += lengthBytes;
    scheduleFlush();
  };

  const outstandingBytes = (): number => (discarded ? 0 : queuedBytes + socket.writableLength);

  socket.on("drain", () => {
    blocked = false;
    onFlushed();
  });

  return {
    reply(reply, payload) {
      const target = roomyBlock(simpleReplyBytes) ?? startBlock(Buffer.allocUnsafeSlow(spareBlockBytes));
      putSimpleReply(target, used, reply);
      used += simpleReplyBytes;
      if (payload !== null) {
        cutPiece();
        pieces.push(payload);
      }
      queue(simpleReplyBytes + (payload?.length ?? 0));
    },
    place(lengthBytes) {
      const target = roomyBlock(simpleReplyBytes + lengthBytes);
      if (target === null) return null;
      // The flush gives the block back, also when the place is left empty.
      scheduleFlush();
      return new Uint8Array(target.buffer, target.byteOffset + used + simpleReplyBytes, lengthBytes);
    },
    replyInPlace(reply, lengthBytes) {
      assert(block !== null, "a reply in a place that was not given");
      putSimpleReply(block, used, reply);
      used += simpleReplyBytes + lengthBytes;
      turnReads += 1;
      turnReadBytes += lengthBytes;
      queue(simpleReplyBytes + lengthBytes);
    },
    outstandingBytes,
    takenBytes: () => acceptedBytes - outstandingBytes(),
    isBlocked: () => blocked || turnReads >= turnReadsMax || turnReadBytes >= turnReadBytesMax,
    isEmpty: () => scheduled === null,
    send(bytes) {
      acceptedBytes += bytes.length;
      if (!socket.write(bytes)) blocked = true;
    },
    discard() {
      discarded = true;
      if (scheduled !== null) clearImmediate(scheduled);
      scheduled = null;
      pieces = [];
      // What the socket was given it may still be reading.
      if (handovers.length === 0) releaseBlock();
      for (const each of [...handovers, block]) if (each !== null && isShared(each)) blocks.forget();
      handovers = [];
      block = null;
    },
  };
}
