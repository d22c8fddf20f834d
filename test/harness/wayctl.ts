/** Runs the built command line as an operator does. */
import { execFile } from "node:child_process";
import { serviceMain } from "./repository.js";

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const runTimeMs = 120_000;

/** Runs it to its end, whatever its exit code; -1 when it had to be ended. */
export function wayctl(clusterFile: string, ...args: readonly string[]): Promise<CommandResult> {
  const command = [serviceMain("wayctl"), "--cluster", clusterFile, ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, command, { timeout: runTimeMs, maxBuffer: 16 << 20 }, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : Number(error.code ?? -1);
      resolve({ exitCode, stdout, stderr });
    });
  });
}
