/**
 * `npm run bench -- [--quick] [--json FILE] [--rounds N] [--seconds S] [--only PART,...] [--profile DIR]`: the whole cluster
 * against nbdkit, QEMU's mirror job and the disk, all on this machine and in this run. Exit codes: 0 measured (whether
 * or not the goals were reached), 1 something broke, 2 wrong usage.
 */
import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { mebibyte } from "../harness/cluster-file.js";
import { goalsOf } from "./cluster/goals.js";
import { allLoads, keyLoads, quickLoads } from "./cluster/loads.js";
import { adapters } from "./cluster/own-cluster.js";
import { measure, parts, tablesOf, type Measured, type Part } from "./cluster/parts.js";
import { profileDaemons } from "./cluster/profile.js";
import { medianCells } from "./cluster/speed.js";
import type { Effort } from "./cluster/target.js";

const usage = `Usage: npm run bench -- [options]

Measures the cluster, with the relay's journal in LevelDB and on a volume, against QEMU's mirror job and nbdkit.

  --quick          about a minute: one short round of the loads that goals are set for, and no minutes of memory
  --json FILE      writes every figure to FILE too
  --rounds N       rounds of each load, peers taking turns (default 5; quick 1)
  --seconds S      how long each load runs in a round (default 3; quick 1)
  --memory S       how long each load of the memory and lag parts runs (default 60; quick 3)
  --only PARTS     of ${parts.join(",")}, comma-separated (default all):
                   speed, syncs   loads against the peers; calls that wait for the medium
                   memory         a minute each with everything up, with a secondary that stands still or is gone
                   recovery       daemons killed under load; takeover of an idle group
                   lag            a minute of writes to both volumes: does the far leg keep up?
                   backlog        a takeover that has a journal to drain
                   copy           a whole volume to another node, against nbdcopy
                   link           a far leg of 50 ms and 1 Gb/s: how full it gets, and who notices
                   volumes        what a write costs among 2 volumes, and among 200
  --profile DIR    instead of all that: processor profiles of each daemon under 4k random writes, depth 16
`;

interface Wanted {
  readonly quick: boolean;
  readonly json: string | null;
  readonly rounds: number;
  readonly seconds: number;
  readonly memorySeconds: number;
  readonly areaMiB: number;
  readonly only: readonly Part[];
  readonly profile: string | null;
}

function readArguments(): Wanted | null {
  try {
    const { values } = parseArgs({
      options: {
        quick: { type: "boolean", default: false },
        json: { type: "string" },
        rounds: { type: "string" },
        seconds: { type: "string" },
        memory: { type: "string" },
        only: { type: "string", default: parts.join(",") },
        profile: { type: "string" },
      },
    });
    const { quick } = values;
    const wanted = values.only.split(",");
    const only = parts.filter((part) => wanted.includes(part));
    const numbers = {
      rounds: Number(values.rounds ?? (quick ? 1 : 5)),
      seconds: Number(values.seconds ?? (quick ? 1 : 3)),
      memorySeconds: Number(values.memory ?? (quick ? 3 : 60)),
    };
    const valid = Object.values(numbers).every((value) => Number.isSafeInteger(value) && value > 0);
    if (valid && only.length === wanted.length)
      return {
        quick,
        only,
        ...numbers,
        areaMiB: quick ? 128 : 512,
        json: values.json ?? null,
        profile: values.profile ?? null,
      };
  } catch {
    // Falls through to the usage.
  }
  process.stderr.write(usage);
  return null;
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(): Promise<number> {
  const wanted = readArguments();
  if (wanted === null) return 2;
  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupted.abort());
  const { rounds, seconds } = wanted;
  const effort: Effort = { areaBytes: wanted.areaMiB * mebibyte, seconds, rounds, abort: interrupted.signal };
  return run(wanted, effort).catch((error: unknown) => {
    // Whatever broke then, broke because of it; everything has been cleared up by now.
    if (!interrupted.signal.aborted) throw error;
    say("interrupted");
    return 1;
  });
}

async function run(wanted: Wanted, effort: Effort): Promise<number> {
  if (wanted.profile !== null) {
    for (const adapter of adapters) {
      const options = { load: keyLoads.smallWrite, effort, folder: wanted.profile };
      for (const path of await profileDaemons(adapter, options)) process.stdout.write(`${path}\n`);
    }
    return 0;
  }
  const { only, quick, memorySeconds } = wanted;
  const loads = quick ? quickLoads : allLoads;
  const measured = await measure({ only, loads, memorySeconds, backlogMiB: quick ? 64 : 256, say }, effort);
  process.stdout.write(tablesOf(measured));
  if (wanted.json !== null) await writeJson(wanted.json, wanted, measured);
  return 0;
}

async function writeJson(path: string, wanted: Wanted, measured: Measured): Promise<void> {
  const machine = { processors: cpus().length, model: cpus()[0]?.model ?? "", node: process.version };
  const results = { machine, options: wanted, goals: goalsOf(measured), ...measured };
  await writeFile(path, `${JSON.stringify({ ...results, medians: medianCells(measured.rounds) }, null, 2)}\n`);
}

process.exitCode = await main();
