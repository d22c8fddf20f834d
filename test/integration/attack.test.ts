// Ports under attack: clients that hold on to all they can, in numbers. The daemons stay within their memory, cut the
// attackers off, and go on serving those who behave. Counts are bounded so that this ends within a minute.
import { once } from "node:events";
import { connect as connectHttp2, type ClientHttp2Session } from "node:http2";
import { connect, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { mebibyte, type TestNode } from "../harness/cluster-file.js";
import { startAll, withCluster, type TestCluster } from "../harness/cluster.js";
import { connectNbd, type NbdClient } from "../harness/nbd-client.js";
import { grpcFrame } from "../harness/raw-grpc.js";
import { residentBytes, watchMemory } from "../harness/resident-memory.js";
import { waitUntil } from "../harness/wait.js";

/** An idle daemon, the budgets of both front ends, and what the collector has not come to: attacks follow each other. */
const residentBytesMax = 320 * mebibyte;
const floodCount = 10_000;
let cluster: TestCluster;
let honest: NbdClient;
let finish: () => void;
let whole: Promise<void>;
const sockets = new Set<Socket>();
const sessions: ClientHttp2Session[] = [];

beforeAll(async () => {
  await new Promise<void>((ready, failed) => {
    whole = withCluster({}, async (started) => {
      cluster = started;
      await startAll(cluster);
      honest = await connectNbd(cluster.nbdPort("primary-a"), "vol-a");
      await new Promise<void>((resolve) => {
        finish = resolve;
        ready();
      });
    });
    whole.catch(failed);
  });
});
afterAll(async () => {
  honest.close();
  finish();
  await whole;
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  for (const session of sessions.splice(0)) session.destroy();
});

/** Writes and reads as an honest host until `attack` is over. Every answer must be right; returns how many there were. */
async function hostGoesOnDuring(attack: Promise<unknown>): Promise<number> {
  const progress = { over: false };
  const ended = attack.finally(() => (progress.over = true));
  ended.catch(() => {});
  let turns = 0;
  for (; !progress.over; turns++) {
    const data = Buffer.alloc(4096, (turns % 255) + 1);
    await honest.write((turns % 64) * 4096, data);
    expect(await honest.read((turns % 64) * 4096, 4096)).toEqual(data);
  }
  await ended;
  return turns;
}

interface Outcome {
  readonly turns: number;
  readonly before: number;
  readonly most: number;
}

/** Runs an attack on a node beside the honest host, and holds its memory to the bound. */
async function underAttack(node: TestNode, attack: () => Promise<unknown>): Promise<Outcome> {
  const { pid } = cluster.process(node);
  const before = await residentBytes(pid);
  const watch = await watchMemory(pid);
  const turns = await hostGoesOnDuring(attack());
  await watch.stop();
  const most = watch.mostBytes();
  const inMebibytes = (bytes: number): number => Math.round(bytes / mebibyte);
  process.stdout.write(`${node}: ${inMebibytes(before)} MiB before, ${inMebibytes(most)} at most, ${turns} turns\n`);
  expect(most).toBeLessThan(residentBytesMax);
  expect(turns).toBeGreaterThan(0);
  expect(cluster.process(node).running()).toBe(true);
  return { turns, before, most };
}

async function openSocket(port: number): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port });
  sockets.add(socket);
  socket.on("error", () => {});
  socket.once("close", () => sockets.delete(socket));
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()).once("close", () => resolve()));
  return socket;
}

/** So many connections, one wave after the other; none is closed at this end. */
async function flood(port: number, count: number, greet: (socket: Socket) => void): Promise<void> {
  const wave = 200;
  for (let opened = 0; opened < count; opened += wave) {
    await Promise.all(
      Array.from({ length: wave }, async () => {
        const socket = await openSocket(port);
        socket.resume();
        greet(socket);
      }),
    );
  }
}

const clientFlags = Buffer.from([0, 0, 0, 3]);

function openExport(name: string): Buffer {
  const header = Buffer.alloc(16);
  header.write("IHAVEOPT", 0, "latin1");
  header.writeUInt32BE(1, 8);
  header.writeUInt32BE(name.length, 12);
  return Buffer.concat([clientFlags, header, Buffer.from(name)]);
}

function request(type: number, lengthBytes: number): Buffer {
  const header = Buffer.alloc(28);
  header.writeUInt32BE(0x25609513, 0);
  header.writeUInt16BE(type, 6);
  header.writeUInt32BE(lengthBytes, 24);
  return header;
}

async function newHostIsServed(): Promise<void> {
  const client = await connectNbd(cluster.nbdPort("primary-a"), "vol-a");
  expect(await client.read(0, 4096)).toHaveLength(4096);
  client.close();
}

const stalls = (before: number): number =>
  cluster
    .log("primary-a")
    .lines.slice(before)
    .filter((line) => line.includes("the client stalls")).length;

