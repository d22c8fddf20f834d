/**
 * One daemon as a child process, with its log kept. It ends when this process does, however that happens: it watches
 * its standard input. Signals go to the process that was started here, by its id, and to nothing else.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { daemonEnvironment } from "@waystation/daemon/heap";
import { within } from "./wait.js";

export interface LogEntry {
  readonly level?: number;
  readonly event?: string;
  readonly code?: string;
  readonly msg?: string;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The lines that a daemon wrote, oldest first; the last thousand are kept. */
export interface DaemonLog {
  readonly entries: LogEntry[];
  readonly lines: string[];
}

const linesMax = 1000;

export interface DaemonProcess {
  readonly pid: number;
  /** Resolves when the daemon says that it is ready; rejects with its own last message when it ended before. */
  readonly ready: Promise<void>;
  readonly exited: Promise<Exit>;
  running(): boolean;
  signal(signal: NodeJS.Signals): void;
  /** Sends a signal that ends it, and waits until it is gone. */
  end(signal: NodeJS.Signals): Promise<Exit>;
}

export function createLog(): DaemonLog {
  return { entries: [], lines: [] };
}

export function startDaemonProcess(main: string, args: readonly string[], log: DaemonLog): DaemonProcess {
  const child = spawn(process.execPath, [main, ...args, "--exit-with-parent"], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, ...daemonEnvironment },
    // Ctrl-C is for the program that runs the test, which ends what it started in order.
    detached: true,
  });
  child.stdin.on("error", () => {});
  let exit: Exit | null = null;
  let lastMessage = "";
  let markReady = (): void => {};
  const becameReady = new Promise<void>((resolve) => (markReady = resolve));

  const take = (line: string): void => {
    log.lines.push(line);
    const entry = parseEntry(line);
    if (entry !== null) log.entries.push(entry);
    if (log.lines.length > linesMax) log.lines.shift();
    if (log.entries.length > linesMax) log.entries.shift();
    lastMessage = entry?.msg ?? line;
    if (entry?.event === "ready") markReady();
  };
  createInterface({ input: child.stdout }).on("line", take);
  createInterface({ input: child.stderr }).on("line", take);

  // "close" comes after the last line; "exit" may come before it.
  const exited = new Promise<Exit>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      exit = { code, signal };
      log.lines.push(`-- ended: ${signal ?? `exit code ${code ?? "unknown"}`}`);
      resolve(exit);
    });
  });
  const endedEarly = exited.then(({ code, signal }) => {
    throw new Error(`ended before it was ready (${signal ?? `exit code ${code ?? "unknown"}`}): ${lastMessage}`);
  });
  const ready = Promise.race([becameReady, endedEarly]);
  // Not every test waits for these, and those that do get the rejection all the same.
  for (const promise of [endedEarly, ready]) promise.catch(() => {});

  return {
    pid: child.pid ?? -1,
    ready,
    exited,
    running: () => exit === null,
    signal: (signal) => void child.kill(signal),
    async end(signal) {
      child.kill(signal);
      return within(`${signal} to ${args.join(" ")}`, 20_000, exited);
    },
  };
}

function parseEntry(line: string): LogEntry | null {
  try {
    return JSON.parse(line) as LogEntry;
  } catch {
    return null;
  }
}
