import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { turnReadBytesMax, turnReadsMax } from "../limits.js";
import { putSimpleReply, type SimpleReply } from "../protocol/simple-reply.js";
import { createOutbox, type Outbox } from "./outbox.js";
import { createReplyBlocks, type ReplyBlocks } from "./reply-blocks.js";

interface SlowSocket {
  readonly socket: Socket;
  readonly taken: Buffer[];
  /** Takes at once what is written, as the kernel mostly does; what waits is not taken by that. */
  isEager: boolean;
  take(): void;
  isIdle(): boolean;
}

/** A socket that takes bytes when told to, or when it is eager, reading them where they lie, as the kernel does. */
function createSlowSocket(): SlowSocket {
  let queue: { readonly piece: Buffer; readonly onWritten: () => void }[] = [];
  let isCorked = false;
  const taken: Buffer[] = [];
  const takeEagerly = (): void => {
    const isAlone = slow.writableLength === queue.reduce((sum, { piece }) => sum + piece.length, 0);
    if (!self.isEager || isCorked || !isAlone) return;
    const all = queue;
    queue = [];
    slow.writableLength = 0;
    for (const { piece } of all) taken.push(Buffer.from(piece));
    process.nextTick(() => {
      for (const { onWritten } of all) onWritten();
    });
  };
  const methods = {
    writableLength: 0,
    cork: () => void (isCorked = true),
    uncork() {
      isCorked = false;
      takeEagerly();
    },
    write(piece: Buffer, onWritten: () => void = () => {}) {
      queue.push({ piece, onWritten });
      slow.writableLength += piece.length;
      takeEagerly();
      return true;
    },
  };
  const slow = Object.assign(new EventEmitter(), methods);
  const self: SlowSocket = {
    socket: slow as unknown as Socket,
    taken,
    isEager: false,
    take() {
      const first = queue.shift();
      if (first === undefined) return;
      taken.push(Buffer.from(first.piece));
      slow.writableLength -= first.piece.length;
      first.onWritten();
    },
    isIdle: () => queue.length === 0,
  };
  return self;
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function stage({ blockBytes = 256, blocksMax = 3 } = {}): {
  readonly slow: SlowSocket;
  readonly blocks: ReplyBlocks;
  readonly outbox: Outbox;
} {
  const slow = createSlowSocket();
  const blocks = createReplyBlocks({ blockBytes, blocksMax });
  const outbox = createOutbox({ socket: slow.socket, blocks, outputBytesMax: 4096, onTaken() {}, onFlushed() {} });
  return { slow, blocks, outbox };
}

function headerOf(reply: SimpleReply): Buffer {
  const header = Buffer.alloc(16);
  putSimpleReply(header, 0, reply);
  return header;
}

/** How many blocks can be had; none is given back. */
function countFree(blocks: ReplyBlocks): number {
  let count = 0;
  while (blocks.take() !== null) count += 1;
  return count;
}

describe("the outbox", () => {
  it("sends the replies as they were queued, however late the socket takes them, and gives its blocks back", async () => {
    const action = fc.oneof(
      { weight: 6, arbitrary: fc.constant("header" as const) },
      { weight: 3, arbitrary: fc.constant("data" as const) },
      { weight: 6, arbitrary: fc.integer({ min: 1, max: 300 }) },
      { weight: 1, arbitrary: fc.constant("place left" as const) },
      { weight: 1, arbitrary: fc.constant("eager" as const) },
      { weight: 1, arbitrary: fc.constant("slow" as const) },
      { weight: 2, arbitrary: fc.constant("take" as const) },
      { weight: 2, arbitrary: fc.constant("take all" as const) },
      { weight: 2, arbitrary: fc.constant("turn" as const) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 80 }), async (actions) => {
        const { slow, blocks, outbox } = stage();
        const expected: Buffer[] = [];
        let cookieLow = 0;
        const nextReply = (): SimpleReply => ({ error: 0, cookieHigh: 7, cookieLow: ++cookieLow });
        for (const step of actions) {
          if (step === "take") slow.take();
          else if (step === "take all") while (!slow.isIdle()) slow.take();
          else if (step === "turn") await nextTurn();
          else if (step === "eager") slow.isEager = true;
          else if (step === "slow") slow.isEager = false;
          else if (step === "place left") outbox.place(100)?.fill(0xee);
          else if (typeof step === "number") {
            const place = outbox.place(step);
            if (place === null) continue;
            const reply = nextReply();
            place.fill(cookieLow);
            outbox.replyInPlace(reply, step);
            expected.push(headerOf(reply), Buffer.alloc(step, cookieLow));
          } else {
            const reply = nextReply();
            const payload = step === "data" ? Buffer.from(`data of ${cookieLow}`) : null;
            outbox.reply(reply, payload);
            expected.push(headerOf(reply), ...(payload === null ? [] : [payload]));
          }
        }
        await nextTurn();
        while (!slow.isIdle()) slow.take();
        await nextTurn();
        expect(Buffer.concat(slow.taken).equals(Buffer.concat(expected))).toBe(true);
        expect([outbox.outstandingBytes(), outbox.takenBytes()]).toEqual([0, Buffer.concat(expected).length]);
        expect(countFree(blocks)).toBe(3);
      }),
      { numRuns: 400 },
    );
  });

  it("survives more replies in a turn than its blocks have room for", async () => {
    const { slow, outbox } = stage();
    for (let turn = 0; turn < 3; turn++) {
      for (let i = 0; i < 1500; i++) outbox.reply({ error: 0, cookieHigh: turn, cookieLow: i }, null);
      await nextTurn();
    }
    while (!slow.isIdle()) slow.take();
    const sent = Buffer.concat(slow.taken);
    expect(sent).toHaveLength(4500 * 16);
    for (let n = 0; n < 4500; n++) {
      expect(sent.readInt32BE(n * 16 + 8)).toBe(Math.floor(n / 1500));
      expect(sent.readInt32BE(n * 16 + 12)).toBe(n % 1500);
    }
  });

  it("holds no block once the kernel has all, and says that it is blocked while a turn has had its share", async () => {
    const { slow, blocks, outbox } = stage({ blockBytes: turnReadBytesMax, blocksMax: 1 });
    slow.isEager = true;
    for (let i = 0; i < turnReadsMax; i++) {
      expect(outbox.isBlocked()).toBe(false);
      outbox.place(1);
      outbox.replyInPlace({ error: 0, cookieHigh: 0, cookieLow: i }, 1);
    }
    expect(outbox.isBlocked()).toBe(true);
    expect(blocks.take()).toBeNull();
    await nextTurn();
    expect(outbox.isBlocked()).toBe(false);
    expect(countFree(blocks)).toBe(1);
  });

  it("a socket that takes nothing holds no more blocks than its replies fill", async () => {
    const { slow, blocks, outbox } = stage({ blocksMax: 8 });
    for (let i = 0; i < 20; i++) {
      outbox.reply({ error: 0, cookieHigh: 0, cookieLow: i }, null);
      await nextTurn();
    }
    // 20 headers of 16 bytes fill one block of 256 bytes, and a part of the next.
    expect(countFree(blocks)).toBe(6);
    for (let i = 0; i < 6; i++) blocks.forget();
    while (!slow.isIdle()) slow.take();
    await nextTurn();
    expect(countFree(blocks)).toBe(8);
  });

  it("what is discarded is not sent, and blocks that the system may still be reading are never used again", async () => {
    const { slow, blocks, outbox } = stage({ blocksMax: 2 });
    const place = outbox.place(100);
    outbox.replyInPlace({ error: 0, cookieHigh: 0, cookieLow: 1 }, 100);
    await nextTurn();
    outbox.reply({ error: 0, cookieHigh: 0, cookieLow: 2 }, Buffer.from("x"));
    outbox.discard();
    await nextTurn();
    const free = [blocks.take(), blocks.take()];
    expect(free.every((block) => block !== null && block.buffer !== place?.buffer)).toBe(true);
    slow.take();
    expect(slow.isIdle()).toBe(true);
  });
});
