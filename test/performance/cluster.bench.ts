/**
 * `npm run bench -- [--quick] [--json FILE] [--rounds N] [--seconds S] [--only PART,...] [--profile DIR]`: the whole cluster
 * against nbdkit, QEMU's mirror job and the disk, all on this machine and in this run. Exit codes: 0 measured (whether
 * or not the goals were reached), 1 something broke, 2 wrong usage.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { mebibyte } from "../harness/cluster-file.js";
import { measureEndurance, type EndurancePhase } from "./cluster/endurance.js";
import { goalsOf } from "./cluster/goals.js";
import { allLoads, keyLoads, quickLoads } from "./cluster/loads.js";
import { adapters, ownTarget, withOwnCluster } from "./cluster/own-cluster.js";
import { withPeers } from "./cluster/peers.js";
import { profileDaemons } from "./cluster/profile.js";
import { measureRecovery, type RecoveryTime, type TakeoverTime } from "./cluster/recovery.js";
import * as report from "./cluster/report.js";
import {
  measureDurability,
  measureSpeed,
  medianCells,
  ratioOf,
  type DurabilityRow,
  type SpeedCell,
} from "./cluster/speed.js";
import type { Effort, Target } from "./cluster/target.js";

const usage = `Usage: npm run bench -- [options]

Measures the cluster, with the relay's journal in LevelDB and on a volume, against QEMU's mirror job and nbdkit.

  --quick          about a minute: one short round of the loads that goals are set for, and no minutes of memory
  --json FILE      writes every figure to FILE too
  --rounds N       rounds of each load, peers taking turns (default 5; quick 1)
  --seconds S      how long each load runs in a round (default 3; quick 1)
  --memory S       how long each load of the memory part runs (default 60; quick 3)
  --only PARTS     of speed,syncs,memory,recovery, comma-separated (default all)
  --profile DIR    instead of all that: processor profiles of each daemon under 4k random writes, depth 16
`;

const parts = ["speed", "syncs", "memory", "recovery"] as const;
type Part = (typeof parts)[number];

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

interface Measured {
  rounds: SpeedCell[][];
  durability: DurabilityRow[];
  endurance: EndurancePhase[];
  recovery: RecoveryTime[];
  takeovers: TakeoverTime[];
}

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
  const measured = await measure(wanted, effort);
  process.stdout.write(tables(measured));
  if (wanted.json !== null) await writeJson(wanted.json, wanted, measured);
  return 0;
}

async function measure({ only, quick, memorySeconds }: Wanted, effort: Effort): Promise<Measured> {
  const measured: Measured = { rounds: [], durability: [], endurance: [], recovery: [], takeovers: [] };
  if (only.includes("speed") || only.includes("syncs")) {
    await withTargets(effort, async (targets, disk) => {
      if (only.includes("speed")) {
        const loads = quick ? quickLoads : allLoads;
        measured.rounds = await measureSpeed({ targets, disk, loads }, effort, sayCell);
      }
      if (only.includes("syncs"))
        measured.durability = await measureDurability(targets, [keyLoads.smallWriteFlush, keyLoads.smallWrite], effort);
    });
  }
  for (const adapter of adapters) {
    if (only.includes("memory")) {
      const long = { ...effort, seconds: memorySeconds };
      const phases = await measureEndurance(adapter, long, ({ phase, seconds }) =>
        say(`${adapter}: ${phase}: ${seconds.toFixed(1)} s`),
      );
      measured.endurance.push(...phases);
    }
    if (only.includes("recovery")) {
      const { recovery, takeover } = await measureRecovery(adapter, effort);
      measured.recovery.push(...recovery);
      measured.takeovers.push(takeover);
      say(`${adapter}: takeover of an idle group: ${takeover.openMs.toFixed(0)} ms`);
    }
  }
  return measured;
}

function sayCell(round: number, { load, target, perSecond }: SpeedCell): void {
  say(`round ${round + 1}: ${load}: ${target}: ${perSecond.toFixed(0)} per s`);
}

/** Two clusters of ours and the peers, all up at once, so that rounds can take turns; only one is under load. */
async function withTargets(
  effort: Effort,
  body: (targets: readonly Target[], disk: Target) => Promise<void>,
): Promise<void> {
  const { areaBytes, abort } = effort;
  const folder = await mkdtemp(join(tmpdir(), "waystation-bench-"));
  // Small journals: what is measured is the state that lasts, in which space is used again.
  const shape = { relayJournal: "1GiB", secondaryJournal: "1GiB" };
  try {
    await withPeers({ folder, areaBytes, abort }, ({ nbdkit, mirror, disk }) =>
      withOwnCluster({ adapter: "leveldb", areaBytes, shape, abort }, (level) =>
        withOwnCluster({ adapter: "volume", areaBytes, shape, abort }, (volume) =>
          body([ownTarget("leveldb", level), mirror, ownTarget("volume", volume), nbdkit], disk),
        ),
      ),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function tables({ rounds, durability, endurance, recovery, takeovers }: Measured): string {
  const sections: string[] = [];
  const add = (title: string, body: string): void => void sections.push(`\n## ${title}\n\n${body}`);
  if (rounds.length > 0) {
    const cells = medianCells(rounds);
    const ratio = (load: string, ours: string, peer: string) => ratioOf(rounds, { load, ours, peer });
    add(`Speed: medians of ${rounds.length} rounds`, report.speedTable(cells, ratio));
    add("Processor time", report.processorTable(cells));
  }
  if (durability.length > 0) add("What waits for the medium", report.durabilityTable(durability));
  if (endurance.length > 0) add("Memory, and the far leg's lag", report.enduranceTable(endurance));
  if (takeovers.length > 0) add("Recovery and takeover", report.recoveryTable(recovery, takeovers));
  const goals = goalsOf({ rounds, endurance, takeovers });
  if (goals.length > 0) add("Goals", report.goalTable(goals));
  return sections.join("");
}

async function writeJson(path: string, wanted: Wanted, measured: Measured): Promise<void> {
  const machine = { processors: cpus().length, model: cpus()[0]?.model ?? "", node: process.version };
  const { rounds, endurance, takeovers } = measured;
  const results = { machine, options: wanted, goals: goalsOf({ rounds, endurance, takeovers }), ...measured };
  await writeFile(path, `${JSON.stringify({ ...results, medians: medianCells(rounds) }, null, 2)}\n`);
}

process.exitCode = await main();
