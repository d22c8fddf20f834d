/**
 * The peers, each on files in a folder that the caller removes:
 *
 *     nbdkit   fio -> nbdkit file
 *     mirror   fio -> qemu-storage-daemon (raw file, mirror job, copy-mode write-blocking) -> nbdkit file
 *     disk     fio -> file, pwrite + fdatasync
 *
 * `withPeers` ends all that it started, however the body ends.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { open, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { isFree, freePorts } from "../../harness/loopback-ports.js";
import { missingProgram, programEnvironment } from "../../harness/programs.js";
import { waitUntil, within } from "../../harness/wait.js";
import { nbdTarget, prefill } from "./fio.js";
import type { Target } from "./target.js";

export interface Peers {
  readonly nbdkit: Target;
  readonly mirror: Target;
  readonly disk: Target;
}

const mirrorReadyMs = 120_000;

export async function withPeers<T>(
  { folder, areaBytes, abort }: { readonly folder: string; readonly areaBytes: number; readonly abort: AbortSignal },
  body: (peers: Peers) => Promise<T>,
): Promise<T> {
  const children: ChildProcess[] = [];
  try {
    const [alone, source, copy, bare] = await Promise.all(
      ["nbdkit.img", "source.img", "copy.img", "disk.img"].map((name) => makeFile(join(folder, name), areaBytes)),
    );
    if (alone === undefined || source === undefined || copy === undefined || bare === undefined)
      throw new Error("no files for the peers");
    const nbdkit = await startNbdkit(alone, children);
    const far = await startNbdkit(copy, children);
    const near = await startMirror({ source, farPort: far.port }, children);
    const peers: Peers = {
      nbdkit: peer("nbdkit", nbdTarget(`nbd://127.0.0.1:${nbdkit.port}`), { nbdkit: nbdkit.pid }, [alone]),
      mirror: peer(
        "mirror",
        nbdTarget(`nbd://127.0.0.1:${near.port}/vol`),
        { "qemu-storage-daemon": near.pid, "nbdkit (far)": far.pid },
        [source, copy],
      ),
      disk: peer("disk", ["--ioengine=psync", `--filename=${bare}`], {}, [bare]),
    };
    for (const target of Object.values(peers) as Target[]) {
      await prefill(target.fio, areaBytes, abort);
      await target.settle();
    }
    return await body(peers);
  } finally {
    await Promise.all(children.map(endChild));
  }
}

export function peer(
  name: string,
  fio: readonly string[],
  processes: Readonly<Record<string, number>>,
  files: readonly string[],
): Target {
  return {
    name,
    fio,
    processes: new Map(Object.entries(processes)),
    ours: false,
    // What a peer left in the page cache would otherwise be written out during another target's turn.
    async settle() {
      await Promise.all(files.map(syncFile));
    },
  };
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

export async function makeFile(path: string, sizeBytes: number): Promise<string> {
  await writeFile(path, "");
  await truncate(path, sizeBytes);
  return path;
}

export interface Server {
  readonly port: number;
  readonly pid: number;
}

export async function startNbdkit(path: string, children: ChildProcess[]): Promise<Server> {
  const [port = 0] = await freePorts(1);
  const address = ["--ipaddr", "127.0.0.1", "--port", String(port)];
  const child = spawn("nbdkit", ["--foreground", "--exit-with-parent", ...address, "file", path], {
    stdio: ["ignore", "ignore", "inherit"],
    env: programEnvironment,
  });
  children.push(child);
  return answering(child, port, missingProgram("nbdkit"));
}

async function startMirror(
  { source, farPort }: { readonly source: string; readonly farPort: number },
  children: ChildProcess[],
): Promise<Server> {
  const [port = 0] = await freePorts(1);
  const child = spawn(
    "qemu-storage-daemon",
    [
      ...["--chardev", "stdio,id=qmp,signal=off", "--monitor", "chardev=qmp"],
      ...["--blockdev", `driver=file,node-name=near,filename=${source}`],
      ...["--blockdev", `driver=nbd,node-name=far,server.type=inet,server.host=127.0.0.1,server.port=${farPort}`],
      ...["--nbd-server", `addr.type=inet,addr.host=127.0.0.1,addr.port=${port}`],
      ...["--export", "type=nbd,id=vol,node-name=near,name=vol,writable=on"],
    ],
    { stdio: ["pipe", "pipe", "inherit"], env: programEnvironment },
  );
  children.push(child);
  const missing = new Error("qemu-storage-daemon is not installed: apt-get install qemu-system-common");
  const server = await answering(child, port, missing);
  const order = (execute: string, args: object = {}): void => {
    child.stdin.write(`${JSON.stringify({ execute, arguments: args })}\n`);
  };
  const ready = new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.includes('"BLOCK_JOB_READY"')) resolve();
      if (line.includes('"error"')) reject(new Error(`qemu-storage-daemon: ${line}`));
    });
  });
  order("qmp_capabilities");
  order("blockdev-mirror", {
    "job-id": "mirror",
    "device": "near",
    "target": "far",
    "sync": "full",
    "copy-mode": "write-blocking",
  });
  await within("the mirror job becomes ready", mirrorReadyMs, ready);
  return server;
}

async function answering(child: ChildProcess, port: number, missing: Error): Promise<Server> {
  const failed = once(child, "error").then(() => Promise.reject(missing));
  failed.catch(() => {});
  await Promise.race([failed, waitUntil("a peer listens", async () => !(await isFree(port)))]);
  return { port, pid: child.pid ?? -1 };
}

export async function endChild(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, "exit");
  child.kill("SIGKILL");
  await closed;
}
