import { afterEach, describe, expect, it } from "vitest";
import { Failure } from "@waystation/contracts/errors";
import { payloadBytesMax } from "../limits.js";
import { infoTypes, options, replyTypes, transmissionFlags } from "../protocol/wire.js";
import { allInfo, option, question } from "../testing/frames.js";
import { connectRaw, greet, type OptionReply, type RawClient } from "../testing/raw-client.js";
import { mebibyte, startStage, type Stage, type StageOptions } from "../testing/serve.js";

let stage: Stage;
const start = async (options?: StageOptions): Promise<void> => {
  stage = await startStage(options);
};
afterEach(() => stage.server.close());

/** All replies to one option, up to the final one. */
async function repliesTo(client: RawClient, bytes: Buffer): Promise<OptionReply[]> {
  client.send(bytes);
  const replies: OptionReply[] = [];
  for (;;) {
    const reply = await client.receiveOptionReply();
    replies.push(reply);
    if (reply.type !== replyTypes.server && reply.type !== replyTypes.info) return replies;
  }
}

const { hasFlags, sendFlush, sendFua, sendTrim, sendWriteZeroes, canMultiConn, readOnly } = transmissionFlags;
const writableFlags = hasFlags | sendFlush | sendFua | sendTrim | sendWriteZeroes | canMultiConn;
const readOnlyFlags = hasFlags | sendFlush | canMultiConn | readOnly;

