/**
 * `npm run power -- --times N [--seed S] [--mutant NAME] [--folder DIR]`: power cuts over and over, one line a round.
 * With `--mutant` the daemons lack one sync, by a patch of test/mutants, and a round that fails is what is wanted. Exit
 * codes: 0 every round went well (with a mutant: one failed), 1 one did not (with a mutant: none failed), 2 wrong usage,
 * 3 this machine cannot do it.
 */
import { existsSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { mebibyte, type Service } from "../../harness/cluster-file.js";
import { repositoryRoot, serviceMain as ownServiceMain } from "../../harness/repository.js";
import { Late } from "../../harness/wait.js";
import { makeSourceCopy, patchFileOf } from "../../mutants/source-copy.js";
import { runPowerDrill, type PowerDrillOptions, type PowerDrillReport } from "./power-drill.js";
import { whyNoPowerStore } from "./power-store.js";
import { durableSyncs } from "./syncs.js";

/** What is removed, and the rounds that show it best. */
const mutants = new Map(
  durableSyncs.flatMap(({ shownBy }) => ("mutant" in shownBy ? [[shownBy.mutant, shownBy.course] as const] : [])),
);

const usage = `Usage: npm run power -- [--times N] [--seed S] [--mutant NAME] [--folder DIR]

Cuts the power of daemons whose storage drops what was not synced, at random moments, and checks that nothing
acknowledged is lost. Needs root, /dev/fuse, loop devices, nbdfuse.

  --times N      how many rounds, each in a new cluster (default 1)
  --seed S       seed of the first round; the others follow it (default: random)
  --mutant NAME  remove a sync first, or "all" one after the other, and expect a round to fail; may be repeated:
                 ${[...mutants.keys()].join("\n                 ")}
  --like NAME    rounds as for that mutant, without it
  --folder DIR   where disk images are kept (default: the system's folder for temporary files)
`;

const text = { type: "string" } as const;
const optionNames = {
  times: text,
  seed: text,
  mutant: { type: "string", multiple: true },
  like: text,
  folder: text,
} as const;

interface Wanted {
  readonly times: number;
  readonly seed: number;
  readonly mutants: readonly string[];
  /** The mutant whose rounds are run on the unbroken product. */
  readonly like: string | null;
  readonly folder: string;
}

function readArguments(): Wanted | null {
  try {
    const { values } = parseArgs({ options: optionNames });
    const times = Number(values.times ?? 1);
    const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000));
    const named = values.mutant ?? [];
    const names = named.includes("all") ? [...mutants.keys()] : named;
    const wanted = { times, seed, mutants: names, like: values.like ?? null, folder: values.folder ?? tmpdir() };
    if (
      [...names, ...(wanted.like === null ? [] : [wanted.like])].every((name) => mutants.has(name)) &&
      Number.isSafeInteger(times) &&
      times > 0 &&
      Number.isSafeInteger(seed)
    )
      return wanted;
  } catch {
    // Falls through to the usage.
  }
  process.stderr.write(usage);
  return null;
}

