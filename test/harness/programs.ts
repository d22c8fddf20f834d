/**
 * Runs the programs of other projects. One that is not there is a failed test that names the Debian package to
 * install, never a skipped one. Output is bounded, and a program that hangs is ended.
 */
import { execFile } from "node:child_process";

/** Which Debian package brings each program. */
const debianPackages = {
  "nbdinfo": "libnbd-bin",
  "nbdcopy": "libnbd-bin",
  "nbdfuse": "libnbd-bin",
  "nbdkit": "nbdkit",
  "qemu-img": "qemu-utils",
  "qemu-io": "qemu-utils",
  "fio": "fio",
  "mke2fs": "e2fsprogs",
  "e2fsck": "e2fsprogs",
  "debugfs": "e2fsprogs",
  "losetup": "mount",
  "mount": "mount",
  "umount": "mount",
  "dd": "coreutils",
  "mv": "coreutils",
  "rm": "coreutils",
  "sync": "coreutils",
} as const;
export type Program = keyof typeof debianPackages;

export interface ProgramResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const runTimeMs = 120_000;

/** Debian keeps some of these where a plain user does not look. */
export const programEnvironment: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: `/usr/bin:/usr/sbin:/sbin:${process.env["PATH"] ?? ""}`,
  LC_ALL: "C",
};

export function missingProgram(program: Program): Error {
  return new Error(`${program} is not installed, and these tests need it: apt-get install ${debianPackages[program]}`);
}

/** Runs a program to its end, whatever its exit code. Rejects when it is not there or does not end by itself. */
export function run(program: Program, args: readonly string[], timeoutMs = runTimeMs): Promise<ProgramResult> {
  const options = { env: programEnvironment, timeout: timeoutMs, killSignal: "SIGKILL", maxBuffer: 16 << 20 } as const;
  return new Promise((resolve, reject) => {
    execFile(program, [...args], options, (error, stdout, stderr) => {
      if (error?.code === "ENOENT") reject(missingProgram(program));
      else if (error !== null && typeof error.code !== "number")
        reject(new Error(`${program} ${args.join(" ")} did not end by itself: ${stderr}`, { cause: error }));
      else resolve({ exitCode: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

/** Runs a program that must succeed; returns what it printed. */
export async function succeed(program: Program, args: readonly string[], timeoutMs = runTimeMs): Promise<string> {
  const { exitCode, stdout, stderr } = await run(program, args, timeoutMs);
  if (exitCode !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${exitCode}: ${stderr}${stdout}`);
  return stdout;
}
