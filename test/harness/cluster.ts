/**
 * A whole cluster of real processes in a directory of its own. `withCluster` always ends every process that it started
 * and removes the directory; when the test fails, the end of each log is printed first.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectControl, type NodeStatus, type TakeoverResult } from "@waystation/client/control-client";
import {
  defaultShape,
  nodeNames,
  writeClusterFile,
  type Addresses,
  type ClusterShape,
  type Service,
  type TestNode,
  type TestVolume,
} from "./cluster-file.js";
import { openClusterLinks, type ClusterLinks } from "./cluster-links.js";
import { createLog, startDaemonProcess, type DaemonLog, type DaemonProcess, type Exit } from "./daemon-process.js";
import { serviceMain } from "./repository.js";
import { waitUntil, within } from "./wait.js";

export interface TakeoverStep {
  readonly phase: string;
  readonly message: string;
  readonly elapsedMs: number;
}

export interface TakeoverOutcome {
  readonly steps: readonly TakeoverStep[];
  readonly result: TakeoverResult;
}

export interface TakeoverOrder {
  readonly on?: TestNode;
  readonly force?: boolean;
  readonly without?: readonly TestNode[];
  readonly onStep?: (step: TakeoverStep) => void;
}

export interface TestCluster {
  /** Removed at the end, with all that is in it. */
  readonly folder: string;
  readonly clusterFile: string;
  readonly dataDirectory: string;
  readonly addresses: Addresses;
  /** Starts nodes and waits until each says that it is ready. */
  start(...nodes: TestNode[]): Promise<void>;
  /** Starts a node of which it is not known whether it can start. */
  launch(node: TestNode): DaemonProcess;
  /** The running process of a node. */
  process(node: TestNode): DaemonProcess;
  /** Ends nodes at once, with SIGKILL unless told otherwise, and waits until they are gone. */
  end(nodes: readonly TestNode[], signal?: NodeJS.Signals): Promise<Exit[]>;
  /** Kills whatever still runs. */
  endAll(): Promise<void>;
  /** Every line that the node wrote, over all its lives. */
  log(node: TestNode): DaemonLog;
  status(node: TestNode): Promise<NodeStatus>;
  takeover(order?: TakeoverOrder): Promise<TakeoverOutcome>;
  nbdUri(node: TestNode, volume: TestVolume): string;
  nbdPort(node: TestNode): number;
  grpcAddress(node: TestNode): string;
  /** The links between the daemons; only with `links` in the options. */
  readonly links: ClusterLinks;
}

export interface WithClusterOptions {
  readonly shape?: Partial<ClusterShape>;
  /** Daemons reach each other through proxies, which `links` commands. */
  readonly links?: boolean;
  /** Leaves the directory where it is when the test fails, and prints its place. */
  readonly keepOnFailure?: boolean;
  /** The compiled entry point of each service; those of this checkout when left out. */
  readonly serviceMain?: (service: Service) => string;
}

const logTailLines = 25;

