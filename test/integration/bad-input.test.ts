// Bad input at the ports of a running cluster: each is told what is wrong, or cut off with a line in the log, and every
// daemon lives on with its hosts unharmed.
import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { connectBlock, type BlockClient } from "@waystation/client/block-client";
import { connectControl } from "@waystation/client/control-client";
import { defaultShape, mebibyte, nodeNames } from "../harness/cluster-file.js";
import { startAll, withCluster, type TestCluster } from "../harness/cluster.js";
import { connectNbd } from "../harness/nbd-client.js";
import { run } from "../harness/programs.js";
import { callRaw, grpcFrame } from "../harness/raw-grpc.js";
import { connectAndVanish, sendUntilCutOff } from "../harness/raw-socket.js";
import { waitUntil } from "../harness/wait.js";

const { volumeBytes } = defaultShape;
const grpcStatus = { resourceExhausted: 8, internal: 13, unimplemented: 12 } as const;
let cluster: TestCluster;
let finish: () => void;
let whole: Promise<void>;

beforeAll(async () => {
  await new Promise<void>((ready, failed) => {
    whole = withCluster({}, async (started) => {
      cluster = started;
      await startAll(cluster);
      await new Promise<void>((resolve) => {
        finish = resolve;
        ready();
      });
    });
    whole.catch(failed);
  });
});
afterAll(async () => {
  finish();
  await whole;
});

afterEach(async () => {
  for (const node of nodeNames) {
    expect(cluster.process(node).running(), `${node} lives`).toBe(true);
    expect((await cluster.status(node)).node).toBe(node);
  }
  for (const [node, volume] of [["primary-a", "vol-a"] as const, ["primary-b", "vol-b"] as const]) {
    const client = await connectNbd(cluster.nbdPort(node), volume);
    const data = randomBytes(4096);
    await client.write(0, data);
    expect(await client.read(0, 4096)).toEqual(data);
    client.close();
  }
});

async function logged(node: "primary-a" | "relay-1", message: RegExp, before: number): Promise<string> {
  return waitUntil(`${node} logs ${message.source}`, () => {
    const lines = cluster.log(node).lines.slice(before);
    return lines.find((line) => message.test(line)) ?? null;
  });
}

const clientFlags = Buffer.from([0, 0, 0, 3]);

function option(number: number, lengthBytes: number, data: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(16);
  header.write("IHAVEOPT", 0, "latin1");
  header.writeUInt32BE(number, 8);
  header.writeUInt32BE(lengthBytes, 12);
  return Buffer.concat([header, data]);
}

const openVolA = option(1, 5, Buffer.from("vol-a"));

function request(magic: number, type: number, lengthBytes: number): Buffer {
  const header = Buffer.alloc(28);
  header.writeUInt32BE(magic, 0);
  header.writeUInt16BE(type, 6);
  header.writeUInt32BE(lengthBytes, 24);
  return header;
}

