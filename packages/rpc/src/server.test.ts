import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { Client, credentials, Metadata, status, type ServiceError } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { protoPath as healthProtoPath } from "grpc-health-check";
import { afterEach, describe, expect, it } from "vitest";
import { Failure } from "@waystation/contracts/errors";
import type { CallableMethod, Connection } from "./connection.js";
import { flowWindowBytes, messageBytesMax } from "./limits.js";
import { blockServiceDefinition as block, controlServiceDefinition as control } from "./proto.js";
import { cleanUp, eventually, onCleanUp, startTestServer, testFront, type TestFront } from "./testing.js";

afterEach(cleanUp);

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

describe("the server", () => {
  it("refuses a call without a deadline", async () => {
    const { target } = await startTestServer();
    const read = { volume: "vol-a", offsetBytes: 0, lengthBytes: 1 };
    for (const error of [
      await callWithoutDeadline(target, block.Read, read),
      await callWithoutDeadline(target, control.GetStatus, {}),
    ]) {
      expect(error?.code).toBe(status.INVALID_ARGUMENT);
      expect(error?.metadata.get("waystation-reason")).toEqual(["DEADLINE_REQUIRED"]);
    }
  });

  it("F1: says SERVING by the standard health service, and describes itself by reflection", async () => {
    const { connection } = await startTestServer();
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
        "waystation.v1.StorageService",
      ]),
    );
  });

  it("says which address is taken, and what to do", async () => {
    const { port } = await startTestServer();
    const second = startTestServer({ listen: { host: "127.0.0.1", port } });
    await expect(second).rejects.toEqual(failsWith("RPC_LISTEN_FAILED"));
    await expect(second).rejects.toThrow(new RegExp(`127\\.0\\.0\\.1:${port}.*cluster\\.yaml`));
  });

  it("can be asked on IPv6 too", async () => {
    const { connection, target } = await startTestServer({ listen: { host: "::1", port: 0 } });
    expect(target).toMatch(/^\[::1\]:\d+$/);
    await connection.unary(block.ListVolumes, {}, timeoutMs);
  });

  it("offers receive windows of bandwidth x delay, for streams and for the connection", async () => {
    const { target } = await startTestServer();
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
    const { connection, port, log } = await startTestServer();
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
    const { target, connection } = await startTestServer();
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
    const { connection } = await startTestServer();
    const method = { ...block.Read, requestSerialize: () => Buffer.from([0x0a, 0xff, 0xff]) };
    await expect(connection.unary(method, {}, timeoutMs)).rejects.toEqual(failsWith("RPC_INTERNAL"));
    await connection.unary(block.ListVolumes, {}, timeoutMs);
  });

  it("closes although a call hangs, and is not there afterwards", async () => {
    const front: TestFront = testFront();
    front.beforeWrite = () => new Promise(() => {});
    const { connection, server } = await startTestServer({ front });
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
