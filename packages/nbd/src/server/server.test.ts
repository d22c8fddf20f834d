import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { isFailure, type Failure } from "@waystation/contracts/errors";
import { silentLog } from "@waystation/contracts/log";
import { commands } from "../protocol/wire.js";
import { clientFlags, option, question, request } from "../testing/frames.js";
import { connectRaw, greet, openExport } from "../testing/raw-client.js";
import { mebibyte, startStage, type Stage, type StageOptions } from "../testing/serve.js";
import { startNbdServer } from "./server.js";

const { read, write, flush } = commands;
let stage: Stage;
const start = async (options?: StageOptions): Promise<void> => {
  stage = await startStage(options);
};
afterEach(() => stage.server.close());

/** Lets the event loop turn until `condition` holds; the test's own deadline bounds it. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets the event loop turn until `figure` changes no more. */
async function standsStill(figure: () => number): Promise<void> {
  for (let before = Number.NaN; before !== figure();) {
    before = figure();
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("the server against bad clients", () => {
  it("a port in use is refused by name, with what to do", async () => {
    await start();
    const again = startNbdServer({
      front: stage.front,
      listen: { host: "127.0.0.1", port: stage.port },
      log: silentLog,
    });
    const failure = await again.then(
      () => null,
      (error: unknown) => error as Failure,
    );
    expect(isFailure(failure, "NBD_LISTEN_FAILED")).toBe(true);
    expect(failure?.message).toContain(`127.0.0.1:${stage.port}: something else uses this address`);
  });

  it("a host that is not of this machine is refused by name", async () => {
    await start();
    const elsewhere = startNbdServer({ front: stage.front, listen: { host: "192.0.2.1", port: 0 }, log: silentLog });
    await expect(elsewhere).rejects.toMatchObject({ code: "NBD_LISTEN_FAILED", details: { errno: "EADDRNOTAVAIL" } });
  });

  it.each([
    ["an HTTP request", Buffer.from("GET / HTTP/1.1\r\n\r\n"), "client flags"],
    ["an option without its magic", Buffer.concat([clientFlags(3), Buffer.alloc(64)]), "IHAVEOPT"],
    [
      "an option of 4 GiB",
      Buffer.concat([clientFlags(3), option(99).subarray(0, 12), Buffer.alloc(4, 0xff)]),
      "announces 4294967295 bytes",
    ],
  ])("%s closes the connection, with a log line that names peer and reason", async (_, bytes, reason) => {
    await start();
    const client = await connectRaw(stage.port);
    await client.receive(18);
    const { localPort } = client.socket;
    client.send(bytes);
    await client.closed;
    expect(stage.warnings()).toEqual([expect.stringContaining(reason)]);
    expect(stage.lines.at(-1)?.fields["peer"]).toBe(`127.0.0.1:${localPort}`);
    expect(stage.server.stats().brokenSessions).toBe(1);
  });

  it.each([
    ["garbage", Buffer.alloc(28, 0x55), "a request starts with"],
    ["a WRITE of 4 GiB", request({ type: write, length: 0xffff_ffff }), "announces 4294967295 bytes"],
  ])("%s in the transmission closes that session and no other", async (_, bytes, reason) => {
    await start();
    const good = await openExport(stage.port, "vol-a");
    const bad = await openExport(stage.port, "vol-a");
    bad.send(bytes);
    await bad.closed;
    expect(stage.warnings()).toEqual([expect.stringContaining(reason)]);
    expect((await good.ask({ type: read, cookie: 1n, length: 16 })).error).toBe(0);
    expect(stage.front.openHandles()).toBe(1);
    good.socket.destroy();
  });

  it("no bytes hurt the others: after any of them a good client is served", async () => {
    await start();
    const good = await openExport(stage.port, "vol-a");
    const frame = fc.record({
      type: fc.nat(10),
      length: fc.oneof(fc.nat(100), fc.integer({ min: 0, max: 0xffff_ffff })),
      flags: fc.nat(32),
    });
    const noise = fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes));
    const frames = fc.array(fc.oneof(frame.map(request), noise), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(frames, fc.boolean(), async (sent, opens) => {
        const bad = opens ? await openExport(stage.port, "vol-a") : await greet(stage.port);
        bad.socket.end(Buffer.concat(sent));
        await bad.closed;
        expect((await good.ask({ type: flush })).error).toBe(0);
      }),
      { numRuns: 100 },
    );
    good.socket.destroy();
    await until(() => stage.server.stats().connections === 0);
    expect(stage.front.openHandles()).toBe(0);
  });

  it("slow-loris: a client that dawdles in the handshake is cut off, one in the transmission is not", async () => {
    await start({ limits: { handshakeMs: 60 } });
    const working = await openExport(stage.port, "vol-a");
    const silent = await connectRaw(stage.port);
    const dripping = await greet(stage.port);
    dripping.send(option(99, Buffer.alloc(100)).subarray(0, 50));
    await Promise.all([silent.closed, dripping.closed]);
    expect(stage.warnings()).toEqual(Array(2).fill("no export opened within 60 ms"));
    expect((await working.ask({ type: flush })).error).toBe(0);
    working.socket.destroy();
  });

  it("connections above the limit are refused with one log line, and room is made by those that leave", async () => {
    await start({ limits: { connectionsMax: 2 } });
    const first = await openExport(stage.port, "vol-a");
    const second = await openExport(stage.port, "vol-a");
    for (let i = 0; i < 3; i++) await (await connectRaw(stage.port)).closed;
    expect(stage.server.stats().refusedConnections).toBe(3);
    expect(stage.lines.filter((line) => line.message.includes("too many connections"))).toHaveLength(1);
    second.socket.destroy();
    await until(() => stage.server.stats().connections === 1);
    const third = await openExport(stage.port, "vol-a");
    first.socket.destroy();
    third.socket.destroy();
  });
});