describe("the handshake", () => {
  it("F2: starts with the fixed newstyle hello", async () => {
    await start();
    const client = await connectRaw(stage.port);
    expect((await client.receive(18)).toString("latin1")).toBe("NBDMAGICIHAVEOPT\x00\x03");
    client.socket.destroy();
  });

  it("F2: LIST names every export with its description", async () => {
    await start();
    const client = await greet(stage.port);
    const replies = await repliesTo(client, option(options.list));
    expect(replies.map((reply) => reply.type)).toEqual([replyTypes.server, replyTypes.server, replyTypes.ack]);
    expect(replies.map((reply) => reply.data.subarray(4).toString())).toEqual([
      "vol-aread-write volume in memory",
      "vol-rread-only volume in memory",
      "",
    ]);
    expect(replies[0]?.data.readUInt32BE(0)).toBe(5);
    client.socket.destroy();
  });

  it("F2: INFO tells size, flags, name, description and block sizes, and leaves the handshake open", async () => {
    await start();
    const client = await greet(stage.port);
    const replies = await repliesTo(client, option(options.info, question("vol-a", [...allInfo, 999])));
    const info = new Map(replies.slice(0, -1).map(({ data }) => [data.readUInt16BE(0), data.subarray(2)]));
    expect(info.get(infoTypes.export)?.readBigUInt64BE(0)).toBe(BigInt(mebibyte));
    expect(info.get(infoTypes.export)?.readUInt16BE(8)).toBe(writableFlags);
    expect(info.get(infoTypes.name)?.toString()).toBe("vol-a");
    expect(info.get(infoTypes.description)?.toString()).toBe("read-write volume in memory");
    const sizes = [0, 4, 8].map((at) => info.get(infoTypes.blockSize)?.readUInt32BE(at));
    expect(sizes).toEqual([1, 4096, payloadBytesMax]);
    expect(stage.front.openHandles()).toBe(0);

    const [first] = await repliesTo(client, option(options.info, question("vol-r")));
    expect(first?.data.readUInt16BE(10)).toBe(readOnlyFlags);
    client.socket.destroy();
  });

  it("F2: options that are not offered are refused, and parsing continues up to GO", async () => {
    await start();
    const client = await greet(stage.port);
    for (const [number, type] of [
      [options.startTls, replyTypes.errPolicy],
      [options.structuredReply, replyTypes.errUnsupported],
      [options.setMetaContext, replyTypes.errUnsupported],
      [4711, replyTypes.errUnsupported],
    ] as const) {
      expect(await repliesTo(client, option(number))).toMatchObject([{ option: number, type }]);
    }
    const replies = await repliesTo(client, option(options.go, question("vol-a")));
    expect(replies.at(-1)?.type).toBe(replyTypes.ack);
    expect((await client.ask({ type: 0, cookie: 5n, length: 8 })).error).toBe(0);
    client.socket.destroy();
  });

  it("F2: an unknown export is refused by GO and INFO, and another may be asked for", async () => {
    await start();
    const client = await greet(stage.port);
    for (const number of [options.go, options.info])
      expect(await repliesTo(client, option(number, question("nothing")))).toMatchObject([
        { type: replyTypes.errUnknown },
      ]);
    expect((await repliesTo(client, option(options.go, question("vol-r")))).at(-1)?.type).toBe(replyTypes.ack);
    client.socket.destroy();
  });

  it("an export that is not open is refused with the reason", async () => {
    await start();
    stage.front.open = () => Promise.reject(new Failure("VOLUME_NOT_OPEN", "vol-a is recovering"));
    const client = await greet(stage.port);
    const [reply] = await repliesTo(client, option(options.go, question("vol-a")));
    expect(reply).toMatchObject({ type: replyTypes.errUnknown });
    expect(reply?.data.toString()).toBe("vol-a is recovering");
    client.socket.destroy();
  });

  it("options sent while an export is being opened wait for it, and are answered in order", async () => {
    await start();
    let refuse: (error: Failure) => void = () => {};
    let asked: () => void = () => {};
    const wasAsked = new Promise<void>((resolve) => (asked = resolve));
    stage.front.open = () => {
      asked();
      return new Promise((_, reject) => (refuse = reject));
    };
    const client = await greet(stage.port);
    client.send(Buffer.concat([option(options.go, question("vol-a")), option(options.list)]));
    await wasAsked;
    refuse(new Failure("SHUTTING_DOWN", "this node is being stopped"));
    expect(await client.receiveOptionReply()).toMatchObject({ option: options.go, type: replyTypes.errShutdown });
    expect(await client.receiveOptionReply()).toMatchObject({ option: options.list, type: replyTypes.server });
    client.socket.destroy();
  });

  it("F2: the empty name is the only export, and none when there are several", async () => {
    await start({ volumes: [{ name: "alone", sizeBytes: 4096 }] });
    const client = await greet(stage.port);
    const replies = await repliesTo(client, option(options.go, question("", [infoTypes.name])));
    expect(replies[1]?.data.subarray(2).toString()).toBe("alone");
    client.socket.destroy();
    await stage.server.close();

    await start();
    const second = await greet(stage.port);
    expect(await repliesTo(second, option(options.go, question("")))).toMatchObject([{ type: replyTypes.errUnknown }]);
    expect(await repliesTo(second, option(options.info, question("")))).toMatchObject([
      { type: replyTypes.errUnknown },
    ]);
    second.socket.destroy();
  });

  it.each([
    ["declined them", 3, 10],
    ["did not", 1, 134],
  ])("F2: EXPORT_NAME opens at once, with zeros unless the client %s", async (_, flags, replyBytes) => {
    await start();
    const client = await greet(stage.port, flags);
    client.send(option(options.exportName, Buffer.from("vol-a")));
    const reply = await client.receive(replyBytes);
    expect(reply.readBigUInt64BE(0)).toBe(BigInt(mebibyte));
    expect(reply.readUInt16BE(8)).toBe(writableFlags);
    expect(reply.subarray(10).every((byte) => byte === 0)).toBe(true);
    expect((await client.ask({ type: 3, cookie: 1n })).error).toBe(0);
    client.socket.destroy();
  });

  it("F2: EXPORT_NAME of an unknown export can only close the connection", async () => {
    await start();
    const client = await greet(stage.port);
    client.send(option(options.exportName, Buffer.from("nothing")));
    expect(await client.closed).toHaveLength(0);
    expect(stage.lines.some((line) => String(line.fields["reason"]).includes('"nothing"'))).toBe(true);
  });

  it("F2: ABORT is acknowledged and the connection closed", async () => {
    await start();
    const client = await greet(stage.port);
    expect(await repliesTo(client, option(options.abort))).toMatchObject([{ type: replyTypes.ack }]);
    await client.closed;
  });

  it("a client that leaves while its export is being opened leaves no handle behind", async () => {
    await start();
    const open = stage.front.open.bind(stage.front);
    let proceed: () => void = () => {};
    let asked: () => void = () => {};
    const wasAsked = new Promise<void>((resolve) => (asked = resolve));
    stage.front.open = async (name, onRevoked) => {
      asked();
      await new Promise<void>((resolve) => (proceed = resolve));
      return open(name, onRevoked);
    };
    const client = await greet(stage.port);
    client.send(option(options.go, question("vol-a")));
    await wasAsked;
    await stage.server.close();
    await client.closed;
    proceed();
    await new Promise((resolve) => setImmediate(resolve));
    expect(stage.front.openHandles()).toBe(0);
  });
});
