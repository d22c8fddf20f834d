/**
 * A file system on a volume, mounted by this machine's kernel through NBD, and a program that writes files to it:
 *
 *     writer -> ext4 -> loop device -> nbdfuse -> NBD -> primary
 *
 * The writer says "synced N" once fsync of file N has returned. What is under the mount may hang or fail when the
 * primary is killed: nothing in this process touches it, and everything that does is ended by force in the end.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { missingProgram, programEnvironment, run, succeed } from "../harness/programs.js";
import { waitUntil, within } from "../harness/wait.js";
import { digestOf } from "./file-system-image.js";

export interface MountedVolume {
  /** How many live files were reported as synced: 1..this are there, whatever happens. */
  synced(): number;
  /** Ends the writer, unmounts and takes down what was set up. */
  release(): Promise<void>;
}

const commandMs = 20_000;
export const liveFolder = "live";

/** Files that stay, each synced before the next, and others that come and go. */
const writer = `
set -e
cd "$1"
mkdir -p ${liveFolder} churn
i=0
while :; do
  i=$((i + 1))
  seq $i $((i + 4000)) > ${liveFolder}/$i
  sync ${liveFolder}/$i
  echo "synced $i"
  head -c $((i * 37 % 90000)) /dev/zero | tr '\\0' x > churn/$((i % 9)).new
  mv churn/$((i % 9)).new churn/$((i % 9))
  [ $((i % 5)) -ne 0 ] || rm churn/$((i % 9))
done
`;

/** What file `n` below `live` holds. */
export function liveFileDigest(n: number): string {
  let text = "";
  for (let line = n; line <= n + 4000; line++) text += `${line}\n`;
  return digestOf(Buffer.from(text));
}

/** Why no file system can be mounted here; null when it can. Tries it on a memory disk. */
export async function whyNoMounts(folder: string): Promise<string | null> {
  const base = join(folder, "mount-probe");
  try {
    const fuse = await attach(base, ["[", "nbdkit", "memory", "16M", "]"]);
    try {
      await succeed("mke2fs", ["-q", "-t", "ext4", fuse.device], commandMs);
      await fuse.mount();
      return null;
    } finally {
      await fuse.release();
    }
  } catch (error) {
    return error instanceof Error ? error.message.trim() : String(error);
  }
}

/** To be said loudly: without mounts a drill proves less. */
export function noMountsWarning(reason: string): string {
  return `WARNING: this machine cannot mount a file system through NBD, so none is being written when the site is lost:\n  ${reason}\n`;
}

/** Mounts the file system that is on the export, and starts writing to it. */
export async function writeThroughMount(folder: string, uri: string): Promise<MountedVolume> {
  const attached = await attach(folder, [uri]);
  try {
    const mountPoint = await attached.mount();
    const { child, synced } = startWriter(mountPoint);
    return {
      synced,
      async release() {
        // With what it runs at the moment: that would hold the mount.
        if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
          process.kill(-child.pid, "SIGKILL");
        await attached.release();
      },
    };
  } catch (error) {
    await attached.release();
    throw error;
  }
}

interface Attached {
  /** The block device. */
  readonly device: string;
  /** Mounts the file system on it, and returns where. */
  mount(): Promise<string>;
  release(): Promise<void>;
}

/** Makes an NBD export a block device. */
async function attach(folder: string, nbdfuseSource: readonly string[]): Promise<Attached> {
  const fuseFolder = join(folder, "fuse");
  const mountPoint = join(folder, "mount");
  await mkdir(fuseFolder, { recursive: true });
  await mkdir(mountPoint, { recursive: true });
  const fuse = startNbdfuse(join(fuseFolder, "disk"), nbdfuseSource);
  let device: string | null = null;
  let mounted = false;

  const release = async (): Promise<void> => {
    // Each step as far as it goes: the next ones free what is still held.
    if (mounted) await run("umount", [mountPoint], commandMs).catch(() => run("umount", ["-l", mountPoint], commandMs));
    if (device !== null) await run("losetup", ["-d", device], commandMs);
    await run("umount", [fuseFolder], commandMs);
    await within("the end of nbdfuse", commandMs, fuse.ended).catch(() => fuse.child.kill("SIGKILL"));
  };
  try {
    await fuse.up;
    const disk = join(fuseFolder, "disk");
    device = (await succeed("losetup", ["-f", "--show", disk], commandMs)).trim();
  } catch (error) {
    await release();
    throw error;
  }
  const attachedDevice = device;
  return {
    device: attachedDevice,
    async mount() {
      await succeed("mount", ["-t", "ext4", attachedDevice, mountPoint], commandMs);
      mounted = true;
      return mountPoint;
    },
    release,
  };
}

function startNbdfuse(path: string, source: readonly string[]) {
  // Detached, here and below: Ctrl-C is for the drill, which takes its mounts down in order.
  const child = spawn("nbdfuse", [path, ...source], {
    env: programEnvironment,
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  let said = "";
  let failure: Error | null = null;
  child.stderr.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2000)));
  const ended = new Promise<void>((resolve) => {
    child.once("error", () => {
      failure = missingProgram("nbdfuse");
      resolve();
    });
    child.once("exit", (code) => {
      failure ??= new Error(`nbdfuse ${source.join(" ")} ended with ${code ?? "a signal"}: ${said}`);
      resolve();
    });
  });
  // Asked of another process: whoever looks below a mount may hang there.
  const looksUp = async (): Promise<boolean> => {
    if (failure !== null) return true;
    return (await run("mount", [], commandMs)).stdout.includes(` on ${path.slice(0, path.lastIndexOf("/"))} `);
  };
  const up = waitUntil("nbdfuse mounts the export", looksUp).then(() => {
    if (failure !== null) throw failure;
  });
  return { child, up, ended };
}

function startWriter(mountPoint: string): { readonly child: ChildProcess; readonly synced: () => number } {
  const child = spawn("bash", ["-c", writer, "writer", mountPoint], {
    stdio: ["ignore", "pipe", "ignore"],
    detached: true,
  });
  let synced = 0;
  createInterface({ input: child.stdout }).on("line", (line) => {
    const match = /^synced (\d+)$/.exec(line);
    if (match !== null) synced = Number(match[1]);
  });
  return { child, synced: () => synced };
}
