import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { Client, credentials, Metadata, status, type ServiceError } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { protoPath as healthProtoPath } from "grpc-health-check";
import { afterEach, describe, expect, it } from "vitest";
import { Failure } from "@waystation/contracts/errors";
import type { NodeStatus, TakeoverProgress } from "@waystation/replication/status";
import { connect, type CallableMethod, type Connection } from "./connection.js";
import type { WriteStreamResponse__Output } from "./generated/waystation/v1/WriteStreamResponse.js";
import { createGrpcTransport } from "./grpc-transport.js";
import { flowWindowBytes, messageBytesMax, requestBytesMax, writeWindowBytes } from "./limits.js";
import { blockServiceDefinition as block, controlServiceDefinition as control } from "./proto.js";
import { formatHostPort, startRpcServer, type RpcServerOptions } from "./server.js";
import { failureOf } from "./status-table.js";
import { fromProtoProgress, fromProtoStatus } from "./status-messages.js";
import {
  cleanUp,
  eventually,
  onCleanUp,
  recordingLog,
  testControl,
  testFront,
  testStatus,
  type TestFront,
} from "./testing.js";

afterEach(cleanUp);

async function startServer(change: Partial<RpcServerOptions> = {}) {
  const log = recordingLog();
  const directory = { cluster: "test", node: "alpha" as never, peers: new Map(), groups: new Map() };
  const options = {
    listen: { host: "127.0.0.1", port: 0 },
    front: testFront(),
    control: testControl(),
    transport: createGrpcTransport({ directory, log }),
    log,
    ...change,
  };
  const server = await startRpcServer(options);
  onCleanUp(() => server.close());
  const target = formatHostPort(server.address);
  const connection = connect(target);
  onCleanUp(() => {
    connection.close();
  });
  return { server, target, connection, log, port: server.address.port };
}

const timeoutMs = 5_000;
const failsWith = (code: string) => expect.objectContaining({ code }) as unknown;

/** A unary call without a deadline, which `connect` never makes. Resolves with the error. */
function callWithoutDeadline<Request>(target: string, method: CallableMethod<Request, unknown>, request: Request) {
  const client = new Client(target, credentials.createInsecure());
  onCleanUp(() => {
    client.close();
  });
  const { path, requestSerialize, responseDeserialize } = method;
  return new Promise<ServiceError | null>((resolve) => {
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, new Metadata(), resolve);
  });
}

