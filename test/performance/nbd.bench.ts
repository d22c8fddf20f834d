// The NBD front end against nbdkit, both in processes of their own, driven by fio (ioengine=nbd), turn by turn.
//
//   npx tsc -b test && node node_modules/.cache/test-build/performance/nbd.bench.js [--seconds 2] [--rounds 3]
//
// Needs the Debian packages nbdkit and fio. Prints the median of the rounds and the ratio for each shape of load. All
// share one machine, fio included: the ratios say more than the figures.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { silentLog } from "@waystation/contracts/log";
import { createMemoryFront } from "@waystation/nbd/memory-front";
import { startNbdServer } from "@waystation/nbd/server";
import { succeed } from "../interop/nbd-clients.js";
import { createFileFront } from "./file-front.js";

const sizeBytes = 512 * 1024 * 1024;

interface Shape {
  readonly blockSize: "4k" | "64k";
  readonly pattern: "randread" | "randwrite" | "read" | "write";
  readonly depth: number;
}

const shapes: readonly Shape[] = [
  ...[1, 16, 64].flatMap((depth) => [
    { blockSize: "4k", pattern: "randread", depth } as const,
    { blockSize: "4k", pattern: "randwrite", depth } as const,
  ]),
  { blockSize: "64k", pattern: "read", depth: 16 },
  { blockSize: "64k", pattern: "write", depth: 16 },
];

interface Target {
  readonly uri: string;
  readonly child: ChildProcess;
}

/** Runs this very file as the server under test: `path` empty means memory. */
async function serve(path: string): Promise<void> {
  const front =
    path === "" ? createMemoryFront({ volumes: [{ name: "bench", sizeBytes }] }) : createFileFront("bench", path);
  const server = await startNbdServer({ front, listen: { host: "127.0.0.1", port: 0 }, log: silentLog });
  process.stdout.write(`${server.address.port}\n`);
}

async function startWaystation(path: string): Promise<Target> {
  const args = [fileURLToPath(import.meta.url), "--serve", path];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { uri: `nbd://127.0.0.1:${Number(line.toString())}/bench`, child };
}

async function startNbdkit(path: string): Promise<Target> {
  const port = await freePort();
  const plugin = path === "" ? ["memory", String(sizeBytes)] : ["file", path];
  const args = ["--foreground", "--ipaddr", "127.0.0.1", "--port", String(port), ...plugin];
  const child = spawn("nbdkit", args, { stdio: "ignore" });
  child.once("error", (error) => {
    throw new Error("nbdkit is needed to compare with: apt-get install nbdkit", { cause: error });
  });
  while (!(await answers(port))) await new Promise((resolve) => setImmediate(resolve));
  return { uri: `nbd://127.0.0.1:${port}`, child };
}

/** A port that was free a moment ago: nbdkit does not tell which one it took. */
async function freePort(): Promise<number> {
  const front = createMemoryFront({ volumes: [] });
  const server = await startNbdServer({ front, listen: { host: "127.0.0.1", port: 0 }, log: silentLog });
  await server.close();
  return server.address.port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("error", () => {
      resolve(false);
    });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

interface FioReport {
  readonly jobs: readonly { readonly read: { readonly iops: number }; readonly write: { readonly iops: number } }[];
}

/** Operations per second. */
async function measure(target: Target, shape: Shape, seconds: number): Promise<number> {
  const load = [`--bs=${shape.blockSize}`, `--rw=${shape.pattern}`, `--iodepth=${shape.depth}`, `--size=${sizeBytes}`];
  const time = ["--time_based", `--runtime=${seconds}`, "--ramp_time=0.5", "--randrepeat=0"];
  const printed = await succeed("fio", [
    "--name=bench",
    "--ioengine=nbd",
    `--uri=${target.uri}`,
    "--output-format=json",
    ...load,
    ...time,
  ]);
  const report = JSON.parse(printed.slice(printed.indexOf("{"))) as FioReport;
  return report.jobs.reduce((sum, job) => sum + job.read.iops + job.write.iops, 0);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

interface CompareOptions {
  readonly title: string;
  readonly path: string;
  readonly seconds: number;
  readonly rounds: number;
}

async function compare({ title, path, seconds, rounds }: CompareOptions): Promise<void> {
  const [ours, theirs] = [await startWaystation(path), await startNbdkit(path)];
  try {
    console.log(`\n${title}: operations per second, median of ${rounds}\n`);
    console.log("| load | depth | waystation | nbdkit | ratio |");
    console.log("|---|---:|---:|---:|---:|");
    for (const shape of shapes) {
      const figures: { readonly ours: number; readonly theirs: number }[] = [];
      for (let round = 0; round < rounds; round++)
        figures.push({ ours: await measure(ours, shape, seconds), theirs: await measure(theirs, shape, seconds) });
      const [a, b] = [median(figures.map((f) => f.ours)), median(figures.map((f) => f.theirs))];
      const row = [`${shape.blockSize} ${shape.pattern}`, shape.depth, a.toFixed(0), b.toFixed(0), (a / b).toFixed(2)];
      console.log(`| ${row.join(" | ")} |`);
    }
  } finally {
    for (const { child } of [ours, theirs]) child.kill();
  }
}

const { values } = parseArgs({
  options: {
    serve: { type: "string" },
    seconds: { type: "string", default: "2" },
    rounds: { type: "string", default: "3" },
  },
});

if (values.serve !== undefined) {
  await serve(values.serve);
} else {
  const effort = { seconds: Number(values.seconds), rounds: Number(values.rounds) };
  const folder = await mkdtemp(join(tmpdir(), "waystation-bench-"));
  try {
    const path = join(folder, "disk.img");
    await writeFile(path, "");
    await truncate(path, sizeBytes);
    await compare({ title: "memory", path: "", ...effort });
    await compare({ title: "one file, not synced", path, ...effort });
  } finally {
    await rm(folder, { recursive: true });
  }
}
