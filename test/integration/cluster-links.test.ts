// The drills' own tools: links that can be cut, stalled and lengthened, and what they count.
import { createServer, type AddressInfo } from "node:net";
import { createHash, randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { startDelayingProxy, type DelayingProxy, type LinkShape } from "../harness/delaying-proxy.js";
import { startAll, waitSynced, withCluster } from "../harness/cluster.js";
import { connectNbd } from "../harness/nbd-client.js";
import { waitUntil } from "../harness/wait.js";

const mebibyte = 1024 * 1024;
let closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.reverse()) await close();
  closing = [];
});

/** A server that answers what it gets with the digest of it. */
async function digestServer(): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const hash = createHash("sha256");
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => hash.update(chunk));
    socket.once("end", () => socket.end(hash.digest()));
  });
  await new Promise<void>((resolve) => server.listen({ port: 0, host: "127.0.0.1" }, resolve));
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function proxyTo(targetPort: number, shape?: LinkShape): Promise<DelayingProxy> {
  const proxy = await startDelayingProxy({ targetPort, ...(shape === undefined ? {} : { shape }) });
  closing.push(() => proxy.close());
  return proxy;
}

function dial(proxy: DelayingProxy): { readonly socket: Socket; readonly ended: Promise<Buffer | Error> } {
  const socket = connect({ host: "127.0.0.1", port: proxy.port, allowHalfOpen: true });
  closing.push(() => socket.destroy());
  const chunks: Buffer[] = [];
  const ended = new Promise<Buffer | Error>((resolve) => {
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.once("end", () => resolve(Buffer.concat(chunks)));
    socket.once("error", resolve);
    socket.once("close", () => resolve(new Error("closed")));
  });
  return { socket, ended };
}

const digestOf = (data: Buffer): Buffer => createHash("sha256").update(data).digest();

describe("a link through a proxy", () => {
  it.each<[string, LinkShape]>([
    ["a direct line", { delayMs: 0, bytesPerSecond: null }],
    ["a long one", { delayMs: 20, bytesPerSecond: null }],
    ["a long and narrow one", { delayMs: 20, bytesPerSecond: 40 * mebibyte }],
  ])("carries every byte in order: %s", async (_, shape) => {
    const proxy = await proxyTo(await digestServer(), shape);
    const data = randomBytes(4 * mebibyte);
    const { socket, ended } = dial(proxy);
    socket.end(data);
    expect(await ended).toEqual(digestOf(data));
    expect(proxy.carried()).toEqual({ there: data.length, back: 32 });
  });

  it("stalled, lets nothing pass and tells nobody; healed, lets all of it go on", async () => {
    const proxy = await proxyTo(await digestServer());
    const { socket, ended } = dial(proxy);
    await new Promise((resolve) => socket.once("connect", resolve));
    proxy.stall();
    const late = dial(proxy);
    const data = randomBytes(mebibyte);
    socket.end(data);
    late.socket.end(data);
    await new Promise((resolve) => late.socket.once("connect", resolve));
    expect(proxy.carried()).toEqual({ there: 0, back: 0 });
    proxy.heal();
    expect(await ended).toEqual(digestOf(data));
    expect(await late.ended).toEqual(digestOf(data));
  });

  it("cut, breaks what there is and what comes; healed, takes connections again", async () => {
    const proxy = await proxyTo(await digestServer());
    const { socket, ended } = dial(proxy);
    await new Promise((resolve) => socket.once("connect", resolve));
    proxy.cut();
    expect(await ended).toBeInstanceOf(Error);
    expect(await dial(proxy).ended).not.toEqual(digestOf(Buffer.alloc(0)));
    proxy.heal();
    const again = dial(proxy);
    again.socket.end("x");
    expect(await again.ended).toEqual(digestOf(Buffer.from("x")));
  });
});

describe("links between daemons", () => {
  it("one far leg is cut, then stalled, and healed: hosts go on, and the far side catches up", async () => {
    await withCluster({ links: true }, async (cluster) => {
      await startAll(cluster);
      const client = await connectNbd(cluster.nbdPort("primary-a"), "vol-a");
      const far = cluster.links.between("relay-1", "secondary-a");
      const isConnected = async (): Promise<boolean> => {
        const stages = (await cluster.status("relay-1")).groups[0]?.relay;
        return stages?.secondaries.find(({ node }) => node === "secondary-a")?.connected === true;
      };
      for (const harm of [() => far.cut(), () => far.stall()]) {
        harm();
        await client.write(0, randomBytes(65536));
        await waitUntil("the relay has noticed", async () => !(await isConnected()));
        far.heal();
        const sequence = await waitSynced(cluster);
        expect(sequence).toBeGreaterThan(0);
      }
      client.close();
      const { thereBytes, thereMessages } = far.carried();
      expect(thereBytes).toBeGreaterThan(2 * 65536);
      expect(thereMessages).toBeGreaterThan(2);
    });
  });
});