describe("the block service", () => {
  it("F1: lists volumes, reads what was written, zeroes and discards", async () => {
    const front = testFront();
    const { connection } = await startServer({ front });
    const { volumes } = await connection.unary(block.ListVolumes, {}, timeoutMs);
    expect(volumes).toMatchObject([{ name: "vol-a", sizeBytes: 1024 * 1024, access: "VOLUME_ACCESS_READ_WRITE" }]);
    const data = Buffer.from("to be stored");
    await connection.unary(block.Write, { volume: "vol-a", offsetBytes: 5000, data }, timeoutMs);
    await connection.unary(block.Flush, { volume: "vol-a" }, timeoutMs);
    const range = { volume: "vol-a", offsetBytes: 5000, lengthBytes: data.length };
    expect((await connection.unary(block.Read, range, timeoutMs)).data).toEqual(data);
    await connection.unary(block.WriteZeroes, { ...range, lengthBytes: 2 }, timeoutMs);
    await connection.unary(block.Discard, { ...range, offsetBytes: 5003, lengthBytes: 3 }, timeoutMs);
    expect((await connection.unary(block.Read, range, timeoutMs)).data.toString()).toBe("\0\0 \0\0\0stored");
    expect(front.opens).toBe(1);
  });

  it.each<[string, string, (connection: Connection) => Promise<unknown>]>([
    [
      "past the end",
      "OUT_OF_RANGE",
      (connection) =>
        connection.unary(block.Read, { volume: "vol-a", offsetBytes: 1 << 20, lengthBytes: 1 }, timeoutMs),
    ],
    [
      "of an unknown volume",
      "UNKNOWN_VOLUME",
      (connection) => connection.unary(block.Read, { volume: "vol-x", offsetBytes: 0, lengthBytes: 1 }, timeoutMs),
    ],
    [
      "for the description of an unknown volume",
      "UNKNOWN_VOLUME",
      (connection) => connection.unary(block.GetVolume, { volume: "vol-x" }, timeoutMs),
    ],
    [
      "for too much data",
      "REQUEST_TOO_LARGE",
      (connection) =>
        connection.unary(block.Read, { volume: "vol-a", offsetBytes: 0, lengthBytes: requestBytesMax + 1 }, timeoutMs),
    ],
    [
      "with too much data",
      "REQUEST_TOO_LARGE",
      (connection) =>
        connection.unary(
          block.Write,
          { volume: "vol-a", offsetBytes: 0, data: Buffer.alloc(requestBytesMax + 1) },
          timeoutMs,
        ),
    ],
    [
      "with an offset that is not exact",
      "REQUEST_INVALID",
      (connection) => connection.unary(block.Flush, { volume: "vol-a" }, timeoutMs).then(() => hugeOffset(connection)),
    ],
  ])("refuses a request %s, by code: %s", async (_, code, request) => {
    const { connection } = await startServer();
    await expect(request(connection)).rejects.toEqual(failsWith(code));
  });

  it("refuses a call without a deadline", async () => {
    const { target } = await startServer();
    const read = { volume: "vol-a", offsetBytes: 0, lengthBytes: 1 };
    for (const error of [
      await callWithoutDeadline(target, block.Read, read),
      await callWithoutDeadline(target, control.GetStatus, {}),
    ]) {
      expect(error?.code).toBe(status.INVALID_ARGUMENT);
      expect(error?.metadata.get("waystation-reason")).toEqual(["DEADLINE_REQUIRED"]);
    }
  });

  it("answers a write that outlives its deadline with DEADLINE_EXCEEDED", async () => {
    const front = testFront();
    let release = () => {};
    front.beforeWrite = () => new Promise((resolve) => (release = resolve));
    const { connection } = await startServer({ front });
    const write = { volume: "vol-a", offsetBytes: 0, data: Buffer.from("late") };
    await expect(connection.unary(block.Write, write, 30)).rejects.toEqual(failsWith("DEADLINE_EXCEEDED"));
    release();
  });

  it("opens a volume again after its handle was revoked", async () => {
    const front = testFront();
    const { connection } = await startServer({ front });
    await connection.unary(block.Flush, { volume: "vol-a" }, timeoutMs);
    front.revoke("takeover");
    await connection.unary(block.Flush, { volume: "vol-a" }, timeoutMs);
    expect(front.opens).toBe(2);
  });

  it("hides what a bug said, and logs it", async () => {
    const front = testFront();
    front.beforeWrite = () => {
      throw new TypeError("a secret");
    };
    const { connection, log } = await startServer({ front });
    const write = connection.unary(block.Write, { volume: "vol-a", offsetBytes: 0, data: Buffer.alloc(1) }, timeoutMs);
    await expect(write).rejects.toEqual(failsWith("RPC_INTERNAL"));
    await expect(write).rejects.not.toThrow("secret");
    expect(log.lines).toContainEqual(expect.objectContaining({ level: "error" }));
  });

  it("refuses more data in flight than its budget, until some has ended", async () => {
    const front = testFront(16 * 1024 * 1024);
    const waiting: (() => void)[] = [];
    front.beforeWrite = () => new Promise((resolve) => waiting.push(resolve));
    const { connection } = await startServer({ front });
    const data = Buffer.alloc(requestBytesMax);
    const write = () => connection.unary(block.Write, { volume: "vol-a", offsetBytes: 0, data }, timeoutMs);
    const held = Array.from({ length: 16 }, write);
    await eventually(() => expect(waiting).toHaveLength(16));
    await expect(write()).rejects.toEqual(failsWith("SERVER_BUSY"));
    for (const release of waiting) release();
    await Promise.all(held);
  });
});

/** 2^60 as an offset, which the generated types cannot say exactly. */
function hugeOffset(connection: Connection): Promise<unknown> {
  const method = {
    ...block.Read,
    requestSerialize: () => Buffer.from("0a05766f6c2d61108080808080808080101801", "hex"),
  };
  return connection.unary(method, { volume: "" }, timeoutMs);
}

