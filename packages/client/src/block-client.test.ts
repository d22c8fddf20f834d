import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { silentLog } from "@waystation/contracts/log";
import { createGrpcTransport } from "@waystation/rpc/grpc-transport";
import { formatHostPort, startRpcServer } from "@waystation/rpc/server";
import {
  cleanUp,
  eventually,
  onCleanUp,
  testControl,
  testFront,
  testStorage,
  type TestFront,
} from "@waystation/rpc/testing";
import { connectBlock } from "./block-client.js";
import { clientErrorCodes } from "./errors.js";

afterEach(cleanUp);

async function start(front: TestFront = testFront()) {
  const directory = { cluster: "test", node: "alpha" as never, peers: new Map(), groups: new Map() };
  const transport = createGrpcTransport({ directory, log: silentLog });
  const listen = { host: "127.0.0.1", port: 0 };
  const others = { control: testControl(), storage: testStorage() };
  const server = await startRpcServer({ listen, front, ...others, transport, log: silentLog });
  onCleanUp(() => server.close());
  const client = connectBlock(formatHostPort(server.address), { timeoutMs: 5_000 });
  onCleanUp(() => {
    client.close();
  });
  return { server, client, front };
}

const failsWith = (code: string) => expect.objectContaining({ code }) as unknown;

describe("the block client", () => {
  it("F1: reads what it wrote, and describes volumes", async () => {
    const { client } = await start();
    const volume = { name: "vol-a", sizeBytes: 1024 * 1024, access: "read-write", description: "a test volume" };
    expect(await client.listVolumes()).toEqual([volume]);
    expect(await client.volume("vol-a")).toEqual(volume);
    await client.write({ volume: "vol-a", offsetBytes: 10, data: Buffer.from("abcdef") });
    await client.writeZeroes({ volume: "vol-a", offsetBytes: 11, lengthBytes: 1 });
    await client.discard({ volume: "vol-a", offsetBytes: 13, lengthBytes: 1 });
    await client.flush("vol-a");
    const data = await client.read({ volume: "vol-a", offsetBytes: 10, lengthBytes: 6 });
    expect(data.toString()).toBe("a\0c\0ef");
  });

  it("throws the node's code, and says when no node is there", async () => {
    const { client, server } = await start(testFront(4096, "read-only"));
    const write = { volume: "vol-a", offsetBytes: 0, data: Buffer.from("x") };
    await expect(client.write(write)).rejects.toEqual(failsWith("READ_ONLY"));
    await server.close();
    await expect(client.write(write)).rejects.toEqual(failsWith("RPC_UNREACHABLE"));
  });

  it("has codes that docs/errors.md explains", async () => {
    const docs = await readFile(fileURLToPath(new URL("../../../docs/errors.md", import.meta.url)), "utf8");
    for (const code of clientErrorCodes) expect(docs).toContain(`| \`${code}\``);
  });
});