describe("on an NBD port", () => {
  it.each([
    ["bytes of no protocol", [randomBytes(64 * 1024)]],
    ["a web browser", [Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")]],
    ["an option of 4 GiB", [clientFlags, option(7, 0xffffffff, randomBytes(4096))]],
    ["a request without its magic", [clientFlags, openVolA, request(0x12345678, 0, 4096)]],
    ["a WRITE of 4 GiB", [clientFlags, openVolA, request(0x25609513, 1, 0xffffffff), randomBytes(65536)]],
  ] as const)("%s is cut off, with a line in the log", async (_, parts) => {
    const before = cluster.log("primary-a").lines.length;
    await sendUntilCutOff(cluster.nbdPort("primary-a"), parts);
    const line = await logged("primary-a", /the client broke the protocol/, before);
    expect(line).toContain('"level":40');
  });

  it("an unknown export is refused with the names of those that there are", async () => {
    const { exitCode, stderr } = await run("nbdinfo", [cluster.nbdUri("primary-a", "vol-b")]);
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain("vol-b");
    const qemu = await run("qemu-img", ["info", cluster.nbdUri("primary-a", "vol-b")]);
    expect(qemu.stderr).toContain("no volume vol-b on this node; it has: vol-a");
  });

  it("requests past the end are refused, and the session goes on", async () => {
    const client = await connectNbd(cluster.nbdPort("primary-a"), "vol-a");
    await expect(client.read(volumeBytes - 512, 1024)).rejects.toMatchObject({ errno: 22 });
    await expect(client.write(volumeBytes - 512, Buffer.alloc(1024))).rejects.toMatchObject({ errno: 28 });
    await expect(client.write(volumeBytes + 512, Buffer.alloc(512))).rejects.toMatchObject({ errno: 28 });
    await client.write(volumeBytes - 512, Buffer.alloc(512));
    client.close();
  });

  it("a write to a secondary is refused before takeover, and the session goes on", async () => {
    const client = await connectNbd(cluster.nbdPort("secondary-a"), "vol-a");
    await expect(client.write(0, Buffer.alloc(512))).rejects.toMatchObject({ errno: 1 });
    expect(await client.read(0, 512)).toHaveLength(512);
    client.close();
  });

  it("hundreds of clients that connect and vanish leave room for the next", async () => {
    for (let times = 0; times < 300; times++) await connectAndVanish(cluster.nbdPort("primary-a"));
  });
});

describe("on a gRPC port", () => {
  it.each([
    ["bytes of no protocol", randomBytes(64 * 1024)],
    ["a web browser of old", Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")],
    ["an NBD client", Buffer.concat([clientFlags, openVolA])],
    ["a frame of 16 MiB", Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Buffer.alloc(4096, 0xff)])],
  ])("%s is cut off, with a line in the log", async (_, bytes) => {
    const before = cluster.log("relay-1").lines.length;
    await sendUntilCutOff(cluster.addresses["relay-1"].grpcPort, [bytes]);
    expect(await logged("relay-1", /gRPC connection dropped/, before)).toContain('"level":40');
  });

  it("a message that says it has 2 GiB is refused as too large", async () => {
    const body = grpcFrame(randomBytes(1024), 0x7fffffff);
    const answer = await callRaw(cluster.grpcAddress("primary-a"), "/waystation.v1.BlockService/Write", body);
    expect(answer.status).toBe(grpcStatus.resourceExhausted);
  });

  it.each(["BlockService/Write", "BlockService/WriteStream", "ControlService/Takeover"])(
    "bytes that are no message of %s are refused",
    async (method) => {
      const body = grpcFrame(Buffer.alloc(64, 0xff));
      const answer = await callRaw(cluster.grpcAddress("primary-a"), `/waystation.v1.${method}`, body);
      expect(answer.status).toBeGreaterThan(0);
    },
  );

  it.each(["Ingress", "Lease", "Ship", "Council"])("a stranger on the link %s is refused by name", async (method) => {
    const path = `/waystation.v1.ReplicationService/${method}`;
    const answer = await callRaw(cluster.grpcAddress("relay-1"), path, grpcFrame(Buffer.alloc(64, 0xff)));
    expect(answer).toMatchObject({ reason: "LINK_INVALID" });
    expect(answer.message).not.toBe("");
  });

  it("an unknown method is refused as such", async () => {
    const answer = await callRaw(
      cluster.grpcAddress("primary-a"),
      "/waystation.v1.BlockService/Format",
      grpcFrame(Buffer.alloc(0)),
    );
    expect(answer.status).toBe(grpcStatus.unimplemented);
  });

  describe("well-formed requests that make no sense", () => {
    let blocks: BlockClient;
    beforeAll(() => {
      blocks = connectBlock(cluster.grpcAddress("primary-a"));
    });
    afterAll(() => blocks.close());

    const data = Buffer.alloc(4096);
    it.each([
      [
        "a read past the end",
        "OUT_OF_RANGE",
        () => blocks.read({ volume: "vol-a", offsetBytes: volumeBytes, lengthBytes: 512 }),
      ],
      [
        "a write past the end",
        "OUT_OF_RANGE",
        () => blocks.write({ volume: "vol-a", offsetBytes: volumeBytes - 512, data }),
      ],
      ["an unknown volume", "UNKNOWN_VOLUME", () => blocks.write({ volume: "vol-x", offsetBytes: 0, data })],
      ["a volume of another node", "UNKNOWN_VOLUME", () => blocks.volume("vol-b")],
      [
        "a read of 64 MiB",
        "REQUEST_TOO_LARGE",
        () => blocks.read({ volume: "vol-a", offsetBytes: 0, lengthBytes: 64 * mebibyte }),
      ],
      [
        "a write of 8 MiB",
        "REQUEST_TOO_LARGE",
        () => blocks.write({ volume: "vol-a", offsetBytes: 0, data: Buffer.alloc(8 * mebibyte) }),
      ],
      [
        "a negative offset",
        "REQUEST_INVALID",
        () => blocks.read({ volume: "vol-a", offsetBytes: -512, lengthBytes: 512 }),
      ],
    ] as const)("%s fails with %s", async (_, code, call) => {
      await expect(call()).rejects.toMatchObject({ code });
    });

    it("a takeover asked of a primary, or of an unknown group, is refused", async () => {
      const ask = async (node: "primary-a" | "secondary-a", group: string): Promise<void> => {
        const control = connectControl(cluster.grpcAddress(node));
        try {
          for await (const step of control.takeover({ group, force: false, without: [], dryRun: false }))
            expect(step).toBeNull();
        } finally {
          control.close();
        }
      };
      await expect(ask("primary-a", "g1")).rejects.toMatchObject({ code: "NOT_A_SECONDARY" });
      await expect(ask("secondary-a", "g2")).rejects.toMatchObject({ code: "UNKNOWN_GROUP" });
    });
  });
});
