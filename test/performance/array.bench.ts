/**
 * A RAID-5 volume of 4 + 1 disks without replication, with and without checksums, through our NBD server against nbdkit's
 * file plugin on the same file system: each in a process of its own, driven by fio in turns, prefilled, nothing flushed
 * while a load runs. Ratios are taken within a round; the median of the rounds is told.
 *
 *     npx tsc -b test && node node_modules/.cache/test-build/performance/array.bench.js [--quick] [--json FILE]
 *       [--rounds N] [--seconds S] [--mib N] [--kinds plain,checksums] [--folder DIR] [--profile DIR]
 *
 * Needs fio and nbdkit. Exit codes: 0 measured (whether or not the goals were reached), 1 something broke.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import type { ChildProcess } from "node:child_process";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { mebibyte } from "../harness/cluster-file.js";
import { arrayKinds, withOwnArray, type ArrayKind } from "./array/own-array.js";
import { nbdTarget, prefill } from "./cluster/fio.js";
import type { Goal } from "./cluster/goals.js";
import { keyLoads, largeRead, type Load } from "./cluster/loads.js";
import { endChild, makeFile, peer, startNbdkit } from "./cluster/peers.js";
import { goalTable, table } from "./cluster/report.js";
import { measureSpeed, medianCells, ratioOf, type SpeedCell } from "./cluster/speed.js";
import type { Effort, Target } from "./cluster/target.js";

const least: readonly { readonly load: Load; readonly ratio: number }[] = [
  { load: keyLoads.largeWrite, ratio: 0.5 },
  { load: largeRead, ratio: 0.8 },
  { load: keyLoads.smallWrite, ratio: 0.35 },
  { load: keyLoads.smallRead, ratio: 1 },
];
const loads = least.map(({ load }) => load);
/** Of what the array does without them. */
const checksumsLeast = 0.8;

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "string" },
    rounds: { type: "string" },
    seconds: { type: "string" },
    mib: { type: "string", default: "512" },
    kinds: { type: "string", default: arrayKinds.join(",") },
    folder: { type: "string", default: tmpdir() },
    profile: { type: "string" },
  },
});
const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupted.abort());
const effort: Effort = {
  areaBytes: Number(values.mib) * mebibyte,
  seconds: Number(values.seconds ?? (values.quick ? 1 : 3)),
  rounds: Number(values.rounds ?? (values.quick ? 1 : 5)),
  abort: interrupted.signal,
};
const kinds = arrayKinds.filter((kind) => values.kinds.split(",").includes(kind));
const profileFolder = values.profile ?? null;

async function withNbdkit<T>(folder: string, body: (target: Target) => Promise<T>): Promise<T> {
  const children: ChildProcess[] = [];
  try {
    const file = await makeFile(join(folder, "nbdkit.img"), effort.areaBytes);
    const { port, pid } = await startNbdkit(file, children);
    const target = peer("nbdkit", nbdTarget(`nbd://127.0.0.1:${port}`), { nbdkit: pid }, [file]);
    await prefill(target.fio, effort.areaBytes, effort.abort);
    await target.settle();
    return await body(target);
  } finally {
    await Promise.all(children.map(endChild));
  }
}

function withArrays<T>(
  folder: string,
  left: readonly ArrayKind[],
  body: (targets: Target[]) => Promise<T>,
): Promise<T> {
  const [kind, ...others] = left;
  if (kind === undefined) return body([]);
  const options = { kind, folder, areaBytes: effort.areaBytes, abort: effort.abort, profileFolder };
  return withOwnArray(options, (target) => withArrays(folder, others, (targets) => body([target, ...targets])));
}

function goalsOf(rounds: readonly (readonly SpeedCell[])[]): Goal[] {
  const goal = (load: string, ours: string, peer: string, wanted: number): Goal[] => {
    const found = ratioOf(rounds, { load, ours, peer });
    return found === null
      ? []
      : [{ what: `${load}: ${ours} / ${peer}`, wanted: `>= ${wanted}`, found, reached: found >= wanted }];
  };
  return [
    ...least.flatMap(({ load, ratio }) => goal(load.name, "plain", "nbdkit", ratio)),
    ...loads.flatMap(({ name }) => goal(name, "checksums", "plain", checksumsLeast)),
  ];
}

function speedTable(cells: readonly SpeedCell[]): string {
  return table(
    ["load", "target", "I/O per s", "MB/s", "p50 us", "p99 us", "CPU us per I/O"],
    cells.map(({ load, target, perSecond, p50Us, p99Us, processorUs }) => {
      const { blockBytes } = loads.find(({ name }) => name === load)!;
      const busy = Object.values(processorUs).reduce((a, b) => a + b, 0);
      const figures = [perSecond, (perSecond * blockBytes) / 1e6, p50Us, p99Us, busy];
      return [load, target, ...figures.map((figure) => figure.toFixed(0))];
    }),
  );
}

if (profileFolder !== null) await mkdir(profileFolder, { recursive: true });
const folder = await mkdtemp(join(values.folder, "waystation-array-"));
try {
  const rounds = await withNbdkit(folder, (nbdkit) =>
    withArrays(folder, kinds, (arrays) => {
      // No load flushes, so the yardstick for those that do is never asked.
      return measureSpeed({ targets: [...arrays, nbdkit], disk: nbdkit, loads }, effort, (round, cell) => {
        process.stderr.write(`round ${round + 1}: ${cell.load}: ${cell.target}: ${cell.perSecond.toFixed(0)} per s\n`);
      });
    }),
  );
  const goals = goalsOf(rounds);
  const cells = medianCells(rounds);
  process.stdout.write(`\n${speedTable(cells)}\n${goalTable(goals)}`);
  if (values.json !== undefined) {
    const machine = { processors: cpus().length, model: cpus()[0]?.model ?? "", node: process.version };
    await writeFile(
      values.json,
      `${JSON.stringify({ machine, options: values, goals, medians: cells, rounds }, null, 2)}\n`,
    );
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
