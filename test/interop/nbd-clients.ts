/**
 * Runs the NBD client programs of other projects. A program that is not there is a failed test that names the
 * Debian package to install, never a skipped one. Output is bounded; a program that hangs is ended.
 */
import { execFile } from "node:child_process";

/** Which Debian package brings each program. */
const debianPackages = {
  "nbdinfo": "libnbd-bin",
  "nbdcopy": "libnbd-bin",
  "nbdsh": "python3-libnbd",
  "qemu-img": "qemu-utils",
  "qemu-io": "qemu-utils",
  "fio": "fio",
} as const;
export type NbdClient = keyof typeof debianPackages;

export interface ClientResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const runTimeMs = 120_000;

/** Runs a client to its end, whatever its exit code. */
export function runClient(program: NbdClient, args: readonly string[]): Promise<ClientResult> {
  // nbdsh starts `python3`, and only the system's own has its module.
  const env = { ...process.env, PATH: `/usr/bin:${process.env["PATH"] ?? ""}` };
  return new Promise((resolve, reject) => {
    execFile(program, [...args], { env, timeout: runTimeMs, maxBuffer: 1 << 20 }, (error, stdout, stderr) => {
      if (error?.code === "ENOENT") {
        const name = debianPackages[program];
        reject(new Error(`${program} is not installed, and these tests need it: apt-get install ${name}`));
      } else if (error !== null && typeof error.code !== "number") {
        reject(new Error(`${program} ${args.join(" ")} did not end by itself: ${stderr}`, { cause: error }));
      } else {
        resolve({ exitCode: Number(error?.code ?? 0), stdout, stderr });
      }
    });
  });
}

/** Runs a client that must succeed; returns what it printed. */
export async function succeed(program: NbdClient, args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runClient(program, args);
  if (exitCode !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${exitCode}: ${stderr}${stdout}`);
  return stdout;
}
