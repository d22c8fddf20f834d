/** What a process has resident, as the kernel counts it. */
import { readFile } from "node:fs/promises";

export async function residentBytes(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, "utf8");
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1];
  if (kibibytes === undefined) throw new Error(`process ${pid} has no resident memory: has it ended?`);
  return Number(kibibytes) * 1024;
}

export interface MemoryWatch {
  /** The most that was seen. */
  mostBytes(): number;
  stop(): Promise<void>;
}

const sampleMs = 20;

/** Looks again and again until it is stopped. */
export async function watchMemory(pid: number): Promise<MemoryWatch> {
  let most = await residentBytes(pid);
  const progress = { stopped: false };
  const watching = (async () => {
    while (!progress.stopped) {
      most = Math.max(most, await residentBytes(pid));
      await new Promise((resolve) => setTimeout(resolve, sampleMs));
    }
  })();
  watching.catch(() => {});
  return {
    mostBytes: () => most,
    async stop() {
      progress.stopped = true;
      await watching;
    },
  };
}