describe("when every connection has an export open", () => {
  it("the one that has been idle for longest makes room for a newcomer, with one log line", async () => {
    await start({ limits: { connectionsMax: 2, idleMs: 0 } });
    const first = await openExport(stage.port, "vol-a");
    const second = await openExport(stage.port, "vol-a");
    expect((await first.ask({ type: flush })).error).toBe(0);
    const third = await openExport(stage.port, "vol-a");
    await second.closed;
    expect((await first.ask({ type: flush })).error).toBe(0);
    expect(stage.server.stats()).toMatchObject({ displacedConnections: 1, refusedConnections: 0, connections: 2 });
    const lines = stage.lines.filter(({ message }) => message.includes("idle connection closed"));
    expect(lines.map(({ level, fields }) => [level, fields["peer"]])).toEqual([
      ["warn", expect.stringMatching(/^127\.0\.0\.1:\d+$/)],
    ]);
    first.socket.destroy();
    third.socket.destroy();
  });

  it("none makes room that has a request in flight, or one that has come in part", async () => {
    const waiting: (() => void)[] = [];
    const intercept = (): Promise<void> => new Promise((resolve) => waiting.push(resolve));
    await start({ limits: { connectionsMax: 2, idleMs: 0 }, intercept });
    const inFlight = await openExport(stage.port, "vol-a");
    inFlight.send(request({ type: flush }));
    const inPart = await openExport(stage.port, "vol-a");
    inPart.send(request({ type: write, length: 4096 }));
    await until(() => waiting.length === 1 && stage.server.stats().heldBytes > 0);
    await (
      await connectRaw(stage.port)
    ).closed;
    expect(stage.server.stats()).toMatchObject({ displacedConnections: 0, refusedConnections: 1, connections: 2 });
    waiting.shift()!();
    expect((await inFlight.receiveReply()).error).toBe(0);
    inFlight.socket.destroy();
    inPart.socket.destroy();
  });
});

