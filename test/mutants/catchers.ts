/**
 * What catches a mutant: the simulator within a number of seeds, or unit tests. Each runs in a copy of the sources and
 * tells what it saw. That something went wrong is not enough: a simulator that does not start, or a test file that does
 * not load, has caught nothing.
 */
import { execFile } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";

export type Catcher =
  { readonly kind: "simulator"; readonly seedsMax: number } | { readonly kind: "unit-tests"; readonly file: string };

/** Null: nothing was seen. */
export type Sighting = { readonly what: string; readonly seed: number | null } | null;

const runTimeMs = 900_000;

export function simulator(seedsMax: number): Catcher {
  return { kind: "simulator", seedsMax };
}

export function unitTests(file: string): Catcher {
  return { kind: "unit-tests", file };
}

/** Runs a catcher in the copy at `folder`. Rejects when it could not run to its end. */
export function runCatcher(folder: string, catcher: Catcher): Promise<Sighting> {
  return catcher.kind === "simulator"
    ? runSimulator(folder, { firstSeed: 1, runs: catcher.seedsMax })
    : runUnitTests(folder, [catcher.file]);
}

export async function runSimulator(folder: string, seeds: { firstSeed: number; runs: number }): Promise<Sighting> {
  const args = ["packages/sim/dist/main.js", "--seed", String(seeds.firstSeed), "--runs", String(seeds.runs)];
  const { exitCode, output } = await runNode(folder, args);
  if (exitCode === 0) return null;
  const violation = /^seed (\d+) \([^)]*\): (.+) at [\d.]+ ms/m.exec(output);
  if (exitCode !== 1 || violation === null) throw new Error(`the simulator ended with ${exitCode}: ${output}`);
  return { what: violation[2] ?? "", seed: Number(violation[1]) };
}

interface TestReport {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** The files are relative to the root. Sees the first test that fails. */
export async function runUnitTests(folder: string, files: readonly string[]): Promise<Sighting> {
  const reportFile = join(folder, "test-report.json");
  const options = ["run", "--project", "unit", "--bail", "1", "--reporter", "json", "--outputFile", reportFile];
  const { exitCode, output } = await runNode(folder, ["node_modules/vitest/vitest.mjs", ...options, ...files]);
  if (exitCode === 0) return null;
  const text = await readFile(reportFile, "utf8").catch(() => null);
  if (text === null) throw new Error(`the tests ended with ${exitCode}: ${output}`);
  await rm(reportFile);
  const report = JSON.parse(text) as TestReport;
  for (const { assertionResults } of report.testResults)
    for (const { status, fullName } of assertionResults) if (status === "failed") return { what: fullName, seed: null };
  throw new Error(`the tests failed without a failed test: ${report.testResults.map(({ message }) => message).join()}`);
}

function runNode(folder: string, args: readonly string[]): Promise<{ exitCode: number; output: string }> {
  const env = { ...process.env, TEST_RESULTS_DIR: undefined };
  const options = { cwd: folder, env, timeout: runTimeMs, killSignal: "SIGKILL", maxBuffer: 64 << 20 } as const;
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [...args], options, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : error.code;
      if (typeof exitCode === "number") resolve({ exitCode, output: stdout + stderr });
      else reject(new Error(`node ${args.join(" ")} did not end by itself`, { cause: error }));
    });
  });
}
