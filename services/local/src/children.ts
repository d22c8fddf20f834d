/**
 * The daemons as child processes. Each logs JSON lines to its standard output, which are kept in a file per node; the
 * line with `event: "ready"` or `event: "failed"` tells how its start went. A child stops when its standard input ends,
 * so none outlives this launcher, however it dies. DATA/NODE.pid holds its process id while it runs.
 */
import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import { daemonEnvironment } from "@waystation/daemon/heap";
import type { Cluster, NodeConfig } from "@waystation/config/cluster";

export interface ReadySummary {
  readonly grpc: string;
  readonly nbd: string | null;
  readonly arrays: readonly string[];
}

export interface Child {
  readonly node: NodeConfig;
  readonly logFile: string;
  /** The command that runs this daemon by hand. */
  readonly command: string;
  /** Rejects with the daemon's own message when it could not start. */
  readonly ready: Promise<ReadySummary>;
  /** Resolves with how it ended. Never rejects. */
  readonly ended: Promise<string>;
  /** Asks it to stop, and ends it by force if it takes too long. */
  stop(): Promise<void>;
}

export interface ChildrenOptions {
  readonly repository: string;
  readonly cluster: Cluster;
  readonly clusterFile: string;
  readonly dataDirectory: string;
}

const stopGraceMs = 10_000;

export function startChildren(options: ChildrenOptions): Child[] {
  const logDirectory = join(options.dataDirectory, "logs");
  mkdirSync(logDirectory, { recursive: true });
  return options.cluster.nodes.map((node) => startChild(node, options, join(logDirectory, `${node.name}.log`)));
}

function startChild(node: NodeConfig, options: ChildrenOptions, logFile: string): Child {
  const main = join(options.repository, "services", node.role, "dist", "main.js");
  const shared = ["--node", node.name, "--cluster", options.clusterFile, "--data", options.dataDirectory];
  const child = spawn(process.execPath, [main, ...shared, "--exit-with-parent"], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, ...daemonEnvironment },
    // Their own process group: Ctrl-C reaches this launcher alone, which stops them in order.
    detached: true,
  });
  const pidFile = join(options.dataDirectory, `${node.name}.pid`);
  if (child.pid !== undefined) writeFileSync(pidFile, `${child.pid}\n`);
  const log = createWriteStream(logFile, { flags: "a" });
  child.stdin.on("error", () => {});
  child.stderr.pipe(log, { end: false });

  let exited = false;
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => {
      exited = true;
      resolve(`could not be run: ${error.message}`);
    });
    child.once("exit", (code, signal) => {
      exited = true;
      rmSync(pidFile, { force: true });
      resolve(signal === null ? `ended with exit code ${code ?? 0}` : `was killed by ${signal}`);
    });
  });
  const ready = new Promise<ReadySummary>((resolve, reject) => {
    let reason: string | null = null;
    createInterface({ input: child.stdout }).on("line", (line) => {
      log.write(`${line}\n`);
      const entry = parseLine(line);
      if (entry?.event === "ready") resolve(entry as unknown as ReadySummary);
      if (entry?.event === "failed" || entry?.event === "crashed") reason = entry.msg ?? null;
    });
    void ended.then((how) => {
      // The last lines may still be in the pipe when the process is gone.
      child.stdout.once("close", () => reject(new Error(`${node.name} ${how}: ${reason ?? `see ${logFile}`}`)));
      if (child.stdout.closed) reject(new Error(`${node.name} ${how}: ${reason ?? `see ${logFile}`}`));
    });
  });
  // Whoever does not wait for it any more must not bring the launcher down.
  ready.catch(() => {});

  return {
    node,
    logFile,
    command: ["node", relative(process.cwd(), main), ...shared].join(" "),
    ready,
    ended,
    async stop() {
      if (exited) return;
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), stopGraceMs);
      await ended;
      clearTimeout(timer);
      log.end();
    },
  };
}

function parseLine(line: string): { event?: string; msg?: string } | null {
  try {
    return JSON.parse(line) as { event?: string; msg?: string };
  } catch {
    return null;
  }
}