describe("a write stream", () => {
  const open = { open: { volume: "vol-a", batchTimeoutMs: 60_000 } };
  const batchOf = (...writes: { number: number; offsetBytes: number; data?: Buffer }[]) => ({ batch: { writes } });

  /** Sends these requests, and resolves with the code that ends the stream. */
  async function endOf(requests: readonly object[]): Promise<string> {
    const { connection, target } = await startServer();
    const call = connection.bidiStream(block.WriteStream);
    call.on("data", () => {});
    for (const request of requests) call.write(request);
    const [error] = (await once(call, "error")) as [Error];
    return failureOf(error, target).code;
  }
  it.each<[string, string, object[]]>([
    ["that starts with a batch", "REQUEST_INVALID", [batchOf()]],
    ["that is opened twice", "REQUEST_INVALID", [open, open]],
    ["of an unknown volume", "UNKNOWN_VOLUME", [{ open: { volume: "vol-x", batchTimeoutMs: 1 } }]],
    ["without a batch timeout", "DEADLINE_REQUIRED", [{ open: { volume: "vol-a" } }]],
    [
      "with a number left out",
      "REQUEST_INVALID",
      [open, batchOf({ number: 2, offsetBytes: 0, data: Buffer.alloc(1) })],
    ],
    ["with a write that does nothing", "REQUEST_INVALID", [open, batchOf({ number: 1, offsetBytes: 0 })]],
    [
      "with a write that is too large",
      "REQUEST_TOO_LARGE",
      [open, batchOf({ number: 1, offsetBytes: 0, data: Buffer.alloc(requestBytesMax + 1) })],
    ],
    [
      "with too many writes in a batch",
      "REQUEST_TOO_LARGE",
      [
        open,
        batchOf(...Array.from({ length: 1025 }, (_, index) => ({ number: index + 1, offsetBytes: 0, data: noData }))),
      ],
    ],
  ])("is refused %s", async (_, code, requests) => {
    expect(await endOf(requests)).toBe(code);
  });

  it("is read no further while its window is full", async () => {
    const front = testFront();
    const waiting: (() => void)[] = [];
    front.beforeWrite = () => new Promise((resolve) => waiting.push(resolve));
    const { connection } = await startServer({ front });
    const call = connection.bidiStream(block.WriteStream);
    let settled = 0;
    call.on("data", ({ acks }: WriteStreamResponse__Output) => (settled = acks?.settledThrough ?? settled));
    call.write(open);
    const data = Buffer.alloc(1024 * 1024);
    for (let number = 1; number <= 40; number += 1) call.write(batchOf({ number, offsetBytes: 0, data }));
    const filled = Math.ceil(writeWindowBytes / data.length);
    await eventually(() => expect(waiting).toHaveLength(filled));
    for (let count = 0; count < 20; count += 1) await connection.unary(block.ListVolumes, {}, timeoutMs);
    expect(waiting).toHaveLength(filled);
    front.beforeWrite = () => {};
    for (const release of waiting) release();
    await eventually(() => expect(settled).toBe(40));
    call.end();
  });
});

const noData = Buffer.alloc(1);

