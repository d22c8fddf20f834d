/** An array of ours as a target: `serve.ts` in a process of its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { nbdTarget, prefill } from "../cluster/fio.js";
import type { Target } from "../cluster/target.js";

export const arrayKinds = ["plain", "checksums"] as const;
export type ArrayKind = (typeof arrayKinds)[number];

export interface OwnArrayOptions {
  readonly kind: ArrayKind;
  /** Where its disks are made. */
  readonly folder: string;
  readonly areaBytes: number;
  readonly abort: AbortSignal;
  /** Where its processor profile goes, if one is wanted. */
  readonly profileFolder: string | null;
}

/** Starts the server, fills the volume, ends the server when the body has ended. */
export async function withOwnArray<T>(options: OwnArrayOptions, body: (target: Target) => Promise<T>): Promise<T> {
  const { kind, areaBytes, abort, profileFolder } = options;
  const folder = join(options.folder, kind);
  await mkdir(folder, { recursive: true });
  const script = fileURLToPath(new URL("./serve.js", import.meta.url));
  const profiling = profileFolder === null ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileFolder}`];
  const child = spawn(process.execPath, [...profiling, script, folder, String(areaBytes), kind], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = once(child, "exit");
  const answer = async (): Promise<string> => {
    const line: IteratorResult<string, undefined> = await lines.next();
    if (line.done === true) throw new Error(`the server of the ${kind} array has ended`);
    return line.value;
  };
  try {
    const fio = nbdTarget(`nbd://127.0.0.1:${await answer()}/vol`);
    const target: Target = {
      name: kind,
      fio,
      processes: new Map([[kind, child.pid ?? -1]]),
      ours: true,
      async settle() {
        child.stdin.write("settle\n");
        await answer();
      },
    };
    await prefill(fio, areaBytes, abort);
    await target.settle();
    return await body(target);
  } finally {
    // At the end of its input it closes the array and ends by itself.
    child.stdin.end();
    await ended;
    if (profileFolder !== null) await nameProfile(profileFolder, kind);
  }
}

async function nameProfile(folder: string, kind: ArrayKind): Promise<void> {
  const found = (await readdir(folder)).find((name) => name.startsWith("CPU."));
  if (found !== undefined) await rename(join(folder, found), join(folder, `${kind}.cpuprofile`));
}