async function main(): Promise<number> {
  const wanted = readArguments();
  if (wanted === null) return 2;
  const folder = await mkdtemp(join(wanted.folder, "waystation-power-"));
  try {
    const reason = await whyNoPowerStore(folder);
    if (reason !== null) {
      process.stderr.write(`power: this machine cannot cut the power of its daemons' storage:\n  ${reason}\n`);
      return 3;
    }
    return wanted.mutants.length === 0
      ? await runSound(wanted, folder)
      : await runMutants(wanted.mutants, wanted, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runSound({ times, seed, like }: Wanted, folder: string): Promise<number> {
  let failed = 0;
  for (let round = 1; round <= times; round++) {
    const outcome = await runRound(`round ${round}/${times}`, {
      seed: seed + round - 1,
      folder,
      serviceMain: ownServiceMain,
      course: mutants.get(like ?? "") ?? {},
    });
    if (outcome !== "ok") failed += 1;
    if (breaking.signal.aborted) break;
  }
  process.stdout.write(`${times} rounds, ${failed === 0 ? "no failure" : `${failed} FAILED`}\n`);
  return failed === 0 ? 0 : 1;
}

/**
 * One after the other. That the copy works where nothing is broken is tried beforehand: what cannot start at all is
 * caught by everything.
 */
async function runMutants(names: readonly string[], wanted: Wanted, folder: string): Promise<number> {
  const copy = await makeSourceCopy();
  try {
    for (const part of ["services", "proto"])
      await cp(join(repositoryRoot, part), join(copy.folder, part), { recursive: true });
    const serviceMain = (service: Service): string => join(copy.folder, "services", service, "dist", "main.js");
    const control = await runRound("without a mutant", { seed: wanted.seed, folder, serviceMain });
    if (control !== "ok") return 1;
    const survivors: string[] = [];
    for (const name of names) {
      const runs = (): Promise<boolean> => isCaught(name, wanted, { folder, serviceMain });
      if (!(await copy.mutated(patchOf(name), runs))) survivors.push(name);
      if (breaking.signal.aborted) break;
    }
    const verdict = survivors.length === 0 ? "all caught" : `NOT CAUGHT: ${survivors.join(", ")}`;
    process.stdout.write(`${names.length} mutants, ${verdict}\n`);
    return survivors.length === 0 ? 0 : 1;
  } finally {
    await copy.remove();
  }
}

/** Ends with the first round that fails. */
async function isCaught(
  name: string,
  { times, seed }: Wanted,
  parts: Pick<PowerDrillOptions, "folder" | "serviceMain">,
): Promise<boolean> {
  for (let round = 1; round <= times; round++) {
    const options = { ...parts, seed: seed + round - 1, course: mutants.get(name) ?? {} };
    const outcome = await runRound(`${name} round ${round}/${times}`, options);
    // That something took too long may have other reasons than the mutant.
    if (outcome === "ok" || outcome === "late") continue;
    if (outcome === "no cut") return false;
    process.stdout.write(`${name}: caught in round ${round}\n`);
    return true;
  }
  process.stdout.write(`${name}: SURVIVED ${times} rounds\n`);
  return false;
}

function patchOf(name: string): string {
  const own = join(repositoryRoot, "test", "drills", "power", "mutants", `${name}.patch`);
  return existsSync(own) ? own : patchFileOf(name);
}

/** Ctrl-C: what is mounted would outlive this process. */
const breaking = new AbortController();
const brokenOff = new Promise<never>((_resolve, reject) => {
  breaking.signal.addEventListener("abort", () => reject(new Error("broken off")));
});
brokenOff.catch(() => {});

type Outcome = "ok" | "failed" | "late" | "no cut";

async function runRound(label: string, options: Omit<PowerDrillOptions, "brokenOff" | "onCut">): Promise<Outcome> {
  let cuts = 0;
  const startedMs = performance.now();
  const seconds = (): string => `${Math.round((performance.now() - startedMs) / 1000)} s`;
  try {
    const report = await runPowerDrill({ ...options, onCut: () => (cuts += 1), brokenOff });
    process.stdout.write(`${label} ok | seed ${options.seed} | ${roundLine(report)} | ${seconds()}\n`);
    return "ok";
  } catch (error) {
    const reason = error instanceof Error ? describe(error) : String(error);
    const when = cuts === 0 ? "before any cut" : `after cut ${cuts}`;
    process.stdout.write(`${label} FAILED ${when} | seed ${options.seed} | ${reason} | ${seconds()}\n`);
    if (cuts === 0 || breaking.signal.aborted) return "no cut";
    return error instanceof Late ? "late" : "failed";
  }
}

function roundLine({ journals, cuts, ending, acknowledged, prefix, loadBytes }: PowerDrillReport): string {
  const dark = cuts.map((nodes) => (nodes.length === 5 ? "all" : nodes.join("+"))).join(", ");
  const load = `${Math.round(loadBytes / mebibyte)} MiB of load`;
  return `journals: ${journals} | cut ${dark} | ${ending} | ${load} | last acknowledged ${acknowledged} | found exactly 1..${prefix}`;
}

function describe(error: Error): string {
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => breaking.abort());
// What was broken off may still wait for something.
process.exit(await main());
