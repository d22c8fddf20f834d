/** Runs fio against an NBD export or a file and reads its figures. An aborted run rejects, so that all is cleared up. */
import { execFile } from "node:child_process";
import { missingProgram, programEnvironment } from "../../harness/programs.js";
import { isRead, type Load } from "./loads.js";

export interface LoadFigures {
  readonly perSecond: number;
  readonly count: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** Of the flushes; 0 where there are none. */
  readonly flushP50Us: number;
  readonly flushP99Us: number;
}

interface Latency {
  readonly percentile?: Readonly<Record<string, number>>;
}
interface Direction {
  readonly iops: number;
  readonly total_ios: number;
  readonly clat_ns: Latency;
}
interface Report {
  readonly jobs: readonly {
    readonly read: Direction;
    readonly write: Direction;
    readonly sync: { readonly lat_ns?: Latency };
  }[];
}

const graceMs = 60_000;
const slowestBytesPerMs = 5_000;
const outputBytesMax = 16 * 1024 * 1024;

export interface FioOptions {
  /** `--ioengine=nbd --uri=...`, or a file and an engine. */
  readonly target: readonly string[];
  readonly load: Load;
  readonly areaBytes: number;
  readonly seconds: number;
  readonly abort: AbortSignal;
}

export async function runFio({ target, load, areaBytes, seconds, abort }: FioOptions): Promise<LoadFigures> {
  const printed = await fio(
    [
      ...target,
      `--bs=${load.blockBytes}`,
      `--rw=${load.pattern}`,
      `--iodepth=${load.depth}`,
      `--size=${areaBytes}`,
      ...(load.flush ? [flushArgument(target)] : []),
      ...["--time_based", `--runtime=${seconds}`, "--randrepeat=0", "--norandommap", "--refill_buffers"],
      // Without this fio syncs at the end of a run: a flush that no load asked for.
      "--end_fsync=0",
    ],
    seconds * 1000 + graceMs,
    abort,
  );
  const job = (JSON.parse(printed.slice(printed.indexOf("{"))) as Report).jobs[0];
  if (job === undefined) throw new Error("fio reported no job");
  const { iops, total_ios: count, clat_ns: latency } = isRead(load) ? job.read : job.write;
  return {
    perSecond: iops,
    count,
    p50Us: percentileUs(latency, "50.000000"),
    p99Us: percentileUs(latency, "99.000000"),
    flushP50Us: percentileUs(job.sync.lat_ns ?? {}, "50.000000"),
    flushP99Us: percentileUs(job.sync.lat_ns ?? {}, "99.000000"),
  };
}

/** Writes the whole area once, so that no load meets a hole. */
export async function prefill(target: readonly string[], areaBytes: number, abort: AbortSignal): Promise<void> {
  const shape = ["--bs=1M", "--rw=write", "--iodepth=4", `--size=${areaBytes}`, "--refill_buffers"];
  await fio([...target, ...shape], graceMs + Math.ceil(areaBytes / slowestBytesPerMs), abort);
}

export function nbdTarget(uri: string): readonly string[] {
  return ["--ioengine=nbd", `--uri=${uri}`];
}

/** fio's NBD engine knows one kind of flush; a file has a cheaper one. */
function flushArgument(target: readonly string[]): string {
  return target.includes("--ioengine=nbd") ? "--fsync=1" : "--fdatasync=1";
}

function fio(args: readonly string[], timeout: number, signal: AbortSignal): Promise<string> {
  const options = { env: programEnvironment, timeout, maxBuffer: outputBytesMax, signal } as const;
  return new Promise((resolve, reject) => {
    execFile("fio", ["--name=bench", "--output-format=json", ...args], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if (error.code === "ENOENT") reject(missingProgram("fio"));
      else reject(new Error(`fio ${args.join(" ")}: ${stderr}`, { cause: error }));
    });
  });
}

function percentileUs({ percentile }: Latency, which: string): number {
  return (percentile?.[which] ?? 0) / 1000;
}