describe("on an NBD port", () => {
  it("slow-loris: ten thousand handshakes that go no further", async () => {
    const port = cluster.nbdPort("primary-a");
    await underAttack("primary-a", () => flood(port, floodCount, (socket) => socket.write(clientFlags)));
    expect(sockets.size).toBeLessThan(floodCount / 10);
    await newHostIsServed();
  });

  it("clients that never read their replies", async () => {
    const before = cluster.log("primary-a").lines.length;
    const port = cluster.nbdPort("primary-a");
    const attackers = 24;
    await underAttack("primary-a", async () => {
      for (let i = 0; i < attackers; i++) {
        const socket = await openSocket(port);
        socket.pause();
        socket.write(openExport("vol-a"));
        for (let reads = 0; reads < 32; reads++) socket.write(request(0, 8 * mebibyte));
      }
      await newHostIsServed();
      // Memory for so large a request is held by attackers: they are cut off for it.
      const large = await connectNbd(port, "vol-a");
      expect(await large.read(0, 16 * mebibyte)).toHaveLength(16 * mebibyte);
      large.close();
      expect(stalls(before)).toBeGreaterThan(0);
    });
  });

  it("clients that announce payloads and do not send them", async () => {
    const before = cluster.log("primary-a").lines.length;
    const port = cluster.nbdPort("primary-a");
    await underAttack("primary-a", async () => {
      for (let i = 0; i < 60; i++) {
        const socket = await openSocket(port);
        socket.resume();
        socket.write(Buffer.concat([openExport("vol-a"), request(1, 32 * mebibyte)]));
        socket.write(Buffer.alloc(24 * mebibyte, i));
      }
      await newHostIsServed();
      await waitUntil("some of them are cut off", () => stalls(before) > 0, { deadlineMs: 60_000 });
    });
  });

  it("clients that close their half and stay", async () => {
    const port = cluster.nbdPort("primary-a");
    await underAttack("primary-a", async () => {
      const closed: Promise<unknown>[] = [];
      for (let i = 0; i < 100; i++) {
        const socket = await openSocket(port);
        socket.resume();
        closed.push(once(socket, "close"));
        socket.end(openExport("vol-a"));
      }
      await Promise.all(closed);
    });
    await newHostIsServed();
  });
});

function attackBy(node: TestNode, settings: { initialWindowSize?: number } = {}): ClientHttp2Session {
  const session = connectHttp2(`http://${cluster.grpcAddress(node)}`, { settings });
  session.on("error", () => {});
  sessions.push(session);
  return session;
}

function openCall(session: ClientHttp2Session, path: string) {
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    "te": "trailers",
  });
  stream.on("error", () => {});
  return stream;
}

const drops = (node: TestNode, before: number): number =>
  cluster
    .log(node)
    .lines.slice(before)
    .filter((line) => line.includes("too much memory")).length;

describe("on a gRPC port", () => {
  it("ten thousand connections without a word", async () => {
    const port = cluster.addresses["relay-1"].grpcPort;
    await underAttack("relay-1", () => flood(port, floodCount, () => {}));
    expect((await cluster.status("relay-1")).groups[0]?.relay?.protected).toBe(true);
  });

  it.each(["primary-a", "relay-1"] as const)("messages to %s that are begun and not finished", async (node) => {
    const before = cluster.log(node).lines.length;
    const begun = grpcFrame(Buffer.alloc(15 * mebibyte), 16 * mebibyte);
    await underAttack(node, async () => {
      for (let i = 0; i < 3; i++) {
        const session = attackBy(node);
        for (let call = 0; call < 8; call++) openCall(session, "/waystation.v1.BlockService/Write").write(begun);
      }
      await waitUntil("one of them is dropped", () => drops(node, before) > 0);
    });
    expect((await cluster.status(node)).node).toBe(node);
  });

  it("answers that nobody takes", async () => {
    const before = cluster.log("primary-a").lines.length;
    // volume "vol-a", 4 MiB from its start, as protobuf has it
    const read = grpcFrame(Buffer.from([0x0a, 5, ...Buffer.from("vol-a"), 0x18, 0x80, 0x80, 0x80, 0x02]));
    await underAttack("primary-a", async () => {
      const session = attackBy("primary-a", { initialWindowSize: 0 });
      for (let call = 0; call < 600 && !session.destroyed; call++) {
        const stream = session.request({
          ":method": "POST",
          ":path": "/waystation.v1.BlockService/Read",
          "content-type": "application/grpc",
          "te": "trailers",
          "grpc-timeout": "60S",
        });
        stream.on("error", () => {});
        stream.end(read);
        if (call % 8 === 7) await cluster.status("primary-a");
      }
      await waitUntil("it is dropped", () => drops("primary-a", before) > 0);
    });
  });
});