describe("the control service", () => {
  const stages = { shipped: 9, received: 8, prepared: 7, validated: 6, applied: 5, lagWrites: 5, lagSeconds: 0.25 };
  const full: NodeStatus = testStatus({
    arrays: [{ name: "a", level: "raid5", state: "degraded", usableBytes: 2 ** 40, problems: ["disk 3 is missing"] }],
    volumes: [
      { name: "vol-a" as never, sizeBytes: 4096, group: "g1" as never, role: "secondary", access: "read-only" },
      { name: "vol-b" as never, sizeBytes: 4096, group: "g1" as never, role: "primary", access: "closed" },
    ],
    groups: [
      {
        group: "g1" as never,
        role: "relay",
        epoch: { number: 3, takeoverId: "t-1" },
        phase: "open",
        detail: "",
        relay: {
          protected: true,
          protectedDetail: "",
          stamped: 10 as never,
          prepared: 7 as never,
          valid: 7 as never,
          gate: 6 as never,
          trimmed: 2 as never,
          journalUsedBytes: 100,
          journalCapacityBytes: 1000,
          primaries: [{ node: "p" as never, connected: true, leased: false }],
          secondaries: [{ node: "s" as never, connected: true, ...(stages as never as object) } as never],
        },
        primary: { relayConnected: true, leaseRemainingMs: 1234.5, writesInFlight: 2, writesHeld: 1 },
        secondary: {
          relayConnected: false,
          received: 8 as never,
          validated: 6 as never,
          gate: 6 as never,
          applied: 5 as never,
          journalUsedBytes: 1,
          journalCapacityBytes: 2,
        },
      },
      {
        group: "g2" as never,
        role: "secondary",
        epoch: { number: 1, takeoverId: "initial" },
        phase: "closed",
        detail: "no relay",
        relay: null,
        primary: null,
        secondary: null,
      },
    ],
  });

  it("F1: brings a status across as it is", async () => {
    const { connection } = await startServer({ control: testControl(() => full) });
    const answer = await connection.unary(control.GetStatus, {}, timeoutMs);
    expect(fromProtoStatus(answer.status)).toEqual(full);
  });

  it("streams the steps of a takeover and its result, also to a slow reader", async () => {
    const step = { phase: "drain", message: "x".repeat(10_000), elapsedMs: 1.5, result: null };
    const last: TakeoverProgress = {
      ...step,
      result: {
        outcome: "refused",
        code: "NEEDS_FORCE",
        message: "add --force",
        epoch: { number: 2, takeoverId: "t" },
        sequence: 12 as never,
        lost: "known",
        lostDetail: "from 13",
        participants: ["s1" as never],
        absent: ["s2" as never],
        risks: ["two writers"],
      },
    };
    const requests: unknown[] = [];
    async function* takeover(request: unknown): AsyncIterable<TakeoverProgress> {
      requests.push(request);
      for (let count = 0; count < 500; count += 1) yield step;
      yield last;
    }
    const { connection } = await startServer({ control: testControl(testStatus, takeover) });
    const request = { group: "g1", force: true, without: ["s2"] };
    const steps: TakeoverProgress[] = [];
    for await (const answer of connection.serverStream(control.Takeover, request, timeoutMs)) {
      steps.push(fromProtoProgress(answer));
    }
    expect(requests).toEqual([request]);
    expect(steps).toHaveLength(501);
    expect(steps[0]).toEqual(step);
    expect(steps[500]).toEqual(last);
  });

  it("passes on the code of a takeover that is refused at once", async () => {
    const refuse = () => {
      throw new Failure("NOT_A_SECONDARY", "ask a secondary");
    };
    const { connection } = await startServer({ control: testControl(testStatus, refuse) });
    const steps = connection.serverStream(control.Takeover, { group: "g1" }, timeoutMs);
    await expect(steps[Symbol.asyncIterator]().next()).rejects.toEqual(failsWith("NOT_A_SECONDARY"));
  });
});

