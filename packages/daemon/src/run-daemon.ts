/**
 * What the three services have in common as processes: arguments, logging, signals, exit codes. The caller hands in
 * the process; nothing here reaches for it.
 *
 * Exit codes: 0 stopped as asked, 1 could not start or failed, 2 wrong usage.
 */
import { parseArgs } from "node:util";
import { pino, type Logger } from "pino";
import { Failure, reasonOf } from "@waystation/contracts/errors";
import { startDaemon, type Daemon } from "./daemon.js";
import { tuneHeap } from "./heap.js";

export interface HostProcess {
  /** Arguments after the program's name. */
  readonly arguments: readonly string[];
  exit(code: number): void;
  /** SIGINT and SIGTERM. */
  onStopSignal(callback: () => void): void;
  onCrash(callback: (error: unknown) => void): void;
  /** Calls back when standard input ends. */
  onInputEnd(callback: () => void): void;
  writeError(text: string): void;
}

export interface ServiceOptions {
  /** The role in `cluster.yaml` of the nodes that this service runs. */
  readonly role: "primary" | "intermediate" | "secondary";
  readonly process: HostProcess;
}

const usage = (role: string): string => `Usage: ${role} --node NAME --cluster FILE --data DIR [options]

Runs one ${role} daemon of a Waystation cluster.

  --node NAME           which node of the cluster file this is
  --cluster FILE        the cluster's cluster.yaml
  --data DIR            where nodes keep their data; this one's is DIR/NAME
  --log-level LEVEL     debug, info (default), warn or error
  --exit-with-parent    stop when standard input ends
  --help                this text
`;

export async function runDaemon({ role, process }: ServiceOptions): Promise<void> {
  tuneHeap();
  const parsed = readArguments(process.arguments);
  if (parsed === null || parsed.help === true || parsed.node === undefined) {
    process.writeError(usage(role));
    process.exit(parsed?.help === true ? 0 : 2);
    return;
  }
  const log = pino({ level: parsed["log-level"] ?? "info", base: { node: parsed.node } });
  process.onCrash((error) => {
    log.fatal({ err: error, event: "crashed" }, `bug: ${reasonOf(error)}`);
    process.exit(1);
  });
  if (parsed.cluster === undefined || parsed.data === undefined) {
    process.writeError(usage(role));
    process.exit(2);
    return;
  }
  try {
    const daemon = await startDaemon({
      role,
      node: parsed.node,
      clusterFile: parsed.cluster,
      dataDirectory: parsed.data,
      log,
    });
    stopWhenAsked(daemon, log, process, parsed["exit-with-parent"] === true);
    log.info({ event: "ready", ...daemon.summary }, "ready");
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    log.fatal({ event: "failed", code: error.code }, error.message);
    process.exit(1);
  }
}

function readArguments(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        "node": { type: "string" },
        "cluster": { type: "string" },
        "data": { type: "string" },
        "log-level": { type: "string" },
        "exit-with-parent": { type: "boolean" },
        "help": { type: "boolean" },
      },
    }).values;
  } catch {
    return null;
  }
}

function stopWhenAsked(daemon: Daemon, log: Logger, process: HostProcess, exitWithParent: boolean): void {
  let stopping = false;
  const stop = (why: string): void => {
    if (stopping) return;
    stopping = true;
    log.info({ event: "stopping" }, `stopping: ${why}`);
    daemon.close().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, `stopped with a failure: ${reasonOf(error)}`);
        process.exit(1);
      },
    );
  };
  process.onStopSignal(() => stop("asked by a signal"));
  if (exitWithParent) process.onInputEnd(() => stop("the parent is gone"));
}
