/**
 * `npm run drill -- --times N [--seed S]`: the drill over and over, one line each, with a seed of its own that repeats
 * its choices. Exit codes: 0 every round went well, 1 one did not or was not run, 2 wrong usage.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeImages } from "./file-system-image.js";
import { noMountsWarning, whyNoMounts } from "./mounted-volume.js";
import { drillLine, runTakeoverDrill, type DrillReport } from "./takeover-drill.js";

const usage = `Usage: npm run drill -- [--times N] [--seed S]

Kills the primary site of a running cluster at a random moment, takes over, and checks what is at the far side.

  --times N   how many rounds, each in a new cluster (default 1)
  --seed S    seed of the first round; the others follow it (default: random)
`;

interface Wanted {
  readonly times: number;
  readonly seed: number;
}

function readArguments(): Wanted | null {
  try {
    const { values } = parseArgs({ options: { times: { type: "string" }, seed: { type: "string" } } });
    const times = Number(values.times ?? 1);
    const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000));
    if (Number.isSafeInteger(times) && times > 0 && Number.isSafeInteger(seed)) return { times, seed };
  } catch {
    // Falls through to the usage.
  }
  process.stderr.write(usage);
  return null;
}

async function main(): Promise<number> {
  const wanted = readArguments();
  if (wanted === null) return 2;
  const folder = await mkdtemp(join(tmpdir(), "waystation-drill-"));
  try {
    return await runRounds(wanted, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runRounds({ times, seed: firstSeed }: Wanted, folder: string): Promise<number> {
  const noMounts = await whyNoMounts(folder);
  if (noMounts !== null) process.stdout.write(noMountsWarning(noMounts));
  const [a, b] = await makeImages(folder, ["a", "b"]);
  if (a === undefined || b === undefined) throw new Error("no images were made");
  const reports: DrillReport[] = [];
  const failedSeeds: number[] = [];
  const interrupted = noteInterrupts();
  for (let round = 1; round <= times && !interrupted(); round++) {
    const seed = firstSeed + round - 1;
    const label = `round ${round}/${times}`;
    try {
      const options = { seed, images: { a, b }, canMount: noMounts === null, keepOnFailure: true };
      const report = await runTakeoverDrill(options);
      reports.push(report);
      process.stdout.write(`${label} ok | ${drillLine(report)}\n`);
    } catch (error) {
      failedSeeds.push(seed);
      process.stdout.write(`${label} FAILED | seed ${seed} | ${describe(error)}\n`);
      process.stdout.write(`  again: npm run drill -- --seed ${seed}\n`);
    }
  }
  process.stdout.write(summary(reports, failedSeeds));
  return failedSeeds.length === 0 && reports.length === times ? 0 : 1;
}

/** The first Ctrl-C lets the round end, so that it leaves no process and no mount behind; the second is obeyed at once. */
function noteInterrupts(): () => boolean {
  let interrupted = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      interrupted = true;
      process.stdout.write("stopping after this round\n");
    });
  return () => interrupted;
}

function summary(reports: readonly DrillReport[], failedSeeds: readonly number[]): string {
  const middle = (values: readonly number[]): number => [...values].sort((x, y) => x - y)[values.length >> 1] ?? 0;
  const range = (values: readonly number[]): string =>
    values.length === 0
      ? "none"
      : `${Math.round(Math.min(...values))} / ${Math.round(middle(values))} / ${Math.round(Math.max(...values))}`;
  const failed = failedSeeds.length === 0 ? "no failure" : `${failedSeeds.length} FAILED (${failedSeeds.join(", ")})`;
  return [
    `${reports.length + failedSeeds.length} rounds, ${failed}`,
    `  acknowledged dependent writes checked: ${reports.reduce((sum, report) => sum + report.acknowledged, 0)}, lost: ${reports.reduce((sum, report) => sum + report.lostWrites, 0)}`,
    `  files checked: ${reports.reduce((sum, report) => sum + report.filesRight, 0)}`,
    `  takeover ms, least / median / most: ${range(reports.map((report) => report.takeoverMs))}`,
    `  RTO ms, least / median / most: ${range(reports.map((report) => report.rtoMs))}`,
    "",
  ].join("\n");
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}

process.exitCode = await main();
