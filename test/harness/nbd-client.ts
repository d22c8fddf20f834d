/**
 * A small NBD client (fixed newstyle, simple replies), for tests that must know which write was acknowledged when.
 * Many requests may be in flight; every one that has no answer when the connection ends is rejected.
 */
import { connect, type Socket } from "node:net";

const optionMagic = "IHAVEOPT";
const requestMagic = 0x25609513;
const replyMagic = 0x67446698;
const commands = { read: 0, write: 1, disconnect: 2, flush: 3 } as const;

/** What the server answered instead of success; `errno` as on the wire. */
export class NbdRefusal extends Error {
  readonly errno: number;

  constructor(what: string, errno: number) {
    super(`${what}: NBD error ${errno}`);
    this.name = "NbdRefusal";
    this.errno = errno;
  }
}

export interface NbdClient {
  readonly sizeBytes: number;
  /** Rejects with `NbdRefusal`, or with another error when the connection has ended and the outcome is unknown. */
  write(offsetBytes: number, data: Buffer): Promise<void>;
  read(offsetBytes: number, lengthBytes: number): Promise<Buffer>;
  /** What was acknowledged before survives a crash. */
  flush(): Promise<void>;
  close(): void;
}

interface Waiting {
  readonly what: string;
  readonly replyBytes: number;
  readonly resolve: (data: Buffer) => void;
  readonly reject: (error: Error) => void;
}

/** Opens an export by EXPORT_NAME. A server that does not have it, or has not opened it, closes the connection. */
export async function connectNbd(port: number, exportName: string): Promise<NbdClient> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  const take = createTaker(socket, exportName);
  await take(18); // the server's hello
  const name = Buffer.from(exportName);
  const header = Buffer.alloc(4 + 16);
  header.writeUInt32BE(3, 0); // fixed newstyle, no zeroes
  header.write(optionMagic, 4, "latin1");
  header.writeUInt32BE(1, 12); // EXPORT_NAME
  header.writeUInt32BE(name.length, 16);
  socket.write(Buffer.concat([header, name]));
  const reply = await take(10);
  return createClient(socket, take, Number(reply.readBigUInt64BE(0)));
}

type Take = (lengthBytes: number) => Promise<Buffer>;

/** Takes exactly so many bytes off the stream, one taker at a time. Rejects when the connection ends before. */
function createTaker(socket: Socket, exportName: string): Take {
  let chunks: Buffer[] = [];
  let heldBytes = 0;
  let ended: Error | null = null;
  let wake = (): void => {};
  socket.on("data", (chunk) => {
    chunks.push(chunk);
    heldBytes += chunk.length;
    wake();
  });
  const end = (error: Error): void => {
    ended ??= error;
    wake();
  };
  socket.on("error", end);
  socket.on("close", () => end(new Error(`the NBD server closed the connection to ${exportName}`)));
  return async (lengthBytes) => {
    while (heldBytes < lengthBytes) {
      if (ended !== null) throw ended;
      await new Promise<void>((resolve) => (wake = resolve));
    }
    const all = Buffer.concat(chunks);
    chunks = [all.subarray(lengthBytes)];
    heldBytes = all.length - lengthBytes;
    return all.subarray(0, lengthBytes);
  };
}

function createClient(socket: Socket, take: Take, sizeBytes: number): NbdClient {
  const waiting = new Map<bigint, Waiting>();
  let nextCookie = 1n;
  let broken: Error | null = null;

  const readReplies = async (): Promise<never> => {
    for (;;) {
      const reply = await take(16);
      if (reply.readUInt32BE(0) !== replyMagic) throw new Error("not an NBD reply");
      const errno = reply.readUInt32BE(4);
      const cookie = reply.readBigUInt64BE(8);
      const asked = waiting.get(cookie);
      if (asked === undefined) throw new Error(`a reply to no request: ${cookie}`);
      waiting.delete(cookie);
      if (errno !== 0) asked.reject(new NbdRefusal(asked.what, errno));
      else asked.resolve(asked.replyBytes === 0 ? Buffer.alloc(0) : await take(asked.replyBytes));
    }
  };
  readReplies().catch((error: unknown) => {
    broken = error instanceof Error ? error : new Error(String(error));
    for (const asked of waiting.values()) asked.reject(new Error(`${asked.what}: ${broken.message}`));
    waiting.clear();
    socket.destroy();
  });

  const ask = (type: number, offsetBytes: number, lengthBytes: number, payload: Buffer | null): Promise<Buffer> => {
    const what = `NBD command ${type} of ${lengthBytes} bytes at ${offsetBytes}`;
    return new Promise((resolve, reject) => {
      if (broken !== null) return reject(new Error(`${what}: ${broken.message}`));
      const cookie = nextCookie++;
      waiting.set(cookie, { what, replyBytes: type === commands.read ? lengthBytes : 0, resolve, reject });
      const header = Buffer.alloc(28);
      header.writeUInt32BE(requestMagic, 0);
      header.writeUInt16BE(type, 6);
      header.writeBigUInt64BE(cookie, 8);
      header.writeBigUInt64BE(BigInt(offsetBytes), 16);
      header.writeUInt32BE(lengthBytes, 24);
      socket.write(header);
      if (payload !== null) socket.write(payload);
    });
  };

  return {
    sizeBytes,
    async write(offsetBytes, data) {
      await ask(commands.write, offsetBytes, data.length, data);
    },
    read: (offsetBytes, lengthBytes) => ask(commands.read, offsetBytes, lengthBytes, null),
    async flush() {
      await ask(commands.flush, 0, 0, null);
    },
    close: () => void socket.destroy(),
  };
}
