/**
 * One node with arrays and volumes in no group, as a real process in a directory of its own. `withStorageNode` always ends
 * the process and removes the directory; when the test fails, the end of its log is printed first.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog, startDaemonProcess, type DaemonLog, type DaemonProcess } from "./daemon-process.js";
import { freePorts } from "./loopback-ports.js";
import { connectNbd, type NbdClient } from "./nbd-client.js";
import { serviceMain } from "./repository.js";
import { within } from "./wait.js";

const nodeName = "n1";
const logTailLines = 25;
const commandTimeMs = 120_000;

export interface StorageNodeShape {
  /** As in cluster.yaml, without the node. */
  readonly arrays: readonly object[];
  readonly volumes?: readonly object[];
}

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StorageNode {
  readonly log: DaemonLog;
  readonly grpcAddress: string;
  start(): Promise<void>;
  /** Ends it, with SIGKILL unless told otherwise. */
  end(signal?: NodeJS.Signals): Promise<void>;
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

export async function withStorageNode<T>(shape: StorageNodeShape, body: (node: StorageNode) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "waystation-node-"));
  const log = createLog();
  const running: { daemon: DaemonProcess | null } = { daemon: null };
  try {
    const [grpcPort = 0, nbdPort = 0] = await freePorts(2);
    const clusterFile = join(folder, "cluster.yaml");
    await writeFile(clusterFile, JSON.stringify(clusterOf(shape, grpcPort, nbdPort)));
    return await body(createNode({ folder, clusterFile, log, grpcPort, nbdPort, running }));
  } catch (error) {
    process.stderr.write(`== ${nodeName}\n${log.lines.slice(-logTailLines).join("\n")}\n`);
    throw error;
  } finally {
    if (running.daemon?.running() === true) await running.daemon.end("SIGKILL");
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

interface NodeParts {
  readonly folder: string;
  readonly clusterFile: string;
  readonly log: DaemonLog;
  readonly grpcPort: number;
  readonly nbdPort: number;
  readonly running: { daemon: DaemonProcess | null };
}

function createNode({ folder, clusterFile, log, grpcPort, nbdPort, running }: NodeParts): StorageNode {
  const dataDirectory = join(folder, "data");
  const wayctl = (...args: readonly string[]): Promise<CommandResult> => {
    const command = [serviceMain("wayctl"), "--cluster", clusterFile, ...args];
    return new Promise((resolve) => {
      execFile(process.execPath, command, { timeout: commandTimeMs }, (error, stdout, stderr) => {
        const exitCode = error === null ? 0 : Number(error.code ?? -1);
        resolve({ exitCode, stdout, stderr });
      });
    });
  };
  const succeed = async (...args: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await wayctl(...args);
    if (exitCode !== 0) throw new Error(`wayctl ${args.join(" ")} ended with ${exitCode}: ${stdout}${stderr}`);
    return stdout;
  };
  return {
    log,
    grpcAddress: `127.0.0.1:${grpcPort}`,
    async start() {
      const args = ["--node", nodeName, "--cluster", clusterFile, "--data", dataDirectory];
      running.daemon = startDaemonProcess(serviceMain("primary"), args, log);
      await within(`the start of ${nodeName}`, 60_000, running.daemon.ready);
    },
    async end(signal = "SIGKILL") {
      await running.daemon?.end(signal);
    },
    wayctl,
    succeed,
    ask: async <T>(...args: readonly string[]) => JSON.parse(await succeed("--json", ...args)) as T,
    nbd: (volume) => connectNbd(nbdPort, volume),
    nbdUri: (volume) => `nbd://127.0.0.1:${nbdPort}/${volume}`,
    diskPath: (array, disk) => join(dataDirectory, nodeName, "arrays", array, disk),
  };
}

function clusterOf({ arrays, volumes = [] }: StorageNodeShape, grpcPort: number, nbdPort: number): object {
  const here = { node: nodeName };
  return {
    cluster: "one-node",
    sites: { here: {} },
    nodes: {
      [nodeName]: { site: "here", role: "primary", grpc: `127.0.0.1:${grpcPort}`, nbd: `127.0.0.1:${nbdPort}` },
    },
    arrays: arrays.map((array) => ({ ...here, ...array })),
    volumes: volumes.map((volume) => ({ ...here, ...volume })),
    groups: [],
  };
}
