import { afterEach, describe, expect, it } from "vitest";
import { Failure } from "@waystation/contracts/errors";
import type { MemoryCall } from "../memory-front.js";
import { turnReadBytesMax, turnReadsMax } from "../limits.js";
import { commandFlags, commands, nbdErrors } from "../protocol/wire.js";
import { request } from "../testing/frames.js";
import { openExport, type RawClient } from "../testing/raw-client.js";
import { mebibyte, startStage, type Stage, type StageOptions } from "../testing/serve.js";

const { read, write, disconnect, flush, trim, writeZeroes } = commands;
let stage: Stage;
const open = async (options?: StageOptions, name = "vol-a"): Promise<RawClient> => {
  stage = await startStage(options);
  return openExport(stage.port, name);
};
afterEach(() => stage.server.close());

/** Holds calls back until they are let go, in any order. */
function createGate(): {
  readonly intercept: (call: MemoryCall) => Promise<void>;
  readonly held: { readonly call: MemoryCall; readonly go: () => void; readonly fail: (error: Error) => void }[];
  /** Resolves when `count` calls are held. */
  reached(count: number): Promise<void>;
} {
  const held: { call: MemoryCall; go: () => void; fail: (error: Error) => void }[] = [];
  let wake: () => void = () => {};
  return {
    held,
    intercept: (call) =>
      new Promise((go, fail) => {
        held.push({ call, go, fail });
        wake();
      }),
    async reached(count) {
      while (held.length < count) await new Promise<void>((resolve) => (wake = resolve));
    },
  };
}

