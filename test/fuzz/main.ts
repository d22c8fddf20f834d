/**
 * `npm run fuzz -- --seconds N [--target NAME] [--seed S]`: gives changed inputs to every reader in turn, for so long,
 * and prints a line per reader. A reader that hangs is found by a thread that watches. Exit codes: 0 nothing found, 1
 * something was (its seed repeats it, its input is kept in the folder that is named), 2 wrong usage.
 */
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { createRandom } from "@waystation/contracts/random";
import { storageTargets } from "./storage-targets.js";
import { findingOf, type FuzzTarget } from "./target.js";
import { wireTargets } from "./wire-targets.js";

const usage = "Usage: npm run fuzz -- [--seconds N] [--target NAME] [--seed S]\n";
/** Inputs to one reader before the next one's turn. */
const roundsPerTurn = 50;
const hangMs = 20_000;

interface Wanted {
  readonly seconds: number;
  readonly target: string | null;
  readonly seed: number;
}

function readArguments(): Wanted | null {
  try {
    const options = { seconds: { type: "string" }, target: { type: "string" }, seed: { type: "string" } } as const;
    const { values } = parseArgs({ options });
    const seconds = Number(values.seconds ?? 60);
    const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
    if (seconds > 0 && Number.isSafeInteger(seed)) return { seconds, seed, target: values.target ?? null };
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
  const all = [...wireTargets(), ...(await storageTargets())];
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

async function fuzz(targets: readonly FuzzTarget[], wanted: Wanted, alive: (seed: number) => void): Promise<number> {
  const tallies = targets.map((target) => ({ target, inputs: 0, findings: 0, ms: 0 }));
  const endMs = performance.now() + wanted.seconds * 1000;
  for (let seed = wanted.seed; performance.now() < endMs; seed += roundsPerTurn) {
    for (const tally of tallies) {
      const startedMs = performance.now();
      for (let round = 0; round < roundsPerTurn && performance.now() < endMs; round++) {
        alive(seed + round);
        tally.inputs += 1;
        tally.findings += await tryOne(tally.target, seed + round);
      }
      tally.ms += performance.now() - startedMs;
    }
  }
  for (const { target, inputs, findings, ms } of tallies) {
    const rate = Math.round((inputs / Math.max(1, ms)) * 1000);
    process.stdout.write(`${target.name.padEnd(16)} ${inputs} inputs, ${rate}/s, ${findings} findings\n`);
  }
  return tallies.reduce((sum, { findings }) => sum + findings, 0);
}

async function tryOne(target: FuzzTarget, seed: number): Promise<number> {
  const input = target.mutate(createRandom(seed));
  const finding = await findingOf(target, input);
  if (finding === null) return 0;
  const file = join(tmpdir(), `waystation-fuzz-${target.name}-${seed}.bin`);
  await writeFile(file, input);
  process.stdout.write(`${target.name} seed ${seed}: ${finding}\n  its input: ${file}\n`);
  process.stdout.write(`  again: npm run fuzz -- --target ${target.name} --seed ${seed} --seconds 1\n`);
  return 1;
}

process.exitCode = await main();
