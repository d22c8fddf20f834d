import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { putSimpleReply } from "../protocol/simple-reply.js";
import { createOutbox } from "./outbox.js";
import { createReplyBlocks, type ReplyBlocks } from "./reply-blocks.js";

/** A socket that takes bytes only when told to, reading them where they lie, as the kernel does. */
function createSlowSocket(): { readonly socket: Socket; readonly taken: Buffer[]; take(): void; isIdle(): boolean } {
  const queue: { readonly piece: Buffer; readonly onWritten: () => void }[] = [];
  const taken: Buffer[] = [];
  const emitter = new EventEmitter();
  const methods = {
    writableLength: 0,
    cork() {},
    uncork() {},
    write(piece: Buffer, onWritten: () => void) {
      queue.push({ piece, onWritten });
      slow.writableLength += piece.length;
      return true;
    },
  };
  const slow = Object.assign(emitter, methods);
  return {
    socket: slow as unknown as Socket,
    taken,
    take() {
      const first = queue.shift();
      if (first === undefined) return;
      taken.push(Buffer.from(first.piece));
      slow.writableLength -= first.piece.length;
      first.onWritten();
    },
    isIdle: () => queue.length === 0,
  };
}

const blocksOf = (blocksMax: number): ReplyBlocks => createReplyBlocks({ blockBytes: 256, blocksMax });

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("the outbox", () => {
  it("sends the replies as they were queued, however late the socket takes them", async () => {
    const action = fc.oneof(
      { weight: 6, arbitrary: fc.constant("header" as const) },
      { weight: 3, arbitrary: fc.constant("data" as const) },
      { weight: 2, arbitrary: fc.constant("take" as const) },
      { weight: 2, arbitrary: fc.constant("take all" as const) },
      { weight: 2, arbitrary: fc.constant("turn" as const) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 80 }), async (actions) => {
        const slow = createSlowSocket();
        const outbox = createOutbox({ socket: slow.socket, blocks: blocksOf(4), outputBytesMax: 4096, onTaken() {}, onFlushed() {} });
        const expected: Buffer[] = [];
        let cookieLow = 0;
        for (const step of actions) {
          if (step === "take") slow.take();
          else if (step === "take all") while (!slow.isIdle()) slow.take();
          else if (step === "turn") await nextTurn();
          else {
            cookieLow += 1;
            const reply = { error: 0, cookieHigh: 7, cookieLow };
            const payload = step === "data" ? Buffer.from(`data of ${cookieLow}`) : null;
            outbox.reply(reply, payload);
            const header = Buffer.alloc(16);
            putSimpleReply(header, 0, reply);
            expected.push(header, ...(payload === null ? [] : [payload]));
          }
        }
        await nextTurn();
        while (!slow.isIdle()) slow.take();
        expect(Buffer.concat(slow.taken).equals(Buffer.concat(expected))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it("survives more replies in a turn than its block has room for", async () => {
    const slow = createSlowSocket();
    const outbox = createOutbox({ socket: slow.socket, blocks: blocksOf(4), outputBytesMax: 4096, onTaken() {}, onFlushed() {} });
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

  it("what is discarded is not sent", async () => {
    const slow = createSlowSocket();
    const outbox = createOutbox({ socket: slow.socket, blocks: blocksOf(4), outputBytesMax: 4096, onTaken() {}, onFlushed() {} });
    outbox.reply({ error: 0, cookieHigh: 0, cookieLow: 1 }, Buffer.from("x"));
    outbox.discard();
    await nextTurn();
    expect(slow.isIdle()).toBe(true);
  });
});