describe("a session", () => {
  it("F2: what WRITE puts, READ gets, at any alignment", async () => {
    const client = await open();
    const payload = Buffer.from("seven..");
    expect(await client.ask({ type: write, cookie: 2n ** 64n - 1n, offset: 4093n, payload })).toEqual({
      error: 0,
      cookie: 2n ** 64n - 1n,
    });
    expect(await client.ask({ type: read, cookie: 7n, offset: 4092n, length: 9 })).toEqual({ error: 0, cookie: 7n });
    expect((await client.receive(9)).toString()).toBe("\0seven..\0");
    client.socket.destroy();
  });

  it.each([16, 4096, 16 * 1024, 16 * 1024 + 1, 300_000, mebibyte])(
    "F2: reads and writes of %i bytes pass whole, several at a time",
    async (lengthBytes) => {
      const client = await open();
      const payload = Buffer.alloc(lengthBytes);
      for (let i = 0; i < lengthBytes; i++) payload[i] = (i * 7 + (i >> 8)) & 0xff;
      const ask = { offset: 0n, length: lengthBytes };
      client.send(request({ type: write, cookie: 1n, payload }));
      expect(await client.receiveReply()).toEqual({ error: 0, cookie: 1n });
      const count = 4n;
      for (let cookie = 0n; cookie < count; cookie++) client.send(request({ type: read, cookie, ...ask }));
      for (let cookie = 0n; cookie < count; cookie++) {
        expect(await client.receiveReply()).toEqual({ error: 0, cookie });
        expect((await client.receive(lengthBytes)).equals(payload)).toBe(true);
      }
      client.socket.destroy();
    },
  );

  it("F2: many requests are in flight, and each is answered as it completes", async () => {
    const gate = createGate();
    const client = await open({ intercept: gate.intercept });
    for (let i = 0n; i < 8n; i++) client.send(request({ type: read, cookie: i, offset: i * 512n, length: 1 }));
    await gate.reached(8);
    for (const i of [5, 0, 7, 2, 1, 6, 3, 4]) {
      gate.held[i]!.go();
      expect((await client.receiveReply()).cookie).toBe(BigInt(i));
      await client.receive(1);
    }
    client.socket.destroy();
  });

  it("F2: reads that need not wait overtake one that must", async () => {
    const gate = createGate();
    const client = await open({ intercept: gate.intercept, readsNow: (offsetBytes) => offsetBytes > 0 });
    stage.front.contents("vol-a").fill(3, 512, 1024);
    for (const cookie of [0n, 1n]) client.send(request({ type: read, cookie, offset: cookie * 512n, length: 512 }));
    expect(await client.receiveReply()).toEqual({ error: 0, cookie: 1n });
    expect(await client.receive(512)).toEqual(Buffer.alloc(512, 3));
    await gate.reached(1);
    gate.held[0]!.go();
    expect(await client.receiveReply()).toEqual({ error: 0, cookie: 0n });
    expect(await client.receive(512)).toEqual(Buffer.alloc(512));
    client.socket.destroy();
  });

  it.each([
    ["small", 512, turnReadsMax],
    ["large", 128 * 1024, turnReadBytesMax / (128 * 1024)],
  ])("answers no more than its share of %s reads in one turn, and all of them in the end", async (_, length, share) => {
    const client = await open();
    const contents = stage.front.contents("vol-a");
    for (let i = 0; i < mebibyte; i += 4) contents.writeUInt32LE(i, i);
    const counts: number[] = [];
    let before = 0;
    const countTurn = (): void => {
      const { reads } = stage.server.stats();
      counts.push(reads - before);
      before = reads;
      if (before < 1000) setImmediate(countTurn);
    };
    countTurn();
    const offsets = Array.from({ length: 1000 }, (_each, i) => (i * 4096) % (mebibyte - length));
    client.send(
      Buffer.concat(offsets.map((at, i) => request({ type: read, cookie: BigInt(i), offset: BigInt(at), length }))),
    );
    for (const [i, at] of offsets.entries()) {
      expect(await client.receiveReply()).toEqual({ error: 0, cookie: BigInt(i) });
      expect((await client.receive(length)).equals(contents.subarray(at, at + length))).toBe(true);
    }
    expect(Math.max(...counts)).toBe(share);
    client.socket.destroy();
  });

  it("F2: TRIM and WRITE_ZEROES reach the volume with the right intent", async () => {
    const calls: MemoryCall[] = [];
    const intercept = (call: MemoryCall): null => {
      calls.push(call);
      return null;
    };
    const client = await open({ intercept });
    stage.front.contents("vol-a").fill(1);
    const range = { offset: 0n, length: 4096 };
    for (const [type, flags] of [
      [trim, 0],
      [writeZeroes, commandFlags.noHole],
      [writeZeroes, commandFlags.fua],
    ] as const)
      expect((await client.ask({ type, flags, ...range })).error).toBe(0);
    expect((await client.ask({ type: flush })).error).toBe(0);
    expect(calls.map((call) => call.kind)).toEqual(["discard", "zero", "discard", "flush", "flush"]);
    expect(stage.front.contents("vol-a").subarray(0, 4097).indexOf(1)).toBe(4096);
    client.socket.destroy();
  });

  it("F2: a write with FUA is answered once it is durable; if it cannot be, as that failed", async () => {
    const gate = createGate();
    const client = await open({ intercept: gate.intercept });
    client.send(request({ type: write, flags: commandFlags.fua, cookie: 1n, payload: Buffer.alloc(512, 1) }));
    client.send(request({ type: write, cookie: 2n, offset: 4096n, payload: Buffer.alloc(512, 1) }));
    await gate.reached(2);
    gate.held[0]!.go();
    await gate.reached(3);
    gate.held[1]!.go();
    expect(await client.receiveReply()).toEqual({ error: 0, cookie: 2n });
    expect(gate.held.map(({ call }) => call.kind)).toEqual(["write", "write", "flush"]);
    gate.held[2]!.fail(new Failure("IO_ERROR", "the array failed"));
    expect(await client.receiveReply()).toEqual({ error: nbdErrors.EIO, cookie: 1n });
    client.socket.destroy();
  });

  it("F2: a refused request leaves the session open, its payload skipped", async () => {
    const client = await open();
    const payload = Buffer.alloc(100_000, 1);
    const end = BigInt(mebibyte);
    expect((await client.ask({ type: write, offset: end, payload })).error).toBe(nbdErrors.ENOSPC);
    expect((await client.ask({ type: read, offset: end, length: 1 })).error).toBe(nbdErrors.EINVAL);
    expect((await client.ask({ type: 5, length: 512 })).error).toBe(nbdErrors.EINVAL);
    expect((await client.ask({ type: flush })).error).toBe(0);
    expect(stage.server.stats().failedRequests).toBe(3);
    client.socket.destroy();
  });

  it("F2: a read-only export permits no write", async () => {
    const client = await open({}, "vol-r");
    for (const fields of [
      { type: write, payload: Buffer.alloc(512, 1) },
      { type: trim, length: 512 },
      { type: writeZeroes, length: 512 },
    ])
      expect((await client.ask(fields)).error).toBe(nbdErrors.EPERM);
    expect((await client.ask({ type: read, length: 512 })).error).toBe(0);
    expect(await client.receive(512)).toEqual(Buffer.alloc(512));
    client.socket.destroy();
  });

  it("requests of no length succeed and do not reach the volume", async () => {
    const intercept = (): never => {
      throw new Error("reached the volume");
    };
    const client = await open({ intercept });
    for (const type of [read, write, trim, writeZeroes]) expect((await client.ask({ type })).error).toBe(0);
    client.socket.destroy();
  });

  it.each([
    ["HELD_TOO_LONG", nbdErrors.EIO],
    ["GROUP_SUSPENDED", nbdErrors.EIO],
    ["NO_SPACE", nbdErrors.ENOSPC],
    ["SHUTTING_DOWN", nbdErrors.ESHUTDOWN],
  ])("a volume's %s is told as its errno", async (code, error) => {
    const client = await open({ intercept: () => Promise.reject(new Failure(code, "as the test wants")) });
    expect((await client.ask({ type: read, cookie: 3n, length: 512 })).error).toBe(error);
    expect((await client.ask({ type: write, cookie: 3n, payload: Buffer.alloc(4) })).error).toBe(error);
    client.socket.destroy();
  });

  it("an error that no volume should let out is EIO, with a log line", async () => {
    const client = await open({ intercept: () => Promise.reject(new Error("EBADF: bad file descriptor")) });
    expect((await client.ask({ type: read, length: 512 })).error).toBe(nbdErrors.EIO);
    expect(stage.lines.filter((line) => line.level === "error")).toMatchObject([
      { fields: { reason: "EBADF: bad file descriptor" } },
    ]);
    client.socket.destroy();
  });

  it("F2: DISC answers what is in flight, then closes", async () => {
    const gate = createGate();
    const client = await open({ intercept: gate.intercept });
    client.send(request({ type: write, cookie: 1n, payload: Buffer.from("x") }));
    client.send(request({ type: disconnect }));
    client.send(request({ type: read, cookie: 2n, length: 1 }));
    await gate.reached(1);
    gate.held[0]!.go();
    expect(await client.receiveReply()).toEqual({ error: 0, cookie: 1n });
    expect(await client.closed).toHaveLength(0);
    expect(stage.front.openHandles()).toBe(0);
  });

  it("6.2: a revoked volume closes the session at once and answers nothing more", async () => {
    const gate = createGate();
    const client = await open({ intercept: gate.intercept });
    const other = await openExport(stage.port, "vol-r");
    client.send(request({ type: write, cookie: 1n, payload: Buffer.from("x") }));
    await gate.reached(1);
    stage.front.revoke("vol-a", "vol-a was taken over");
    expect(await client.closed).toHaveLength(0);
    expect(stage.lines.some((line) => line.fields["reason"] === "vol-a was taken over")).toBe(true);
    gate.held[0]!.go();
    other.send(request({ type: flush, cookie: 9n }));
    await gate.reached(2);
    gate.held[1]!.go();
    expect(await other.receiveReply()).toEqual({ error: 0, cookie: 9n });
    expect(stage.front.openHandles()).toBe(1);
    other.socket.destroy();
  });

  it("a client that vanishes leaves its writes to finish, and its handle is closed then", async () => {
    const gate = createGate();
    const client = await open({ intercept: gate.intercept });
    client.send(request({ type: write, payload: Buffer.from("x") }));
    await gate.reached(1);
    client.socket.destroy();
    while (stage.server.stats().connections > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(stage.front.openHandles()).toBe(1);
    gate.held[0]!.go();
    await new Promise((resolve) => setImmediate(resolve));
    expect(stage.front.openHandles()).toBe(0);
    expect(stage.server.stats().inFlightRequests).toBe(0);
  });
});
