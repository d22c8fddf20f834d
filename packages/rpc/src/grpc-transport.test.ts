import { createServer, type Server, type Socket } from "node:net";
import { Client, credentials, Metadata, status, type ServiceError } from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import type { GroupName, NodeName } from "@waystation/contracts/ids";
import type { Channel, Link, LinkAddress } from "@waystation/contracts/link";
import type { PeerMessage } from "@waystation/replication/messages";
import { createGrpcTransport, type GrpcTransport, type GrpcTransportOptions } from "./grpc-transport.js";
import { messageBytesMax } from "./limits.js";
import { formatHostPort, startRpcServer } from "./server.js";
import { cleanUp, eventually, onCleanUp, recordingLog, testControl, testFront, testStorage } from "./testing.js";

const g1 = "g1" as GroupName;
const alpha = "alpha" as NodeName;
const beta = "beta" as NodeName;
const initial = { number: 1, takeoverId: "initial" };

afterEach(cleanUp);

interface TestNode {
  readonly rpc: GrpcTransport;
  readonly target: string;
  readonly log: ReturnType<typeof recordingLog>;
  /** Links that others opened, with what came on them. */
  readonly accepted: RecordedLink[];
}

interface RecordedLink {
  link: Link<PeerMessage>;
  readonly messages: PeerMessage[];
  readonly closed: string[];
}

type Limits = NonNullable<GrpcTransportOptions["limits"]>;

/** Two nodes of cluster `test`, both members of g1, each knowing where the other listens. */
async function startPair(
  limits: Limits = {},
): Promise<{ a: TestNode; b: TestNode; setPeer: (target: string) => void }> {
  const peers = new Map<NodeName, string>();
  async function start(node: NodeName): Promise<TestNode> {
    const log = recordingLog();
    const groups = new Map([[g1, new Set([alpha, beta])]]);
    const rpc = createGrpcTransport({ directory: { cluster: "test", node, peers, groups }, log, limits });
    const accepted: RecordedLink[] = [];
    rpc.transport.accept((link) => {
      const record: RecordedLink = { link, messages: [], closed: [] };
      accepted.push(record);
      return {
        onMessage: (message) => record.messages.push(message),
        onClose: (reason) => record.closed.push(reason),
      };
    });
    const server = await startRpcServer({
      listen: { host: "127.0.0.1", port: 0 },
      front: testFront(),
      control: testControl(),
      storage: testStorage(),
      transport: rpc,
      log,
    });
    onCleanUp(() => server.close());
    const target = formatHostPort(server.address);
    peers.set(node, target);
    return { rpc, target, log, accepted };
  }
  const a = await start(alpha);
  const b = await start(beta);
  return { a, b, setPeer: (target) => peers.set(beta, target) };
}

const toBeta = (channel: Channel = "ship"): LinkAddress => ({ peer: beta, channel, group: g1 });

interface Dialled extends Partial<RecordedLink> {
  readonly messages: PeerMessage[];
  readonly closed: string[];
  readonly cancel: () => void;
}

function dial(node: TestNode, address: LinkAddress = toBeta()): Dialled {
  const dialled: Dialled = { messages: [], closed: [], cancel: () => handle.cancel() };
  const handle = node.rpc.transport.dial(address, {
    onOpen: (link) => (dialled.link = link),
    onMessage: (message) => dialled.messages.push(message),
    onClose: (reason) => dialled.closed.push(reason),
  });
  return dialled;
}

async function openLinks(limits: Limits = {}, channel: Channel = "ship") {
  const { a, b, setPeer } = await startPair(limits);
  const near = dial(a, toBeta(channel));
  const link = await eventually(() => near.link ?? Promise.reject(new Error("not open")));
  const far = b.accepted[0]!;
  return { a, b, near, link, far, setPeer };
}

const gate = (sequence: number): PeerMessage => ({
  epoch: initial,
  term: 0,
  body: { kind: "gate", sequence: sequence as never },
});

