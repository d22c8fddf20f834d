/**
 * One daemon: the adapters built from the configuration, and the node that runs on them. The order of opening is the
 * order of dependence: configuration, data directory, the journals' databases (whose locks keep a second daemon out),
 * arrays with their recovery, volumes, the journals, links, roles, and the front ends last, when there is something to
 * serve.
 */
import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { systemClock } from "@waystation/contracts/clock";
import type { VolumeName } from "@waystation/contracts/ids";
import type { Log } from "@waystation/contracts/log";
import { loadCluster, nodeOf } from "@waystation/config/load";
import type { NodeConfig } from "@waystation/config/cluster";
import { startNbdServer } from "@waystation/nbd/server";
import { createNode } from "@waystation/node/node";
import { joinFronts } from "@waystation/node/standalone-front";
import { createGrpcTransport } from "@waystation/rpc/grpc-transport";
import { formatHostPort, startRpcServer } from "@waystation/rpc/server";
import { openDataDirectory } from "./data-directory.js";
import { daemonFailure } from "./errors.js";
import { createDirectory, extendDirectory, membershipsOf } from "./memberships.js";
import { firstMemberships, presentMemberships } from "./first-memberships.js";
import { followFile } from "./follow-file.js";
import { createLiveConfiguration } from "./live-configuration.js";
import { openJournalFiles, openVolumeJournals } from "./journals.js";
import { openStorage } from "./storage/open-storage.js";

export interface DaemonOptions {
  readonly role: NodeConfig["role"];
  readonly node: string;
  readonly clusterFile: string;
  readonly dataDirectory: string;
  readonly log: Log;
}

/** What a starting daemon tells of itself. */
export interface DaemonSummary {
  readonly grpc: string;
  readonly nbd: string | null;
  readonly volumes: readonly string[];
  readonly arrays: readonly string[];
}

export interface Daemon {
  readonly summary: DaemonSummary;
  /** Lets requests under way end, then closes everything in the reverse order of opening. */
  close(): Promise<void>;
}

export const daemonVersion = "0.1.0";

/** Rejects with a `Failure` that says what is wrong and what to do; whatever was opened by then is closed. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { log } = options;
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) await closer();
  };
  try {
    const cluster = await loadCluster(options.clusterFile);
    const config = nodeOf(cluster, options.node);
    if (config.role !== options.role)
      throw daemonFailure(
        "WRONG_ROLE",
        `${config.name} is a node of role ${config.role} in ${options.clusterFile}: start it with the ${config.role} service`,
      );
    const { dataDirectory } = options;
    const directory = await openDataDirectory({ dataDirectory, cluster: cluster.name, node: config.name });
    const files = await openJournalFiles({ cluster, node: config.name, directory });
    closers.push(() => files.close());
    const storage = await openStorage({ cluster, node: config.name, dataDirectory, log });
    closers.push(() => storage.close());
    const onVolumes = await openVolumeJournals(files, storage.groupVolumes.journalStores);
    closers.push(() => closeAll(onVolumes.values()));
    const journals = new Map([...files.journals, ...onVolumes]);
    const preImages = new Map(files.preImages);
    const late: (() => Promise<void>)[] = [];
    closers.push(async () => {
      for (const closer of late.reverse()) await closer();
    });

    const { stores } = storage.groupVolumes;
    const configured = membershipsOf(cluster, config.name);
    const first = await firstMemberships(directory, configured);
    const hasStore = (volume: VolumeName): boolean => stores.has(volume);
    const present = presentMemberships({ node: config.name, first, journals, hasStore });
    const known = createDirectory(cluster, config.name);
    extendDirectory(known, cluster, [...configured, ...first, ...present]);
    const links = createGrpcTransport({ directory: known, log });
    closers.push(() => Promise.resolve(links.close()));
    const node = createNode(
      { name: config.name, site: config.site, version: daemonVersion, memberships: first },
      {
        clock: systemClock,
        log,
        transport: links.transport,
        uniqueId: randomUUID,
        journals,
        preImages,
        branches: storage.branches,
        stores,
        arrays: () => storage.arrays(),
      },
    );
    closers.push(() => Promise.resolve(node.stop()));
    if (!isDeepStrictEqual(configured, first)) node.configure(configured);
    storage.groupVolumes.showSingles(cluster, (volume) => node.isReplicated(volume));
    const parts = { name: config.name, directory, storage, node, links: known, journals, preImages, closers: late };
    const live = createLiveConfiguration({
      ...{ clusterFile: options.clusterFile, node: config.name, cluster },
      take: (next) => followFile(parts, next),
    });
    const control = { ...node.control, ...live };
    const blocks = joinFronts(node.blocks, storage.standalone);
    closers.push(() => Promise.resolve(storage.standalone.stop()));
    const fronts = { front: blocks, control, storage: storage.front };
    const rpc = await startRpcServer({ listen: config.grpc.listen, ...fronts, transport: links, log });
    closers.push(() => rpc.close());
    if (config.nbd !== null) {
      const nbd = await startNbdServer({ front: blocks, listen: config.nbd.listen, log });
      closers.push(() => nbd.close());
    }
    const summary: DaemonSummary = {
      grpc: formatHostPort(config.grpc.connect),
      nbd: config.nbd === null ? null : formatHostPort(config.nbd.connect),
      volumes: [...stores.keys(), ...storage.standalone.list().map(({ name }) => name)],
      arrays: storage.arrays().map(({ name, level, state }) => `${name} (${level}, ${state})`),
    };
    return { summary, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function closeAll(things: Iterable<{ close(): Promise<void> }>): Promise<void> {
  for (const thing of things) await thing.close();
}