/** Nothing runs at first: the body starts what it wants. */
export async function withCluster<T>(
  options: WithClusterOptions,
  body: (cluster: TestCluster) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "waystation-cluster-"));
  let failed = false;
  let stop = async (): Promise<void> => {};
  try {
    const clusterFile = join(folder, "cluster.yaml");
    const addresses = await writeClusterFile(clusterFile, { ...defaultShape, ...options.shape });
    const mainOf = options.serviceMain ?? serviceMain;
    const links = options.links === true ? await openClusterLinks(folder, addresses) : null;
    const { cluster, stopAll, tails } = createCluster({ folder, clusterFile, addresses, mainOf, links });
    stop = async () => {
      await stopAll();
      await links?.close();
    };
    return await body(cluster).catch((error: unknown) => {
      process.stderr.write(tails());
      throw error;
    });
  } catch (error) {
    failed = true;
    throw error;
  } finally {
    await stop();
    if (failed && options.keepOnFailure === true) process.stderr.write(`kept for a look: ${folder}\n`);
    else await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

interface ClusterParts {
  readonly folder: string;
  readonly clusterFile: string;
  readonly addresses: Addresses;
  readonly mainOf: (service: Service) => string;
  readonly links: ClusterLinks | null;
}

function createCluster({ folder, clusterFile, addresses, mainOf, links }: ClusterParts) {
  const dataDirectory = join(folder, "data");
  const logs = new Map(nodeNames.map((node) => [node, createLog()]));
  const running = new Map<TestNode, DaemonProcess>();
  const started: DaemonProcess[] = [];

  const logOf = (node: TestNode): DaemonLog => logs.get(node) ?? createLog();
  const processOf = (node: TestNode): DaemonProcess => {
    const daemon = running.get(node);
    if (daemon === undefined) throw new Error(`${node} was not started`);
    return daemon;
  };
  const grpcAddress = (node: TestNode): string => `127.0.0.1:${addresses[node].grpcPort}`;
  const nbdPort = (node: TestNode): number => {
    const port = addresses[node].nbdPort;
    if (port === null) throw new Error(`${node} has no NBD server`);
    return port;
  };
  const launch = (node: TestNode): DaemonProcess => {
    const seen = links?.fileFor(node, clusterFile) ?? clusterFile;
    const args = ["--node", node, "--cluster", seen, "--data", dataDirectory];
    const daemon = startDaemonProcess(mainOf(addresses[node].service), args, logOf(node));
    logOf(node).lines.push(`-- started, process ${daemon.pid}`);
    running.set(node, daemon);
    started.push(daemon);
    return daemon;
  };

  const stopAll = async (): Promise<void> => {
    await Promise.all(started.filter((daemon) => daemon.running()).map((daemon) => daemon.end("SIGKILL")));
  };

  const cluster: TestCluster = {
    folder,
    clusterFile,
    dataDirectory,
    addresses,
    launch,
    process: processOf,
    async start(...nodes) {
      await Promise.all(nodes.map((node) => within(`the start of ${node}`, 60_000, launch(node).ready)));
    },
    end: (nodes, signal = "SIGKILL") => Promise.all(nodes.map((node) => processOf(node).end(signal))),
    endAll: stopAll,
    log: logOf,
    async status(node) {
      // A connection of its own: one that was refused before would wait its time before it tries again.
      const client = connectControl(grpcAddress(node));
      try {
        return await client.status();
      } finally {
        client.close();
      }
    },
    async takeover({ on = "secondary-a", force = false, without = [], onStep = () => {} } = {}) {
      const client = connectControl(grpcAddress(on));
      const steps: TakeoverStep[] = [];
      try {
        for await (const { phase, message, elapsedMs, result } of client.takeover({
          group: "g1",
          force,
          without,
          dryRun: false,
        })) {
          steps.push({ phase, message, elapsedMs });
          onStep({ phase, message, elapsedMs });
          if (result !== null) return { steps, result };
        }
      } finally {
        client.close();
      }
      throw new Error(`the takeover on ${on} ended without a result after ${steps.at(-1)?.phase ?? "nothing"}`);
    },
    nbdUri: (node, volume) => `nbd://127.0.0.1:${nbdPort(node)}/${volume}`,
    nbdPort,
    grpcAddress,
    get links() {
      if (links === null) throw new Error("this cluster was made without links of its own");
      return links;
    },
  };
  const tails = (): string =>
    nodeNames.map((node) => `== ${node}\n${logOf(node).lines.slice(-logTailLines).join("\n")}\n`).join("");
  return { cluster, stopAll, tails };
}

/** Starts all five, and waits until hosts can write and every write is protected. */
export async function startAll(cluster: TestCluster): Promise<void> {
  await cluster.start(...nodeNames);
  await waitProtected(cluster);
}

/** Waits until both primaries serve hosts and the relay says that what they acknowledge survives them. */
export async function waitProtected(cluster: TestCluster, deadlineMs = 30_000): Promise<void> {
  const isProtected = async (): Promise<boolean> => {
    const [a, b, relay] = await Promise.all([
      cluster.status("primary-a"),
      cluster.status("primary-b"),
      cluster.status("relay-1"),
    ]);
    const open = [a, b].every(({ volumes }) => volumes.every(({ access }) => access === "read-write"));
    return open && relay.groups.every(({ relay: stages }) => stages?.protected === true);
  };
  await waitUntil("both primaries open and protected", isProtected, { deadlineMs });
}

/** Waits until every secondary has applied everything that the relay has stamped; returns that number. */
export function waitSynced(cluster: TestCluster, deadlineMs = 60_000): Promise<number> {
  return waitUntil(
    "every secondary has applied what the relay stamped",
    async () => {
      const stages = (await cluster.status("relay-1")).groups[0]?.relay;
      if (stages === undefined || stages === null) return null;
      const level = stages.secondaries.every(({ connected, applied }) => connected && applied === stages.stamped);
      return level ? stages.stamped : null;
    },
    { deadlineMs },
  );
}