function batch(payloadBytes: number): PeerMessage {
  const payload = Buffer.alloc(payloadBytes, 7);
  const record = { volume: "vol-a" as never, origin: { incarnation: 1, n: 1 }, kind: "write", offsetBytes: 0 } as const;
  const writes = [{ ...record, lengthBytes: payloadBytes, hostTimeMs: 0, payload }];
  return { epoch: initial, term: 0, body: { kind: "origin-batch", writes, localComplete: [] } };
}

describe("links over gRPC", () => {
  it.each(["ingress", "lease", "ship", "council"] as const)(
    "carry messages both ways, in order: %s",
    async (channel) => {
      const { link, near, far } = await openLinks({}, channel);
      expect(far.link.address).toEqual({ peer: alpha, channel, group: g1 });
      for (let number = 1; number <= 100; number += 1) {
        link.send(gate(number));
        far.link.send(gate(1000 + number));
      }
      await eventually(() => expect([far.messages.length, near.messages.length]).toEqual([100, 100]));
      expect(far.messages).toEqual(Array.from({ length: 100 }, (_, index) => gate(index + 1)));
      expect(near.messages).toEqual(Array.from({ length: 100 }, (_, index) => gate(index + 1001)));
      await eventually(() => expect([link.queuedBytes(), far.link.queuedBytes()]).toEqual([0, 0]));
    },
  );

  it("use a connection per channel, so that a lease never queues behind data", async () => {
    const { a, b } = await startPair();
    const links = (["ingress", "lease", "ship", "council"] as const).map((channel) => dial(a, toBeta(channel)));
    await eventually(() => expect(links.every(({ link }) => link)).toBe(true));
    const connections = b.log.lines.filter(({ message }) => message === "gRPC connection accepted");
    expect(new Set(connections.map(({ fields }) => fields["peer"])).size).toBe(4);
  });

  it("tell both ends once when one closes, after what it had queued has arrived", async () => {
    const { link, near, far } = await openLinks();
    far.link.send(gate(9));
    far.link.close();
    far.link.close();
    far.link.send(gate(10));
    await eventually(() => expect(near.closed).toEqual(["closed by the peer"]));
    expect(near.messages).toEqual([gate(9)]);
    expect(far.closed).toEqual(["closed at this end"]);
    link.send(gate(1));
    link.close();
    expect(near.closed).toHaveLength(1);
  });

  it("tell the accepting end when the dialling end closes", async () => {
    const { link, near, far } = await openLinks();
    link.send(gate(5));
    link.close();
    await eventually(() => expect(far.closed).toEqual(["closed by the peer"]));
    expect(far.messages).toEqual([gate(5)]);
    expect(near.closed).toEqual(["closed at this end"]);
  });

  it("tell both ends when a node stops", async () => {
    const { b, near, far } = await openLinks();
    b.rpc.close();
    await eventually(() => expect(near.closed).toHaveLength(1));
    expect(far.closed).toEqual(["this node is stopping"]);
  });

  it("that nobody answers are reported, once", async () => {
    const { a, setPeer } = await startPair();
    setPeer("127.0.0.1:1");
    const near = dial(a);
    await eventually(() => expect(near.closed).toHaveLength(1));
    expect(near.closed[0]).toContain("ECONNREFUSED");
    expect(near.link).toBeUndefined();
  });

  it("to an address that accepts connections and says nothing end at the dial deadline", async () => {
    const { a, setPeer } = await startPair({ dialDeadlineMs: 50 });
    setPeer(await listenSilently(() => {}));
    const near = dial(a);
    await eventually(() => expect(near.closed).toEqual([expect.stringContaining("within 50 ms")]));
  });

  it("that are cancelled while they are dialled are not heard of again", async () => {
    const { a, b } = await startPair();
    const near = dial(a);
    near.cancel();
    const other = dial(a);
    await eventually(() => expect(other.link).toBeDefined());
    expect([near.closed, near.link]).toEqual([[], undefined]);
    expect(b.accepted.filter(({ closed }) => closed.length === 0)).toHaveLength(1);
  });

  it("to a peer that falls silent, half open, are noticed by pings", async () => {
    const { a, b, setPeer } = await startPair();
    const proxy = await startProxy(b.target);
    setPeer(proxy.target);
    const near = dial(a, toBeta("lease"));
    await eventually(() => expect(near.link).toBeDefined());
    proxy.stall();
    await eventually(() => expect(near.closed).toHaveLength(1));
    await eventually(() => expect(b.accepted[0]?.closed).toHaveLength(1));
  });

  it("to a peer that takes nothing are closed when too much is queued", async () => {
    const { a, b, setPeer } = await startPair({ queueBytesMax: 64 * 1024 * 1024 });
    const proxy = await startProxy(b.target);
    setPeer(proxy.target);
    const near = dial(a);
    const link = await eventually(() => near.link ?? Promise.reject(new Error("not open")));
    proxy.stall();
    let sends = 0;
    for (; sends < 100 && link.queuedBytes() < 63 * 1024 * 1024; sends += 1) link.send(batch(1024 * 1024));
    expect(near.closed).toEqual([]);
    link.send(batch(2 * 1024 * 1024));
    await eventually(() => expect(near.closed).toEqual([expect.stringContaining("SERVER_BUSY")]));
  });

  it("to a dialling peer that takes nothing are closed, and its connection dropped", async () => {
    const { a, b, setPeer } = await startPair({ queueBytesMax: 40 * 1024 * 1024, lingerMs: 10 });
    const proxy = await startProxy(b.target);
    setPeer(proxy.target);
    const near = dial(a);
    await eventually(() => expect(near.link).toBeDefined());
    proxy.stall();
    const far = b.accepted[0]!;
    for (let sends = 0; sends < 100 && far.closed.length === 0; sends += 1) far.link.send(batch(1024 * 1024));
    await eventually(() => expect(far.closed).toEqual([expect.stringContaining("SERVER_BUSY")]));
    await eventually(() => expect(b.log.lines.map(({ message }) => message)).toContain("gRPC connection closed"));
  });

  it("count what the network has not taken, and nothing once it has", async () => {
    const { link, far } = await openLinks();
    for (let count = 0; count < 20; count += 1) link.send(batch(1024 * 1024));
    expect(link.queuedBytes()).toBeGreaterThan(20 * 1024 * 1024);
    await eventually(() => expect(far.messages).toHaveLength(20));
    await eventually(() => expect(link.queuedBytes()).toBe(0));
  });

  it("count as queued what a peer that takes nothing has been sent, beyond what sockets hold", async () => {
    const { a, b, setPeer } = await startPair();
    const proxy = await startProxy(b.target);
    setPeer(proxy.target);
    const near = dial(a);
    const link = await eventually(() => near.link ?? Promise.reject(new Error("not open")));
    proxy.stall();
    for (let count = 0; count < 40; count += 1) link.send(batch(1024 * 1024));
    for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(near.closed).toEqual([]);
    expect(link.queuedBytes()).toBeGreaterThan(8 * 1024 * 1024);
  });

  it("refuse to send a message above the limit, and close", async () => {
    const { link, near, far } = await openLinks();
    link.send(batch(messageBytesMax));
    await eventually(() => expect(near.closed).toEqual([expect.stringContaining("REQUEST_TOO_LARGE")]));
    await eventually(() => expect(far.closed).toHaveLength(1));
  });
});

