/**
 * `npm run fuzz -- --seconds N [--target NAME] [--seed S] [--first]`: gives changed inputs to every reader in turn, for so
 * long or until the first finding, and prints a line per reader. A reader that hangs is found by a thread that watches.
 * Exit codes: 0 nothing found, 1 something was (its seed repeats it, its input is kept in the folder that is named), 2
 * wrong usage. What is fuzzed and how: docs/internals/fuzzing.md.
 */
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { createRandom } from "@waystation/contracts/random";
import { findingOf, type FuzzTarget } from "./target.js";
import { fastTargets, wholeTargets } from "./targets.js";

const usage = "Usage: npm run fuzz -- [--seconds N] [--target NAME] [--seed S] [--first]\n";
/** What one reader has before the next one's turn: some take microseconds for an input, others milliseconds. */
const turnMs = 50;
const hangMs = 20_000;
/** A reader that is broken breaks again and again: after so many it is left alone. */
const findingsPerTargetMax = 3;

interface Wanted {
  readonly seconds: number;
  readonly target: string | null;
  readonly seed: number;
  /** Ends with the first finding. */
  readonly first: boolean;
}

function readArguments(): Wanted | null {
  try {
    const text = { type: "string" } as const;
    const options = { seconds: text, target: text, seed: text, first: { type: "boolean" } } as const;
    const { values } = parseArgs({ options });
    const seconds = Number(values.seconds ?? 60);
    const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
    if (seconds > 0 && Number.isSafeInteger(seed)) {
      return { seconds, seed, target: values.target ?? null, first: values.first ?? false };
    }
  } catch {
    // Falls through to the usage.
  }
  process.stderr.write(usage);
  return null;
}

/** Ends the process when `alive` is not called for too long: a reader that loops for ever lets nothing else run. */
function watchForHangs(): { readonly alive: (seed: number) => void; readonly stop: () => Promise<number> } {
  const shared = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(
    `const { workerData } = require("node:worker_threads");
     let before = -1;
     setInterval(() => {
       if (workerData.shared[0] === before) {
         process.stderr.write("HANGS: seed " + workerData.shared[1] + "\\n");
         process.kill(process.pid, "SIGKILL");
       }
       before = workerData.shared[0];
     }, workerData.hangMs);`,
    { eval: true, workerData: { shared, hangMs } },
  );
  worker.unref();
  return {
    alive(seed) {
      shared[0] = (shared[0] ?? 0) + 1;
      shared[1] = seed;
    },
    stop: () => worker.terminate(),
  };
}

async function main(): Promise<number> {
  const wanted = readArguments();
  if (wanted === null) return 2;
  const all = [...fastTargets(), ...(await wholeTargets())];
  const targets = all.filter(({ name }) => wanted.target === null || name === wanted.target);
  if (targets.length === 0) {
    process.stderr.write(`${usage}Targets: ${all.map(({ name }) => name).join(", ")}\n`);
    return 2;
  }
  const watch = watchForHangs();
  const found = await fuzz(targets, wanted, watch.alive);
  await watch.stop();
  return found === 0 ? 0 : 1;
}

interface Tally {
  readonly target: FuzzTarget;
  seed: number;
  inputs: number;
  findings: number;
  ms: number;
}

async function fuzz(targets: readonly FuzzTarget[], wanted: Wanted, alive: (seed: number) => void): Promise<number> {
  const { seed } = wanted;
  const tallies = targets.map((target): Tally => ({ target, seed, inputs: 0, findings: 0, ms: 0 }));
  const startMs = performance.now();
  const endMs = startMs + wanted.seconds * 1000;
  const isEnough = (): boolean => wanted.first && tallies.some(({ findings }) => findings > 0);
  const hasMore = (): boolean => performance.now() < endMs && !isEnough() && tallies.some(isWorthwhile);
  while (hasMore()) {
    for (const tally of tallies) {
      const fromMs = performance.now();
      const untilMs = Math.min(endMs, fromMs + turnMs);
      while (isWorthwhile(tally) && !isEnough() && performance.now() < untilMs) {
        alive(tally.seed);
        tally.findings += await tryOne(tally.target, tally.seed, startMs);
        tally.seed += 1;
        tally.inputs += 1;
      }
      tally.ms += performance.now() - fromMs;
    }
  }
  for (const { target, inputs, findings, ms } of tallies) {
    const rate = Math.round((inputs / Math.max(1, ms)) * 1000);
    process.stdout.write(`${target.name.padEnd(16)} ${inputs} inputs, ${rate}/s, ${findings} findings\n`);
  }
  return tallies.reduce((sum, { findings }) => sum + findings, 0);
}

function isWorthwhile({ findings }: Tally): boolean {
  return findings < findingsPerTargetMax;
}

async function tryOne(target: FuzzTarget, seed: number, startMs: number): Promise<number> {
  const input = target.mutate(createRandom(seed));
  const finding = await findingOf(target, input);
  if (finding === null) return 0;
  const afterSeconds = ((performance.now() - startMs) / 1000).toFixed(1);
  const file = join(tmpdir(), `waystation-fuzz-${target.name}-${seed}.bin`);
  await writeFile(file, input);
  process.stdout.write(`${target.name} seed ${seed}, after ${afterSeconds} s: ${finding}\n  its input: ${file}\n`);
  process.stdout.write(`  again: npm run fuzz -- --target ${target.name} --seed ${seed} --seconds 1\n`);
  return 1;
}

process.exitCode = await main();
