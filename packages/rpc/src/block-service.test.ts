import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { Failure } from "@waystation/contracts/errors";
import type { Connection } from "./connection.js";
import type { WriteStreamResponse__Output } from "./generated/waystation/v1/WriteStreamResponse.js";
import { requestBytesMax, writeWindowBytes, unaryBytesMax } from "./limits.js";
import { blockServiceDefinition as block } from "./proto.js";
import { failureOf } from "./status-table.js";
import { cleanUp, eventually, startTestServer, testFront } from "./testing.js";

afterEach(cleanUp);

const timeoutMs = 5_000;
const failsWith = (code: string) => expect.objectContaining({ code }) as unknown;

describe("the block service", () => {
  it("F1: lists volumes, reads what was written, zeroes and discards", async () => {
    const front = testFront();
    const { connection } = await startTestServer({ front });
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
    const { connection } = await startTestServer();
    await expect(request(connection)).rejects.toEqual(failsWith(code));
  });

  it("answers a write that outlives its deadline with DEADLINE_EXCEEDED", async () => {
    const front = testFront();
    let release = () => {};
    front.beforeWrite = () => new Promise((resolve) => (release = resolve));
    const { connection } = await startTestServer({ front });
    const write = { volume: "vol-a", offsetBytes: 0, data: Buffer.from("late") };
    await expect(connection.unary(block.Write, write, 30)).rejects.toEqual(failsWith("DEADLINE_EXCEEDED"));
    release();
  });

  it("F1: answers a write, of whatever kind, once it is durable", async () => {
    const front = testFront();
    const failing = () => Promise.reject(new Failure("IO_ERROR", "the array failed"));
    const { connection } = await startTestServer({ front });
    const range = { volume: "vol-a", offsetBytes: 0 };
    const calls = [
      () => connection.unary(block.Write, { ...range, data: Buffer.from("x") }, timeoutMs),
      () => connection.unary(block.WriteZeroes, { ...range, lengthBytes: 1 }, timeoutMs),
      () => connection.unary(block.Discard, { ...range, lengthBytes: 1 }, timeoutMs),
    ];
    for (const call of calls) {
      front.onFlush = failing;
      await expect(call()).rejects.toEqual(failsWith("IO_ERROR"));
      front.onFlush = () => {};
      await call();
    }
  });

  it("opens a volume again after its handle was revoked", async () => {
    const front = testFront();
    const { connection } = await startTestServer({ front });
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
    const { connection, log } = await startTestServer({ front });
    const write = connection.unary(block.Write, { volume: "vol-a", offsetBytes: 0, data: Buffer.alloc(1) }, timeoutMs);
    await expect(write).rejects.toEqual(failsWith("RPC_INTERNAL"));
    await expect(write).rejects.not.toThrow("secret");
    expect(log.lines).toContainEqual(expect.objectContaining({ level: "error" }));
  });

  it("refuses more data in flight than its budget, until some has ended", async () => {
    const front = testFront(16 * 1024 * 1024);
    const waiting: (() => void)[] = [];
    front.beforeWrite = () => new Promise((resolve) => waiting.push(resolve));
    const { connection } = await startTestServer({ front });
    const data = Buffer.alloc(requestBytesMax);
    const write = () => connection.unary(block.Write, { volume: "vol-a", offsetBytes: 0, data }, timeoutMs);
    const count = unaryBytesMax / requestBytesMax;
    const held = Array.from({ length: count }, write);
    await eventually(() => expect(waiting).toHaveLength(count));
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
    const { connection, target } = await startTestServer();
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

  it("F1: acknowledges a write once it is durable", async () => {
    const front = testFront();
    let flushed = () => {};
    front.onFlush = () => new Promise((resolve) => (flushed = resolve));
    const { connection } = await startTestServer({ front });
    const call = connection.bidiStream(block.WriteStream);
    let settled = 0;
    call.on("data", ({ acks }: WriteStreamResponse__Output) => (settled = acks?.settledThrough ?? settled));
    call.write(open);
    call.write(batchOf({ number: 1, offsetBytes: 0, data: Buffer.from("x") }));
    await eventually(() => expect(front.content.toString("latin1", 0, 1)).toBe("x"));
    await connection.unary(block.ListVolumes, {}, timeoutMs);
    expect(settled).toBe(0);
    flushed();
    await eventually(() => expect(settled).toBe(1));
    call.end();
  });

  it("is read no further while its window is full", async () => {
    const front = testFront();
    const waiting: (() => void)[] = [];
    front.beforeWrite = () => new Promise((resolve) => waiting.push(resolve));
    const { connection } = await startTestServer({ front });
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