// ---- what a daemon must survive -----------------------------------------------------------------------------------

const goodClaims = { cluster: "test", node: "alpha", peer: "beta", group: "g1" };

/** Dials by hand, so that the claims and the frames can be anything. Resolves with how the call ended. */
function rawCall(target: string, claims: Record<string, string>, frame?: Buffer): Promise<ServiceError> {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(claims)) metadata.set(`waystation-${key}`, value);
  const client = new Client(target, credentials.createInsecure(), { "grpc.use_local_subchannel_pool": 1 });
  const asIs = (bytes: Buffer) => bytes;
  const path = "/waystation.v1.ReplicationService/Ship";
  const call = client.makeBidiStreamRequest<Buffer, Buffer>(path, asIs, asIs, metadata);
  call.on("data", () => {});
  call.once("metadata", () => frame && call.write(frame));
  return new Promise((resolve) => {
    call.once("error", (error) => {
      client.close();
      resolve(error as ServiceError);
    });
  });
}

describe("a node that others dial", () => {
  it.each([
    ["without metadata", {}, status.INVALID_ARGUMENT, "LINK_INVALID"],
    ["with an illegal name", { ...goodClaims, node: "../x" }, status.INVALID_ARGUMENT, "LINK_INVALID"],
    ["meaning another node", { ...goodClaims, peer: "gamma" }, status.NOT_FOUND, "LINK_WRONG_NODE"],
    ["of another cluster", { ...goodClaims, cluster: "other" }, status.NOT_FOUND, "LINK_WRONG_NODE"],
    ["from an unknown node", { ...goodClaims, node: "gamma" }, status.NOT_FOUND, "LINK_UNKNOWN_NODE"],
    ["from itself", { ...goodClaims, node: "beta" }, status.NOT_FOUND, "LINK_UNKNOWN_NODE"],
    ["of an unknown group", { ...goodClaims, group: "g2" }, status.NOT_FOUND, "LINK_UNKNOWN_GROUP"],
  ])("refuses a link %s", async (_, claims, code, reason) => {
    const { b } = await startPair();
    const error = await rawCall(b.target, claims);
    expect([error.code, error.metadata.get("waystation-reason")]).toEqual([code, [reason]]);
    expect(b.log.lines).toContainEqual(expect.objectContaining({ message: "link refused" }));
    expect(b.accepted).toEqual([]);
  });

  it("tells the dialling node why it refused", async () => {
    const { a } = await startPair();
    const near = dial(a, { ...toBeta(), group: "g9" as GroupName });
    await eventually(() => expect(near.closed).toEqual([expect.stringContaining("LINK_UNKNOWN_GROUP")]));
  });

  it("refuses a frame that is no message, and lives on", async () => {
    const { a, b } = await startPair();
    const error = await rawCall(b.target, goodClaims, Buffer.from("garbage"));
    expect([error.code, error.metadata.get("waystation-reason")]).toEqual([
      status.INVALID_ARGUMENT,
      ["FRAME_MALFORMED"],
    ]);
    expect(b.accepted[0]?.closed).toEqual([expect.stringContaining("FRAME_MALFORMED")]);
    const near = dial(a);
    await eventually(() => expect(near.link).toBeDefined());
  });

  it("refuses a frame above the limit, and lives on", async () => {
    const { a, b } = await startPair();
    const error = await rawCall(b.target, goodClaims, Buffer.alloc(messageBytesMax + 1));
    expect(error.code).toBe(status.RESOURCE_EXHAUSTED);
    await eventually(() => expect(b.accepted[0]?.closed).toHaveLength(1));
    const near = dial(a);
    await eventually(() => expect(near.link).toBeDefined());
  });
});

// ---- bad networks -------------------------------------------------------------------------------------------------

function listen(server: Server): Promise<string> {
  onCleanUp(() => void server.close());
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve(`127.0.0.1:${(server.address() as { port: number }).port}`);
    });
  });
}

function listenSilently(onSocket: (socket: Socket) => void): Promise<string> {
  return listen(
    createServer((socket) => {
      socket.on("error", () => {});
      onCleanUp(() => void socket.destroy());
      onSocket(socket);
    }),
  );
}

/** Forwards connections until `stall`: from then on it takes nothing more and keeps them open. */
async function startProxy(target: string): Promise<{ target: string; stall: () => void }> {
  const { connect } = await import("node:net");
  const port = Number(target.split(":")[1]);
  const sockets: Socket[] = [];
  const proxyTarget = await listenSilently((near) => {
    const far = connect(port, "127.0.0.1");
    far.on("error", () => {});
    onCleanUp(() => void far.destroy());
    near.pipe(far);
    far.pipe(near);
    sockets.push(near, far);
  });
  return {
    target: proxyTarget,
    stall() {
      for (const socket of sockets) socket.unpipe().pause();
    },
  };
}