describe("a write stream", () => {
  it("F1: stores what each write says, whatever their sizes and kinds (against a plain buffer)", async () => {
    const sizeBytes = 64 * 1024;
    const { client, front } = await start(testFront(sizeBytes));
    const stream = await client.openWriteStream({ volume: "vol-a", windowBytes: 8 * 1024 });
    const model = Buffer.alloc(sizeBytes);
    const operation = fc.record({
      // One place per write of a round: overlapping writes in flight have no order.
      lengthBytes: fc.integer({ min: 0, max: 1024 }),
      byte: fc.integer({ min: 1, max: 255 }),
      kind: fc.constantFrom("write", "zero", "discard"),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 60 }), async (operations) => {
        await Promise.all(
          operations.map(({ lengthBytes, byte, kind }, index) => {
            const offsetBytes = index * 1024;
            model.fill(kind === "write" ? byte : 0, offsetBytes, offsetBytes + lengthBytes);
            if (kind === "write") return stream.write(offsetBytes, Buffer.alloc(lengthBytes, byte));
            return stream.zero(offsetBytes, lengthBytes, kind === "zero" ? "zero" : "discard");
          }),
        );
        expect(front.content.equals(model)).toBe(true);
      }),
      { numRuns: 30 },
    );
    await stream.close();
  });

  it("reports each failed write by itself, and goes on", async () => {
    const { client } = await start(testFront(4096));
    const stream = await client.openWriteStream({ volume: "vol-a" });
    const results = await Promise.allSettled([
      stream.write(0, Buffer.from("a")),
      stream.write(4096, Buffer.from("b")),
      stream.write(1, Buffer.from("c")),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(results[1]).toMatchObject({ reason: failsWith("OUT_OF_RANGE") });
    expect(stream.volume.sizeBytes).toBe(4096);
  });

  it("tells a later write before an earlier one that takes longer", async () => {
    const { client, front } = await start();
    let release = () => {};
    front.beforeWrite = (offsetBytes) =>
      offsetBytes === 0 ? new Promise((resolve) => (release = resolve)) : undefined;
    const stream = await client.openWriteStream({ volume: "vol-a" });
    const order: number[] = [];
    const slow = stream.write(0, Buffer.from("slow")).then(() => order.push(1));
    await stream.write(100, Buffer.from("fast")).then(() => order.push(2));
    release();
    await slow;
    expect(order).toEqual([2, 1]);
  });

  it("keeps no more in flight than its window", async () => {
    const { client, front } = await start();
    const waiting: (() => void)[] = [];
    front.beforeWrite = () => new Promise((resolve) => waiting.push(resolve));
    const stream = await client.openWriteStream({ volume: "vol-a", windowBytes: 4 * 4096 + 4 * 256 });
    const writes = Array.from({ length: 10 }, (_, index) => stream.write(index * 4096, Buffer.alloc(4096)));
    await eventually(() => expect(waiting).toHaveLength(4));
    // The fifth comes only when one has ended.
    waiting[0]?.();
    await eventually(() => expect(waiting).toHaveLength(5));
    front.beforeWrite = () => {};
    for (const release of waiting) release();
    await Promise.all(writes);
  });

  it("refuses to queue without end", async () => {
    const { client, front } = await start();
    front.beforeWrite = () => new Promise(() => {});
    const stream = await client.openWriteStream({ volume: "vol-a", windowBytes: 4096, queueBytesMax: 10_000 });
    const writes = Array.from({ length: 4 }, () => stream.write(0, Buffer.alloc(4096)));
    for (const write of writes) write.catch(() => {});
    await expect(writes[3]).rejects.toEqual(failsWith("WRITE_QUEUE_FULL"));
  });

  it("fails a write that is not stored in time, and goes on", async () => {
    const { client, front } = await start();
    front.beforeWrite = (offsetBytes) => (offsetBytes === 0 ? new Promise(() => {}) : undefined);
    const stream = await client.openWriteStream({ volume: "vol-a", batchTimeoutMs: 40 });
    await expect(stream.write(0, Buffer.from("x"))).rejects.toEqual(failsWith("DEADLINE_EXCEEDED"));
    await stream.write(1, Buffer.from("y"));
    await stream.close();
  });

  it("close waits for what is under way, and refuses more", async () => {
    const { client, front } = await start();
    const stream = await client.openWriteStream({ volume: "vol-a" });
    const writes = Promise.all(Array.from({ length: 100 }, (_, index) => stream.write(index, Buffer.from([index]))));
    await stream.close();
    expect([...front.content.subarray(0, 100)]).toEqual(Array.from({ length: 100 }, (_, index) => index));
    await writes;
    await expect(stream.write(0, Buffer.from("x"))).rejects.toEqual(failsWith("WRITE_STREAM_CLOSED"));
  });

  it.each([
    ["an unknown volume", { volume: "vol-x" }, "UNKNOWN_VOLUME"],
    ["no batch timeout", { volume: "vol-a", batchTimeoutMs: 0 }, "DEADLINE_REQUIRED"],
  ])("is refused for %s", async (_, options, code) => {
    const { client } = await start();
    await expect(client.openWriteStream(options)).rejects.toEqual(failsWith(code));
  });

  it("fails what is under way when the volume is taken away, and when the node stops", async () => {
    const { client, front, server } = await start();
    front.beforeWrite = () => new Promise(() => {});
    const first = await client.openWriteStream({ volume: "vol-a" });
    const revoked = expect(first.write(0, Buffer.from("x"))).rejects.toEqual(failsWith("VOLUME_NOT_OPEN"));
    const second = await client.openWriteStream({ volume: "vol-a" });
    front.revoke("takeover");
    await revoked;
    await expect(second.write(0, Buffer.from("x"))).rejects.toEqual(failsWith("VOLUME_NOT_OPEN"));
    const third = await client.openWriteStream({ volume: "vol-a" });
    const dropped = expect(third.write(0, Buffer.from("x"))).rejects.toEqual(failsWith("RPC_UNREACHABLE"));
    await server.close();
    await dropped;
  });
});
