// The server's bounds against clients that hold on to all they can, on a real server.
import { once } from "node:events";
import {
  connect as connectHttp2,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type ServerHttp2Stream,
} from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { PassThrough } from "node:stream";
import { gzipSync } from "node:zlib";
import { status } from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import type { BlockFront } from "@waystation/contracts/block-front";
import type { Connection } from "./connection.js";
import { batchTimeoutMsMax, connectionsMax, heldBytesMax, idleConnectionsMax, quietCallMs } from "./limits.js";
import { blockServiceDefinition as block } from "./proto.js";
import { createServerMemory } from "./server-memory.js";
import { cleanUp, eventually, onCleanUp, startTestServer, testFront, type LogLine } from "./testing.js";

afterEach(cleanUp);

const mebibyte = 1024 * 1024;
const timeoutMs = 20_000;

function attack(target: string, settings: { initialWindowSize?: number } = {}): ClientHttp2Session {
  const session = connectHttp2(`http://${target}`, { settings });
  session.on("error", () => {});
  onCleanUp(() => {
    session.destroy();
  });
  return session;
}

function open(session: ClientHttp2Session, path: string, headers: Readonly<Record<string, string>> = {}) {
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    "te": "trailers",
    "grpc-timeout": "60S",
    ...headers,
  });
  stream.on("error", () => {});
  return stream;
}

function frame(message: Buffer, { toldLength = message.length, flag = 0 } = {}): Buffer {
  const prefix = Buffer.from([flag, 0, 0, 0, 0]);
  prefix.writeUInt32BE(toldLength, 1);
  return Buffer.concat([prefix, message]);
}

const dropsIn = (lines: readonly LogLine[]): LogLine[] =>
  lines.filter(({ message }) => message.includes("holds too much memory"));

/** Asks until `condition` holds; every answer must be right all the while. */
async function serveHonestlyUntil(connection: Connection, condition: () => boolean): Promise<void> {
  while (!condition()) {
    const { data } = await connection.unary(
      block.Read,
      { volume: "vol-a", offsetBytes: 0, lengthBytes: 4096 },
      timeoutMs,
    );
    expect(data).toHaveLength(4096);
  }
}

