/**
 * Nodes with arrays and volumes in no group, as real processes in a directory of their own. Whatever was started is always
 * ended and the directory removed; when the test fails, the end of each log is printed first.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog, startDaemonProcess, type DaemonLog, type DaemonProcess, type Exit } from "./daemon-process.js";
import { freePorts } from "./loopback-ports.js";
import { connectNbd, type NbdClient } from "./nbd-client.js";
import { serviceMain } from "./repository.js";
import { waitUntil, within } from "./wait.js";
import { wayctl as runWayctl, type CommandResult } from "./wayctl.js";

const logTailLines = 25;
const sayMs = 60_000;

export interface StorageNodeShape {
  /** As in cluster.yaml, without the node. */
  readonly arrays: readonly object[];
  readonly volumes?: readonly object[];
}

export interface StorageNode {
  /** Removed at the end, with all that is in it. */
  readonly folder: string;
  readonly log: DaemonLog;
  readonly grpcAddress: string;
  start(): Promise<void>;
  /** Ends it, with SIGKILL unless told otherwise. */
  end(signal?: NodeJS.Signals): Promise<Exit | null>;
  /** Resolves when it logs such a message after this call. */
  says(message: RegExp): Promise<void>;
  wayctl(...args: readonly string[]): Promise<CommandResult>;
  /** Runs a command that must end with 0; returns what it printed. */
  succeed(...args: readonly string[]): Promise<string>;
  /** The same, with `--json`. */
  ask<T>(...args: readonly string[]): Promise<T>;
  nbd(volume: string): Promise<NbdClient>;
  nbdUri(volume: string): string;
  /** Where a disk, or a spare, keeps what it has. */
  diskPath(array: string, disk: string): string;
}

/** One node, named n1. */
export function withStorageNode<T>(shape: StorageNodeShape, body: (node: StorageNode) => Promise<T>): Promise<T> {
  return withStorageNodes({ n1: shape }, ({ n1 }) => body(n1));
}

/** Nodes by name, in one cluster. Nothing runs at first. */
export async function withStorageNodes<Name extends string, T>(
  shapes: Readonly<Record<Name, StorageNodeShape>>,
  body: (nodes: Readonly<Record<Name, StorageNode>>) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "waystation-node-"));
  const names = Object.keys(shapes) as Name[];
  const started: NodeParts[] = [];
  try {
    const ports = await freePorts(2 * names.length);
    const clusterFile = join(folder, "cluster.yaml");
    for (const name of names) {
      const [grpcPort = 0, nbdPort = 0] = ports.splice(0, 2);
      started.push({ name, folder, clusterFile, log: createLog(), grpcPort, nbdPort, running: { daemon: null } });
    }
    await writeFile(clusterFile, JSON.stringify(clusterOf(started, shapes)));
    const nodes = Object.fromEntries(started.map((parts) => [parts.name, createNode(parts)]));
    return await body(nodes as Record<Name, StorageNode>);
  } catch (error) {
    for (const { name, log } of started)
      process.stderr.write(`== ${name}\n${log.lines.slice(-logTailLines).join("\n")}\n`);
    throw error;
  } finally {
    for (const { running } of started) if (running.daemon?.running() === true) await running.daemon.end("SIGKILL");
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

interface NodeParts {
  readonly name: string;
  readonly folder: string;
  readonly clusterFile: string;
  readonly log: DaemonLog;
  readonly grpcPort: number;
  readonly nbdPort: number;
  readonly running: { daemon: DaemonProcess | null };
}

function createNode({ name, folder, clusterFile, log, grpcPort, nbdPort, running }: NodeParts): StorageNode {
  const dataDirectory = join(folder, "data");
  const wayctl = (...args: readonly string[]): Promise<CommandResult> => runWayctl(clusterFile, ...args);
  const succeed = async (...args: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await wayctl(...args);
    if (exitCode !== 0) throw new Error(`wayctl ${args.join(" ")} ended with ${exitCode}: ${stdout}${stderr}`);
    return stdout;
  };
  return {
    folder,
    log,
    grpcAddress: `127.0.0.1:${grpcPort}`,
    async start() {
      const args = ["--node", name, "--cluster", clusterFile, "--data", dataDirectory];
      running.daemon = startDaemonProcess(serviceMain("primary"), args, log);
      await within(`the start of ${name}`, 60_000, running.daemon.ready);
    },
    end: async (signal = "SIGKILL") => (await running.daemon?.end(signal)) ?? null,
    async says(message) {
      const before = new Set(log.entries);
      const isSaid = (): boolean => log.entries.some((entry) => !before.has(entry) && message.test(entry.msg ?? ""));
      await waitUntil(`${name} says ${message.source}`, isSaid, { deadlineMs: sayMs, pollMs: 1 });
    },
    wayctl,
    succeed,
    ask: async <T>(...args: readonly string[]) => JSON.parse(await succeed("--json", ...args)) as T,
    nbd: (volume) => connectNbd(nbdPort, volume),
    nbdUri: (volume) => `nbd://127.0.0.1:${nbdPort}/${volume}`,
    diskPath: (array, disk) => join(dataDirectory, name, "arrays", array, disk),
  };
}

function clusterOf(nodes: readonly NodeParts[], shapes: Readonly<Record<string, StorageNodeShape>>): object {
  const ofAll = (pick: (shape: StorageNodeShape) => readonly object[]): object[] =>
    Object.entries(shapes).flatMap(([node, shape]) => pick(shape).map((one) => ({ node, ...one })));
  const addresses = nodes.map(({ name, grpcPort, nbdPort }) => {
    return [name, { site: "here", role: "primary", grpc: `127.0.0.1:${grpcPort}`, nbd: `127.0.0.1:${nbdPort}` }];
  });
  return {
    cluster: "under-test",
    sites: { here: {} },
    nodes: Object.fromEntries(addresses) as object,
    arrays: ofAll(({ arrays }) => arrays),
    volumes: ofAll(({ volumes = [] }) => volumes),
    groups: [],
  };
}
