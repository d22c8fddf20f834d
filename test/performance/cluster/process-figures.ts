/** What the kernel tells of a process: time on a processor, resident memory, and calls that wait for the medium. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { programEnvironment } from "../../harness/programs.js";

/** USER_HZ: 100 on every Linux that Node runs on. */
const tickMs = 10;
const mebibyteInKibibytes = 1024;

/** Time on processors so far, of all threads, in user and kernel. */
export async function processorMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  // The second field is the name in parentheses, and may hold blanks.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}

export async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / mebibyteInKibibytes;
}

/** Calls after which data is on the medium. */
export interface DurableCalls {
  /** fdatasync and fsync. */
  readonly syncs: number;
  /** Writes with O_DSYNC: those that threads other than the main one make, since only they may wait. */
  readonly durableWrites: number;
}

const events = ["fdatasync", "fsync", "pwrite64", "pwritev"].map((call) => `syscalls:sys_enter_${call}`);

/**
 * Counts by the kernel's tracepoints (`perf stat`), which slow nothing down as a tracer would. `done` ends the count, and
 * is null where perf is missing or not allowed.
 */
export function countDurableCalls(pid: number): { readonly done: () => Promise<DurableCalls | null> } {
  const args = ["stat", "--per-thread", "-x", ";", "-e", events.join(","), "-p", String(pid)];
  const child = spawn("perf", args, { env: programEnvironment, stdio: ["ignore", "ignore", "pipe"] });
  const printed = text(child.stderr);
  // Not installed, or not allowed: it then prints no counts.
  const ended = once(child, "close").catch(() => {});
  return {
    async done() {
      child.kill("SIGINT");
      const [output] = await Promise.all([printed, ended]);
      return readCounts(output, pid);
    },
  };
}

/** Lines such as `node-1234;17;;syscalls:sys_enter_fdatasync;...`; threads that made no call have none. */
function readCounts(output: string, pid: number): DurableCalls | null {
  let [syncs, durableWrites, lines] = [0, 0, 0];
  for (const line of output.split("\n")) {
    const [thread = "", value = "", , event = ""] = line.split(";");
    if (!event.startsWith("syscalls:")) continue;
    lines++;
    const count = Number(value) || 0;
    if (event.endsWith("sync")) syncs += count;
    else if (!thread.endsWith(`-${pid}`)) durableWrites += count;
  }
  return lines === 0 ? null : { syncs, durableWrites };
}
