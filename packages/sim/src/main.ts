/**
 * `npm run sim -- --seed N --runs M [--journeys] [--verbose]`: runs M seeds from N on, says every hundred runs how far it
 * is, and at a violation which checker saw it, when, and the command that repeats it. Exit code 1 then.
 */
import { parseArgs } from "node:util";
import { createNode } from "@waystation/node/node";
import { runJourney } from "./journeys/journey.js";
import { runSeed, type RunResult } from "./run.js";

const usage = `usage: npm run sim -- [--seed N] [--runs M] [--journeys] [--verbose]

Runs M seeds (1000) from N (1) on: one small cluster each, with its hosts, faults and takeovers, on virtual time.
  --journeys  each seed goes through several bad days, and finds its way home from each: suspensions, copy runs, swaps,
              lost and replaced nodes
  --verbose   prints what happens, for one seed at best
  --help      prints this
Exit code: 0 no violation; 1 a violation, and how to repeat it; 2 wrong usage.`;

interface Command {
  readonly seed: number;
  readonly runs: number;
  readonly journeys: boolean;
  readonly verbose: boolean;
  readonly help: boolean;
}

function readCommand(args: readonly string[]): Command {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: "string" },
      runs: { type: "string" },
      journeys: { type: "boolean" },
      verbose: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  const count = (name: "seed" | "runs", otherwise: number): number => {
    const text = values[name];
    if (text === undefined) return otherwise;
    if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} takes a whole number, not "${text}"`);
    return Number(text);
  };
  return {
    seed: count("seed", 1),
    runs: count("runs", 1000),
    journeys: values.journeys === true,
    verbose: values.verbose === true,
    help: values.help === true,
  };
}

function onUncaught(report: (reason: unknown) => void): () => void {
  process.on("unhandledRejection", report);
  process.on("uncaughtException", report);
  return () => {
    process.off("unhandledRejection", report);
    process.off("uncaughtException", report);
  };
}

/** What both kinds of runs tell. */
type Outcome = Pick<RunResult, "seed" | "violation" | "events" | "faults" | "requests" | "virtualMs"> & {
  readonly what: string;
};

async function runOne(command: Command, seed: number): Promise<Outcome> {
  const print = command.verbose ? (line: string) => process.stdout.write(`${line}\n`) : undefined;
  const options = { seed, buildNode: createNode, onUncaught, print };
  if (command.journeys) {
    const journey = await runJourney(options);
    return { ...journey, what: journey.legs.join(" ") };
  }
  const run = await runSeed(options);
  return { ...run, what: run.ending };
}

function describeViolation(command: Command, { seed, what, violation }: Outcome): string {
  if (violation === null) return "";
  return [
    `seed ${seed} (${what}): ${violation.checker} at ${violation.atMs.toFixed(3)} ms of virtual time:`,
    `  ${violation.message}`,
    `repeat with: npm run sim -- --seed ${seed} --runs 1${command.journeys ? " --journeys" : ""} --verbose`,
  ].join("\n");
}

async function main(command: Command): Promise<number> {
  if (command.help) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const startedMs = performance.now();
  let events = 0;
  let faults = 0;
  let requests = 0;
  let virtualMs = 0;
  for (let run = 1; run <= command.runs; run++) {
    const seed = command.seed + run - 1;
    const result = await runOne(command, seed);
    if (result.violation !== null) {
      process.stdout.write(`${describeViolation(command, result)}\n`);
      return 1;
    }
    events += result.events;
    faults += result.faults;
    requests += result.requests;
    virtualMs += result.virtualMs;
    if (run % 100 === 0 || run === command.runs) {
      const seconds = (performance.now() - startedMs) / 1000;
      process.stdout.write(
        `${run} runs, seeds ${command.seed}..${seed}: no violation; ${faults} faults, ${requests} host requests, ` +
          `${(virtualMs / 60_000).toFixed(0)} virtual minutes; ${(run / seconds).toFixed(0)} runs/s, ` +
          `${(faults / seconds).toFixed(0)} faults/s, ${(events / seconds).toFixed(0)} events/s\n`,
      );
    }
  }
  return 0;
}

// Whoever reads along may stop reading.
process.stdout.on("error", () => process.exit());

try {
  process.exitCode = await main(readCommand(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}\n`);
  process.exitCode = 2;
}
