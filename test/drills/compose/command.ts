/** Runs programs to their end. Output is bounded, and a program that hangs is ended. */
import { execFile } from "node:child_process";

export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly timeoutMs?: number;
}

export interface CommandResult {
  /** -1 when the program is not there, or did not end by itself. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const defaultTimeoutMs = 120_000;
const outputBytesMax = 64 << 20;

/** Resolves whatever the exit code. */
export function tryCommand(
  command: readonly string[],
  { env, cwd, timeoutMs = defaultTimeoutMs }: CommandOptions = {},
): Promise<CommandResult> {
  const [program = "", ...args] = command;
  return new Promise((resolve) => {
    const options = { env: env ?? process.env, cwd, timeout: timeoutMs, maxBuffer: outputBytesMax };
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      resolve({ exitCode, stdout, stderr: stderr === "" && error !== null ? error.message : stderr });
    });
    // Compose passes on what it reads, and waits for its end.
    child.stdin?.end();
  });
}

/** Standard output; rejects with what the program said when it failed. */
export async function runCommand(command: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { exitCode, stdout, stderr } = await tryCommand(command, options);
  if (exitCode === 0) return stdout;
  const said = `${stderr}\n${stdout}`.trim().split("\n").slice(-15).join("\n  ");
  throw new Error(`${command.join(" ")} failed (${exitCode}):\n  ${said}`);
}
