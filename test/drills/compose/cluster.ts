/** The cluster in its containers, as an operator and a host see it: wayctl, volumes over gRPC, and waiting for a state. */
import { setTimeout as delay } from "node:timers/promises";
import { connectBlock, type BlockClient } from "@waystation/client/block-client";
import type { TakeoverProgress, TakeoverResult } from "@waystation/client/control-client";
import type { Containers } from "./containers.js";
import type { ChainShape } from "./dependent-writes.js";

export interface ClusterView {
  readonly nodes: readonly { readonly name: string; readonly state: "up" | "dead" }[];
  readonly volumes: readonly { readonly volume: string; readonly node: string; readonly access: string | null }[];
  readonly groups: readonly GroupView[];
}

interface GroupView {
  readonly protected: boolean | null;
  readonly protectedDetail: string;
  readonly members: readonly {
    readonly node: string;
    readonly phase: string | null;
    readonly lagWrites: number | null;
  }[];
}

export interface TakeoverReport {
  readonly coordinator: string;
  readonly steps: readonly TakeoverProgress[];
  readonly result: TakeoverResult;
}

export interface Cluster {
  readonly containers: Containers;
  readonly chain: ChainShape;
  /** The node that holds each volume before a takeover, and after. */
  readonly homes: ReadonlyMap<string, { readonly primary: string; readonly secondary: string }>;
  view(): Promise<ClusterView>;
  /** Resolves with the milliseconds that it took; rejects with what is missing. */
  waitUntil(what: string, holds: (view: ClusterView) => boolean, timeoutMs?: number): Promise<number>;
  waitSynced(): Promise<void>;
  takeOver(): Promise<TakeoverReport>;
  /** On the network of the node's site, where its hosts are. */
  connectBlock(node: string, timeoutMs: number): Promise<BlockClient>;
  /** The whole volume. */
  readVolume(node: string, volume: string): Promise<Buffer>;
}

/** Replaced in deploy/compose/cluster.yaml: little to compare, and no longer to wait than the checks need. */
export const drillSettings = [
  ["1GiB", "64MiB"],
  ["hold: 10s", "hold: 5s"],
  ["lease: 3s", "lease: 2s"],
] as const;
export const holdMs = 5_000;

const volumeBytes = 64 * 1024 * 1024;
const blockBytes = 4096;
const readBytes = 4 * 1024 * 1024;
const grpcPort = 7400;
const group = "g1";
const syncedTimeout = "90s";
const pollMs = 150;
const defaultTimeoutMs = 60_000;

export function openCluster(containers: Containers): Cluster {
  const homes = new Map([
    ["vol-a", { primary: "primary-a", secondary: "secondary-a" }],
    ["vol-b", { primary: "primary-b", secondary: "secondary-b" }],
  ]);

  const wayctl = async (...args: string[]): Promise<string> =>
    containers.docker("exec", await containers.idOf("tools"), "wayctl", ...args);

  const view = async (): Promise<ClusterView> => JSON.parse(await wayctl("--json", "status")) as ClusterView;

  async function connect(node: string, timeoutMs: number): Promise<BlockClient> {
    const site = node.startsWith("primary") ? "east" : "west";
    return connectBlock(`${await containers.addressOf(node, site)}:${grpcPort}`, { timeoutMs });
  }

  return {
    containers,
    homes,
    chain: { volumes: [...homes.keys()], blocksPerVolume: volumeBytes / blockBytes },
    view,
    async waitUntil(what, holds, timeoutMs = defaultTimeoutMs) {
      const startMs = performance.now();
      for (;;) {
        const current = await view();
        const tookMs = performance.now() - startMs;
        if (holds(current)) return tookMs;
        if (tookMs > timeoutMs) throw new Error(`not within ${timeoutMs} ms: ${what}\n${await wayctl("status")}`);
        await delay(pollMs);
      }
    },
    async waitSynced() {
      await wayctl("group", "wait", group, "--synced", "--timeout", syncedTimeout);
    },
    async takeOver() {
      return JSON.parse(await wayctl("--json", "group", "takeover", group)) as TakeoverReport;
    },
    connectBlock: connect,
    async readVolume(node, volume) {
      const client = await connect(node, defaultTimeoutMs);
      try {
        const offsets = Array.from({ length: volumeBytes / readBytes }, (_, index) => index * readBytes);
        const parts: Buffer[] = [];
        for (const offsetBytes of offsets)
          parts.push(await client.read({ volume, offsetBytes, lengthBytes: readBytes }));
        return Buffer.concat(parts);
      } finally {
        client.close();
      }
    },
  };
}

/** Every volume can be written at its primary, and the group is protected. */
export function isServed({ homes }: Cluster, { volumes, groups }: ClusterView): boolean {
  const open = [...homes].every(([name, { primary }]) =>
    volumes.some(({ volume, node, access }) => volume === name && node === primary && access === "read-write"),
  );
  return open && groups.every((each) => each.protected === true);
}