describe("the server", () => {
  it("F1: says SERVING by the standard health service, and describes itself by reflection", async () => {
    const { connection } = await startServer();
    const health = loadSync(healthProtoPath, { enums: String, defaults: true });
    const check = (health["grpc.health.v1.Health"] as Record<string, unknown>)["Check"] as CallableMethod<
      { service: string },
      { status: string }
    >;
    for (const service of ["", "waystation.v1.BlockService", "waystation.v1.ReplicationService"]) {
      expect(await connection.unary(check, { service }, timeoutMs)).toMatchObject({ status: "SERVING" });
    }
    expect(await reflectedServices(connection)).toEqual(
      expect.arrayContaining([
        "grpc.health.v1.Health",
        "waystation.v1.BlockService",
        "waystation.v1.ControlService",
        "waystation.v1.ReplicationService",
      ]),
    );
  });

  it("says which address is taken, and what to do", async () => {
    const { port } = await startServer();
    const second = startServer({ listen: { host: "127.0.0.1", port } });
    await expect(second).rejects.toEqual(failsWith("RPC_LISTEN_FAILED"));
    await expect(second).rejects.toThrow(new RegExp(`127\\.0\\.0\\.1:${port}.*cluster\\.yaml`));
  });

  it("can be asked on IPv6 too", async () => {
    const { connection, target } = await startServer({ listen: { host: "::1", port: 0 } });
    expect(target).toMatch(/^\[::1\]:\d+$/);
    await connection.unary(block.ListVolumes, {}, timeoutMs);
  });

  it("offers receive windows of bandwidth x delay, for streams and for the connection", async () => {
    const { target } = await startServer();
    const session = connectHttp2(`http://${target}`);
    onCleanUp(() => {
      session.destroy();
    });
    await eventually(() => expect(session.remoteSettings.initialWindowSize).toBe(flowWindowBytes));
    await eventually(() => expect(session.state.remoteWindowSize).toBeGreaterThanOrEqual(flowWindowBytes));
  });

  it.each([
    ["random bytes", Buffer.from("\x05\x01\x00 not HTTP/2 at all \xff\xfe".repeat(50), "latin1")],
    ["HTTP/1.1", Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n")],
    ["an HTTP/2 preface and a frame above the frame size", Buffer.concat([preface(), Buffer.alloc(9, 0xff)])],
  ])("drops a connection that sends %s, logs it, and lives on", async (_, bytes) => {
    const { connection, port, log } = await startServer();
    const socket = connectTcp(port, "127.0.0.1");
    socket.on("error", () => {});
    socket.resume();
    socket.write(bytes);
    await once(socket, "close");
    expect(log.lines).toContainEqual(
      expect.objectContaining({ level: "warn", message: expect.stringContaining("connection dropped") as unknown }),
    );
    await connection.unary(block.ListVolumes, {}, timeoutMs);
  });

  it("refuses a request above the message limit, and lives on", async () => {
    const { target, connection } = await startServer();
    const client = new Client(target, credentials.createInsecure(), { "grpc.max_send_message_length": -1 });
    onCleanUp(() => {
      client.close();
    });
    const asIs = (bytes: Buffer) => bytes;
    const frame = Buffer.alloc(messageBytesMax + 1);
    const options = { deadline: Date.now() + timeoutMs };
    const error = await new Promise<ServiceError | null>((resolve) => {
      client.makeUnaryRequest(block.Write.path, asIs, asIs, frame, new Metadata(), options, resolve);
    });
    expect(error?.code).toBe(status.RESOURCE_EXHAUSTED);
    await connection.unary(block.ListVolumes, {}, timeoutMs);
  });

  it("refuses a request that is not protobuf, and lives on", async () => {
    const { connection } = await startServer();
    const method = { ...block.Read, requestSerialize: () => Buffer.from([0x0a, 0xff, 0xff]) };
    await expect(connection.unary(method, {}, timeoutMs)).rejects.toEqual(failsWith("RPC_INTERNAL"));
    await connection.unary(block.ListVolumes, {}, timeoutMs);
  });

  it("closes although a call hangs, and is not there afterwards", async () => {
    const front: TestFront = testFront();
    front.beforeWrite = () => new Promise(() => {});
    const { connection, server } = await startServer({ front });
    const write = { volume: "vol-a", offsetBytes: 0, data: Buffer.from("x") };
    const hanging = expect(connection.unary(block.Write, write, 60_000)).rejects.toEqual(failsWith("RPC_UNREACHABLE"));
    await connection.unary(block.Flush, { volume: "vol-a" }, timeoutMs);
    await server.close();
    await hanging;
    await expect(connection.unary(block.ListVolumes, {}, 1_000)).rejects.toBeInstanceOf(Failure);
  });
});

function preface(): Buffer {
  return Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
}

/** Asks by hand-made protobuf: field 7 (list_services) in; strings that name services out. */
async function reflectedServices(connection: Connection): Promise<string[]> {
  const call = connection.bidiStream({
    path: "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    requestSerialize: (bytes: Buffer) => bytes,
    responseDeserialize: (bytes: Buffer) => bytes.toString("latin1"),
  });
  call.write(Buffer.from([0x3a, 0x00]));
  const [text] = (await once(call, "data")) as [string];
  call.end();
  return text.match(/[a-z]+\.[a-z0-9.]+\.[A-Za-z]+/g) ?? [];
}
