/**
 * Storage that loses what was not synced when its power is cut. kill -9 of a daemon is not enough: the kernel keeps
 * what it wrote. Here the disk below the file system is served by this process, and may lose it:
 *
 *     daemon -> ext4 -> loop device -> nbdfuse -> power-disk.ts -> disk image
 *
 * What the kernel has not written yet is lost with every cut; of what it has, but never flushed, an arbitrary part.
 * Nothing in this process touches what is under the mount, which would wait for itself; programs do.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createRandom, type Random } from "@waystation/contracts/random";
import { missingProgram, programEnvironment, run, succeed, type Program } from "../../harness/programs.js";
import { waitUntil, within } from "../../harness/wait.js";
import { servePowerDisk } from "./power-disk.js";

export interface PowerStore {
  readonly mountPoint: string;
  /** At once: what is not on the medium by now is lost, but for a random part. */
  cut(random: Random): void;
  /** Lets the kernel write what it holds, which it may do at any time; resolves when it has, or when the power is gone. */
  writeBack(): Promise<void>;
  /** Power is back: mounts what the medium holds. */
  restore(): Promise<void>;
  /** Takes everything down. */
  release(): Promise<void>;
}

export interface PowerStoreOptions {
  /** Where the image and what belongs to it is kept. */
  readonly folder: string;
  readonly mountPoint: string;
  readonly sizeBytes: number;
}

interface Server {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  failure(): Error | null;
}

const commandMs = 60_000;
/** Makes a file system and mounts it. */
export async function createPowerStore({ folder, mountPoint, sizeBytes }: PowerStoreOptions): Promise<PowerStore> {
  await mkdir(folder, { recursive: true });
  await mkdir(mountPoint, { recursive: true });
  const image = join(folder, "disk.img");
  await writeFile(image, "");
  await truncate(image, sizeBytes);
  await succeed("mke2fs", ["-q", "-F", "-t", "ext4", "-J", "size=16", "-E", "nodiscard", image], commandMs);
  let life = await powerOn(folder, image, mountPoint);
  let isReleased = false;
  return {
    mountPoint,
    cut: (random) => life.cut(random),
    async writeBack() {
      await run("sync", ["-f", mountPoint], commandMs);
    },
    async restore() {
      if (isReleased) throw new Error("this storage was taken down");
      await life.takeDown();
      life = await powerOn(folder, image, mountPoint);
    },
    async release() {
      isReleased = true;
      await life.takeDown();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Why there cannot be such storage here; null when there can. Tries it, with a sync and without. */
export async function whyNoPowerStore(folder: string): Promise<string | null> {
  if (process.getuid?.() !== 0) return "it needs to mount file systems: run it as root";
  const base = await mkdtemp(join(folder, "probe-"));
  const mountPoint = join(base, "mount");
  try {
    const store = await createPowerStore({ folder: join(base, "store"), mountPoint, sizeBytes: 64 << 20 });
    try {
      return await probe(store, mountPoint);
    } finally {
      await store.release();
    }
  } catch (error) {
    return error instanceof Error ? error.message.trim() : String(error);
  } finally {
    await rm(base, { recursive: true, force: true });
  }
}

/** Storage that keeps what was not synced would let every drill pass. */
async function probe(store: PowerStore, mountPoint: string): Promise<string | null> {
  const [synced, unsynced] = [join(mountPoint, "synced"), join(mountPoint, "unsynced")];
  const block = ["if=/dev/urandom", "bs=64k", "count=1"];
  const isThere = async (file: string): Promise<boolean> =>
    (await run("dd", [`if=${file}`, "of=/dev/null", "count=1"], commandMs)).exitCode === 0;
  await succeed("dd", [...block, `of=${synced}`, "conv=fsync"], commandMs);
  await succeed("dd", [...block, `of=${unsynced}`], commandMs);
  store.cut(createRandom(1));
  await store.restore();
  if (!(await isThere(synced))) return "the storage lost what was synced";
  return (await isThere(unsynced)) ? "the storage kept what was not synced" : null;
}

async function powerOn(folder: string, image: string, mountPoint: string) {
  const life = await mkdtemp(join(folder, "life-"));
  const steps: (() => Promise<unknown>)[] = [];
  /** Each step as far as it goes: the next ones free what is still held. */
  const takeDown = async (): Promise<void> => {
    for (const step of steps.splice(0).reverse()) await step().catch(() => {});
    await rm(life, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const disk = await servePowerDisk(image);
    steps.push(() => disk.close());
    const fuse = startServer("nbdfuse", [join(life, "disk"), disk.uri]);
    steps.push(() => stop(fuse));
    steps.push(() => unmount(life));
    await waitUntil("nbdfuse mounts", () =>
      isUp(fuse, async () => (await run("mount", [], commandMs)).stdout.includes(` on ${life} `)),
    );
    const device = (await succeed("losetup", ["-f", "--show", join(life, "disk")], commandMs)).trim();
    steps.push(() => run("losetup", ["-d", device], commandMs));
    await succeed("mount", ["-t", "ext4", "-o", "noatime", device, mountPoint], commandMs);
    steps.push(() => unmount(mountPoint));
    return { cut: (random: Random) => disk.cut(random), takeDown };
  } catch (error) {
    await takeDown();
    throw error;
  }
}

async function unmount(folder: string): Promise<void> {
  const { exitCode } = await run("umount", [folder], commandMs);
  if (exitCode !== 0) await run("umount", ["-l", folder], commandMs);
}

/** Detached: Ctrl-C is for the drill, which takes everything down in order. */
function startServer(program: Program, args: readonly string[]): Server {
  const child = spawn(program, [...args], {
    env: programEnvironment,
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  let said = "";
  let failure: Error | null = null;
  child.stderr.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2000)));
  const ended = new Promise<void>((resolve) => {
    child.once("error", () => {
      failure = missingProgram(program);
      resolve();
    });
    child.once("exit", (code) => {
      failure ??= new Error(`${program} ended with ${code ?? "a signal"}: ${said}`);
      resolve();
    });
  });
  return { child, ended, failure: () => failure };
}

async function isUp(server: Server, looksUp: () => Promise<boolean>): Promise<boolean> {
  const isThere = server.failure() === null && (await looksUp());
  const failure = server.failure();
  if (failure !== null) throw failure;
  return isThere;
}

async function stop(server: Server): Promise<void> {
  server.child.kill("SIGKILL");
  await within("the end of a storage server", commandMs, server.ended);
}
