/** `npm start` without its build: the launcher as a child process, with what it printed. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Exit } from "./daemon-process.js";
import { serviceMain } from "./repository.js";
import { waitUntil } from "./wait.js";

export interface Launcher {
  readonly lines: readonly string[];
  readonly exited: Promise<Exit>;
  running(): boolean;
  /** Waits for a line that it prints, and returns it. Rejects when it ends without having printed one. */
  line(pattern: RegExp): Promise<string>;
  signal(signal: NodeJS.Signals): void;
}

export function startLauncher(args: readonly string[]): Launcher {
  const child = spawn(process.execPath, [serviceMain("local"), ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const lines: string[] = [];
  let running = true;
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  createInterface({ input: child.stderr }).on("line", (line) => lines.push(line));
  const exited = new Promise<Exit>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      running = false;
      resolve({ code, signal });
    });
  });
  return {
    lines,
    exited,
    running: () => running,
    async line(pattern) {
      const found = await waitUntil(
        `the launcher prints ${pattern.source}`,
        () => lines.find((line) => pattern.test(line)) ?? (running ? null : ""),
        { deadlineMs: 60_000 },
      );
      if (found !== "") return found;
      throw new Error(`the launcher ended without ${pattern.source}; it printed:\n${lines.join("\n")}`);
    },
    signal: (signal) => void child.kill(signal),
  };
}