describe("the server's memory, for all connections together", () => {
  it("messages that are begun and not finished are bounded, and an honest client goes on", async () => {
    const { target, connection, log } = await startTestServer();
    const begun = frame(Buffer.alloc(15 * mebibyte), { toldLength: 16 * mebibyte });
    const sessions = [attack(target), attack(target)];
    for (const session of sessions) {
      for (let i = 0; i < 12; i++) open(session, "/waystation.v1.BlockService/Write").write(begun);
    }
    await serveHonestlyUntil(
      connection,
      () => dropsIn(log.lines).length > 0 && sessions.some(({ destroyed }) => destroyed),
    );
    for (const { fields } of dropsIn(log.lines)) expect(fields["heldBytes"]).toBeLessThan(heldBytesMax + mebibyte);
  });

  it("requests sent behind a handler that does not read are bounded", async () => {
    const honest = testFront();
    const front: BlockFront = {
      list: () => honest.list(),
      open: (name, onRevoked) => (name === "vol-a" ? honest.open(name, onRevoked) : new Promise(() => {})),
    };
    const { target, connection, log } = await startTestServer({ front });
    const session = attack(target);
    await once(session, "remoteSettings");
    // While the volume is being opened no batch is read, but HTTP/2 takes a window full of them.
    const opening = block.WriteStream.requestSerialize({ open: { volume: "vol-slow", batchTimeoutMs: 1_000 } });
    for (let i = 0; i < 16; i++) {
      const stream = open(session, "/waystation.v1.BlockService/WriteStream");
      stream.write(frame(opening));
      for (let part = 0; part < 15; part++) stream.write(frame(Buffer.alloc(mebibyte)));
    }
    await serveHonestlyUntil(connection, () => dropsIn(log.lines).length > 0 && session.destroyed);
  });

  it("answers that nobody takes are bounded", async () => {
    const { target, connection, log } = await startTestServer({ front: testFront(4 * mebibyte) });
    const session = attack(target, { initialWindowSize: 0 });
    const read = block.Read.requestSerialize({ volume: "vol-a", offsetBytes: 0, lengthBytes: 4 * mebibyte });
    const streams: ClientHttp2Stream[] = [];
    for (let i = 0; i < 60 && !session.destroyed; i++) {
      const stream = open(session, "/waystation.v1.BlockService/Read");
      stream.end(frame(read));
      streams.push(stream);
      if (i % 10 === 9) await connection.unary(block.ListVolumes, {}, timeoutMs);
    }
    await serveHonestlyUntil(connection, () => dropsIn(log.lines).length > 0 && session.destroyed);
    expect(streams.every(({ destroyed }) => destroyed)).toBe(true);
  });

  it("open calls are bounded: the connection with the most is dropped, once", () => {
    const dropped: string[] = [];
    const memory = createServerMemory({ heldBytesMax, streamsMax: 10, onExcess: (peer) => dropped.push(peer) });
    const streams = Array.from({ length: 14 }, (_, i) => {
      const stream = new PassThrough();
      memory.watch(stream as unknown as ServerHttp2Stream, { ":path": "/x" }, i % 3 === 0 ? "honest:1" : "hostile:2");
      return stream;
    });
    expect(dropped).toEqual(["hostile:2"]);
    for (const stream of streams) stream.emit("close");
    expect(memory.heldBytes()).toBe(0);
    expect(memory.streamsOf("hostile:2")).toBe(0);
  });

  it("of connections with calls the quietest is named, never one with a request in flight", () => {
    let nowMs = 0;
    const options = { heldBytesMax, streamsMax: 10, nowMs: () => nowMs, onExcess: () => {} };
    const memory = createServerMemory(options);
    const watch = (peer: string, path: string): PassThrough => {
      const stream = new PassThrough();
      memory.watch(stream as unknown as ServerHttp2Stream, { ":path": path }, peer);
      return stream;
    };
    const ask = (stream: PassThrough): boolean => stream.emit("data", frame(Buffer.alloc(10)));
    const [unary, streaming] = ["/waystation.v1.BlockService/Read", "/waystation.v1.BlockService/WriteStream"];
    ask(watch("in-flight", unary));
    const batches = watch("write-stream", streaming);
    ask(batches);
    nowMs = 1;
    batches.write("opened");
    nowMs = 2;
    const nothingAsked = watch("nothing-asked", unary);
    watch("begun", unary).emit("data", frame(Buffer.alloc(10)).subarray(0, 9));
    const two = [watch("two-calls", unary), watch("two-calls", unary)];
    for (const stream of two) ask(stream);
    two[0]?.write("answer");
    nowMs = quietCallMs + 1;
    expect(memory.quietest()).toBeNull();
    nowMs = quietCallMs + 2;
    expect(memory.quietest()).toBe("nothing-asked");
    two[1]?.write("answer");
    nowMs = batchTimeoutMsMax + 1;
    expect(memory.quietest()).toBe("write-stream");
    batches.emit("close");
    expect(memory.quietest()).toBe("nothing-asked");
    nothingAsked.emit("close");
    expect(memory.quietest()).toBe("begun");
  });

  it("compressed messages are refused, for what they unpack to is not bounded", async () => {
    const { target } = await startTestServer();
    const stream = open(attack(target), "/waystation.v1.BlockService/Write", { "grpc-encoding": "gzip" });
    stream.end(frame(gzipSync(Buffer.alloc(15 * mebibyte)), { flag: 1 }));
    const [headers] = (await once(stream, "response")) as [Record<string, string>];
    const trailers =
      headers["grpc-status"] === undefined ? ((await once(stream, "trailers")) as [typeof headers])[0] : headers;
    expect(Number(trailers["grpc-status"])).toBe(status.UNIMPLEMENTED);
  });

  it("slow-loris: connections without a word make room for others, those with a call do not", async () => {
    const { target, port, connection } = await startTestServer();
    const working = attack(target);
    await once(working, "remoteSettings");
    const stream = open(working, "/waystation.v1.BlockService/Read");
    stream.write(Buffer.alloc(1));
    await connection.unary(block.ListVolumes, {}, timeoutMs);
    const silent: Socket[] = [];
    for (let i = 0; i < connectionsMax + 50; i++) {
      const socket = connectTcp(port, "127.0.0.1");
      socket.on("error", () => {});
      socket.resume();
      silent.push(socket);
      onCleanUp(() => socket.destroy());
      await once(socket, "connect");
    }
    await eventually(() =>
      expect(silent.filter(({ closed }) => !closed).length).toBeLessThanOrEqual(idleConnectionsMax),
    );
    expect(stream.destroyed).toBe(false);
    await connection.unary(block.ListVolumes, {}, timeoutMs);
    const newcomer = attack(target);
    await once(newcomer, "remoteSettings");
  });
});
