/** A client that does nothing by itself, for tests: sends bytes, and waits for as many as it is asked for. */
import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { options, simpleReplyBytes } from "../protocol/wire.js";
import { clientFlags, option, question, request, type RequestFields } from "./frames.js";

export interface OptionReply {
  readonly option: number;
  readonly type: number;
  readonly data: Buffer;
}

interface Reply {
  readonly error: number;
  readonly cookie: bigint;
}

export interface RawClient {
  readonly socket: Socket;
  send(bytes: Buffer): void;
  /** The next `lengthBytes` bytes. Rejects when the connection closes before. */
  receive(lengthBytes: number): Promise<Buffer>;
  receiveOptionReply(): Promise<OptionReply>;
  /** Header of a simple reply; the data of a READ is to be received apart. */
  receiveReply(): Promise<Reply>;
  /** Sends one request and waits for the header of its reply. */
  ask(fields: RequestFields): Promise<Reply>;
  /** Resolves when the connection has closed, with what was left unread. */
  readonly closed: Promise<Buffer>;
}

interface Wait {
  readonly lengthBytes: number;
  readonly resolve: (bytes: Buffer) => void;
  readonly reject: (error: Error) => void;
}

export async function connectRaw(port: number): Promise<RawClient> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  let received = Buffer.alloc(0);
  let wait: Wait | null = null;
  let isClosed = false;

  const deliver = (): void => {
    if (wait === null) return;
    const { lengthBytes, resolve, reject } = wait;
    if (received.length >= lengthBytes) {
      wait = null;
      const bytes = received.subarray(0, lengthBytes);
      received = received.subarray(lengthBytes);
      resolve(bytes);
    } else if (isClosed) {
      wait = null;
      reject(new Error(`the server closed; wanted ${lengthBytes} bytes, got ${received.length}`));
    }
  };
  const closed = new Promise<Buffer>((resolve) => {
    socket.on("close", () => {
      isClosed = true;
      deliver();
      resolve(received);
    });
  });
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    received = Buffer.concat([received, chunk]);
    deliver();
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });

  const client: RawClient = {
    socket,
    closed,
    send: (bytes) => void socket.write(bytes),
    receive(lengthBytes) {
      assert(wait === null, "one wait at a time");
      return new Promise((resolve, reject) => {
        wait = { lengthBytes, resolve, reject };
        deliver();
      });
    },
    async receiveOptionReply() {
      const header = await client.receive(20);
      const data = await client.receive(header.readUInt32BE(16));
      return { option: header.readUInt32BE(8), type: header.readUInt32BE(12), data };
    },
    async receiveReply() {
      const header = await client.receive(simpleReplyBytes);
      assert.equal(header.readUInt32BE(0), 0x67446698);
      return { error: header.readUInt32BE(4), cookie: header.readBigUInt64BE(8) };
    },
    ask(fields) {
      client.send(request(fields));
      return client.receiveReply();
    },
  };
  return client;
}

/** Connects and takes the hello; flags are fixed newstyle without zeroes. */
export async function greet(port: number, flags = 3): Promise<RawClient> {
  const client = await connectRaw(port);
  await client.receive(18);
  client.send(clientFlags(flags));
  return client;
}

/** Connects and opens `name` with GO. */
export async function openExport(port: number, name: string): Promise<RawClient> {
  const client = await greet(port);
  client.send(option(options.go, question(name)));
  for (;;) {
    const reply = await client.receiveOptionReply();
    if (reply.type === 1) return client;
    assert.equal(reply.type, 3, `GO was refused: ${reply.data.toString()}`);
  }
}