describe("the server's bounds", () => {
  it("takes no more requests than may be in flight, and goes on when they are answered", async () => {
    const waiting: (() => void)[] = [];
    const intercept = (): Promise<void> => new Promise((resolve) => waiting.push(resolve));
    await start({ limits: { inFlightRequestsMax: 4 }, intercept });
    const client = await openExport(stage.port, "vol-a");
    const total = 50;
    client.send(Buffer.concat(Array.from({ length: total }, (_, i) => request({ type: flush, cookie: BigInt(i) }))));
    for (let answered = 0; answered < total; answered++) {
      await until(() => waiting.length === Math.min(4, total - answered));
      expect(stage.server.stats().inFlightRequests).toBe(waiting.length);
      waiting.shift()!();
      await client.receiveReply();
    }
    client.socket.destroy();
  });

  it("takes no more bytes than may be in flight: the socket is not read", async () => {
    const waiting: (() => void)[] = [];
    const intercept = (): Promise<void> => new Promise((resolve) => waiting.push(resolve));
    await start({ limits: { inFlightBytesMax: 200_000 }, intercept });
    const client = await openExport(stage.port, "vol-a");
    const total = 400;
    for (let i = 0; i < total; i++) client.send(request({ type: write, payload: Buffer.alloc(100_000, 1) }));
    await standsStill(() => client.socket.writableLength);
    expect(client.socket.writableLength).toBeGreaterThan((total * 100_000) / 2);
    for (let answered = 0; answered < total; answered++) {
      await until(() => waiting.length === Math.min(2, total - answered));
      waiting.shift()!();
      await client.receiveReply();
    }
    expect(stage.server.stats().writtenBytes).toBe(total * 100_000);
    client.socket.destroy();
  });

  it("a client that reads no replies is read no further: output is bounded", async () => {
    await start({ limits: { inFlightBytesMax: 2 * mebibyte } });
    const client = await openExport(stage.port, "vol-a");
    client.socket.pause();
    const total = 80;
    for (let cookie = 0n; cookie < total; cookie++) client.send(request({ type: read, cookie, length: mebibyte }));
    await standsStill(() => stage.server.stats().reads);
    // The kernel's socket buffers take some; what the server itself takes ends at its own bound.
    expect(stage.server.stats().reads).toBeLessThan(total / 2);
    client.socket.resume();
    for (let cookie = 0n; cookie < total; cookie++) {
      expect((await client.receiveReply()).cookie).toBe(cookie);
      await client.receive(mebibyte);
    }
    client.socket.destroy();
  });

  it("close answers what is in flight, takes nothing new, and then refuses connections", async () => {
    const waiting: (() => void)[] = [];
    await start({ intercept: () => new Promise((resolve) => waiting.push(resolve)) });
    const client = await openExport(stage.port, "vol-a");
    const handshaking = await greet(stage.port);
    client.send(request({ type: write, cookie: 1n, payload: Buffer.from("x") }));
    await until(() => waiting.length === 1);
    const closed = stage.server.close();
    client.send(request({ type: flush, cookie: 2n }));
    waiting[0]!();
    expect(await client.receiveReply()).toEqual({ error: 0, cookie: 1n });
    expect(await client.closed).toHaveLength(0);
    await handshaking.closed;
    await closed;
    await expect(connectRaw(stage.port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  it("close does not wait for ever for a request that hangs", async () => {
    let isHeld = false;
    await start({
      limits: { closeMs: 50 },
      intercept: () => {
        isHeld = true;
        return new Promise(() => {});
      },
    });
    const client = await openExport(stage.port, "vol-a");
    client.send(request({ type: flush }));
    await until(() => isHeld);
    await stage.server.close();
    expect(await client.closed).toHaveLength(0);
  });

  it("requests that came together with GO are served", async () => {
    await start();
    const client = await greet(stage.port);
    client.send(Buffer.concat([option(7, question("vol-a")), request({ type: flush, cookie: 4n })]));
    await client.receiveOptionReply();
    await client.receiveOptionReply();
    expect(await client.receiveReply()).toEqual({ error: 0, cookie: 4n });
    client.socket.destroy();
  });
});

describe("the server's memory, for all connections together", () => {
  const limits = {
    reserveBytes: mebibyte / 4,
    sharedBytesMax: 32 * mebibyte,
    stall: { graceMs: 200, bytesPerSecondMin: 1024 * mebibyte },
    contendedStall: { graceMs: 100, bytesPerSecondMin: 1024 * mebibyte },
  };
  const heldBytesMax = (connections: number): number => connections * limits.reserveBytes + limits.sharedBytesMax;

  it.each([
    ["large", mebibyte, 24],
    ["small", 64 * 1024, 400],
  ])(
    "clients that never read their %s replies hold no more than the budget, and are cut off; an honest one goes on",
    async (_, length, count) => {
      await start({ limits });
      const honest = await openExport(stage.port, "vol-a");
      const hostile = await Promise.all(Array.from({ length: 8 }, () => openExport(stage.port, "vol-a")));
      let most = 0;
      for (const client of hostile) {
        client.socket.pause();
        for (let i = 0; i < count; i++) client.send(request({ type: read, length }));
      }
      while (stage.server.stats().stalledSessions < hostile.length) {
        expect((await honest.ask({ type: read, length: 512 })).error).toBe(0);
        await honest.receive(512);
        most = Math.max(most, stage.server.stats().heldBytes);
      }
      expect(most).toBeLessThanOrEqual(heldBytesMax(9) + 16 * count * 8);
      expect(most).toBeGreaterThan(mebibyte);
      expect(stage.warnings()).toEqual(Array(8).fill("it does not take its replies"));
      await until(() => stage.server.stats().heldBytes === 0);
      honest.socket.destroy();
    },
  );

  it("payloads that are announced and never sent hold no more than the budget, and are cut off", async () => {
    await start({ limits });
    const honest = await openExport(stage.port, "vol-a");
    const announced = request({ type: write, length: 32 * mebibyte });
    const hostile = await Promise.all(Array.from({ length: 5 }, () => openExport(stage.port, "vol-a")));
    for (const client of hostile) client.send(Buffer.concat([announced, Buffer.alloc(100)]));
    let most = 0;
    while (stage.server.stats().stalledSessions < hostile.length) {
      expect((await honest.ask({ type: write, payload: Buffer.alloc(4096) })).error).toBe(0);
      most = Math.max(most, stage.server.stats().heldBytes);
    }
    expect(most).toBeGreaterThanOrEqual(32 * mebibyte);
    expect(most).toBeLessThanOrEqual(heldBytesMax(6));
    expect(new Set(stage.warnings())).toEqual(new Set(["it does not finish the payload that it announced"]));
    honest.socket.destroy();
  });

  it("what others hold for a while delays a large request, and does not fail it", async () => {
    const waiting: (() => void)[] = [];
    const intercept = (call: { lengthBytes: number }): Promise<void> | null =>
      call.lengthBytes < mebibyte ? null : new Promise((resolve) => waiting.push(resolve));
    const { reserveBytes, sharedBytesMax } = limits;
    await start({ limits: { reserveBytes, sharedBytesMax }, intercept });
    const clients = await Promise.all(Array.from({ length: 50 }, () => openExport(stage.port, "vol-a")));
    for (const client of clients) client.send(request({ type: write, payload: Buffer.alloc(mebibyte) }));
    // Each draws 3/4 MiB of the shared 32 MiB; the others wait.
    await until(() => waiting.length === 42);
    await standsStill(() => waiting.length);
    expect(waiting).toHaveLength(42);
    for (let answered = 0; answered < clients.length; answered++) {
      await until(() => waiting.length > 0);
      waiting.shift()!();
    }
    for (const client of clients) expect((await client.receiveReply()).error).toBe(0);
    expect(stage.server.stats()).toMatchObject({ stalledSessions: 0, heldBytes: 0 });
    for (const client of clients) client.socket.destroy();
  });

  it("slow-loris: who is longest in the handshake makes room for newcomers, who has an export open does not", async () => {
    await start({ limits: { handshakesMax: 2 } });
    const working = await openExport(stage.port, "vol-a");
    const dawdling = [await greet(stage.port), await greet(stage.port)];
    const newcomer = await openExport(stage.port, "vol-a");
    await dawdling[0]!.closed;
    const another = await greet(stage.port);
    const third = await greet(stage.port);
    await dawdling[1]!.closed;
    expect((await working.ask({ type: flush })).error).toBe(0);
    expect((await newcomer.ask({ type: flush })).error).toBe(0);
    expect(stage.server.stats()).toMatchObject({ refusedConnections: 2, connections: 4 });
    expect(stage.lines.filter((line) => line.message.includes("too many connections"))).toHaveLength(1);
    for (const client of [working, newcomer, another, third]) client.socket.destroy();
  });
});
