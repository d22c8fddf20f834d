/**
 * The links between the daemons of a cluster under test, each through proxies of its own, so that a drill can cut, stall or
 * lengthen one and leave the others alone. Each daemon gets a cluster file in which the others' addresses are its proxies:
 *
 *     relay-1 --> proxy (relay-1, secondary-a) --> secondary-a      secondary-a --> proxy (secondary-a, relay-1) --> relay-1
 *
 * Hosts, status and commands of the harness go past them.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nodeNames, type Addresses, type TestNode } from "./cluster-file.js";
import { startDelayingProxy, type DelayingProxy, type LinkShape } from "./delaying-proxy.js";
import { messageTap, type MessageCounts } from "./message-tap.js";

/** Both directions, whoever dialled. */
export interface NodeLink {
  /** Every connection breaks, new ones too: the peer is told at once. */
  cut(): void;
  /** Nothing passes, and nobody is told. */
  stall(): void;
  heal(): void;
  reshape(shape: LinkShape): void;
  /** What passed so far, on the connections that the first of the pair dialled; counted when links are made to count. */
  carried(): LinkTraffic;
}

export interface LinkTraffic {
  readonly thereBytes: number;
  readonly backBytes: number;
  readonly thereMessages: number;
  readonly backMessages: number;
}

export interface ClusterLinks {
  between(a: TestNode, b: TestNode): NodeLink;
  /** Every link of a node at once: it is cut off, and lives. */
  around(node: TestNode): Pick<NodeLink, "cut" | "stall" | "heal">;
  /** Writes the cluster file as this node is to see it; returns its path. */
  fileFor(node: TestNode, clusterFile: string): string;
  close(): Promise<void>;
}

interface OneWay {
  readonly from: TestNode;
  readonly to: TestNode;
  readonly proxy: DelayingProxy;
  readonly messages: MessageCounts;
}

interface ClusterFile {
  readonly nodes: Record<string, { readonly grpc: string }>;
}

export async function openClusterLinks(folder: string, addresses: Addresses): Promise<ClusterLinks> {
  const pairs = nodeNames.flatMap((from) => nodeNames.filter((to) => to !== from).map((to) => ({ from, to })));
  const ways = await Promise.all(
    pairs.map(async ({ from, to }): Promise<OneWay> => {
      const messages = { there: 0, back: 0 };
      const tap = messageTap(messages);
      return {
        from,
        to,
        messages,
        proxy: await startDelayingProxy({ targetPort: addresses[to].grpcPort, tap }),
      };
    }),
  );
  const joining = (a: TestNode, b: TestNode): OneWay[] =>
    ways.filter(({ from, to }) => (from === a && to === b) || (from === b && to === a));
  const handles = (chosen: readonly OneWay[]) => ({
    cut: () => chosen.forEach(({ proxy }) => proxy.cut()),
    stall: () => chosen.forEach(({ proxy }) => proxy.stall()),
    heal: () => chosen.forEach(({ proxy }) => proxy.heal()),
  });

  return {
    between(a, b) {
      const both = joining(a, b);
      const dialled = both.find(({ from }) => from === a);
      if (dialled === undefined) throw new Error(`there is no link between ${a} and ${b}`);
      return {
        ...handles(both),
        reshape: (shape) => both.forEach(({ proxy }) => proxy.reshape(shape)),
        carried() {
          const { there, back } = dialled.proxy.carried();
          const { messages } = dialled;
          return {
            thereBytes: there,
            backBytes: back,
            thereMessages: messages.there,
            backMessages: messages.back,
          };
        },
      };
    },
    around: (node) => handles(ways.filter(({ from, to }) => from === node || to === node)),
    fileFor(node, clusterFile) {
      const file = JSON.parse(readFileSync(clusterFile, "utf8")) as ClusterFile;
      for (const { to, proxy } of ways.filter(({ from }) => from === node)) {
        const listen = `127.0.0.1:${addresses[to].grpcPort}`;
        Object.assign(file.nodes[to] ?? {}, { grpc: { listen, connect: `127.0.0.1:${proxy.port}` } });
      }
      const path = join(folder, `cluster-as-${node}-sees-it.yaml`);
      writeFileSync(path, JSON.stringify(file, null, 2));
      return path;
    },
    async close() {
      await Promise.all(ways.map(({ proxy }) => proxy.close()));
    },
  };
}
