/**
 * The drill: three sites at work, the primary site killed at a random moment, the secondaries taken over, and what is
 * found there compared with what was acknowledged (B3, B6, B11; RPO 0 while the group was protected).
 *
 *     image -> vol-a (nbdcopy), vol-b (qemu-img)      then at once: files written to a mounted file system on one of
 *                                                     them, dependent writes to both      then kill -9, take over
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createRandom } from "@waystation/contracts/random";
import { defaultShape, primaries, secondaries, type TestNode, type TestVolume } from "../harness/cluster-file.js";
import { startAll, waitProtected, withCluster, type TakeoverOutcome, type TestCluster } from "../harness/cluster.js";
import { connectNbd } from "../harness/nbd-client.js";
import { succeed } from "../harness/programs.js";
import { waitUntil } from "../harness/wait.js";
import { readPrefix, startDependentWrites, type DependentWritesOptions } from "./dependent-writes.js";
import { checkFileSystem } from "./far-side.js";
import type { FileSystemImage } from "./file-system-image.js";
import { writeThroughMount, type MountedVolume } from "./mounted-volume.js";

export interface DrillImages {
  readonly a: FileSystemImage;
  readonly b: FileSystemImage;
}

export interface DrillOptions {
  readonly seed: number;
  readonly images: DrillImages;
  /** False where the kernel may not mount: then no file system is written to while the site is lost. */
  readonly canMount: boolean;
  readonly keepOnFailure?: boolean;
}

export interface DrillReport {
  readonly seed: number;
  /** From the first dependent write to the first kill. */
  readonly momentMs: number;
  readonly mountedVolume: TestVolume | null;
  /** Stood still for the last moments before the disaster, so that the relay had something left to drain. */
  readonly lagging: TestNode | null;
  /** The far side holds exactly the writes 1..this. */
  readonly prefix: number;
  readonly acknowledged: number;
  /** From the last acknowledgement that the far side does not have; 0 when it has all. */
  readonly lostWrites: number;
  readonly filesRight: number;
  readonly liveFiles: number;
  readonly takeover: TakeoverOutcome;
  readonly takeoverMs: number;
  /** From the first kill to both volumes open for hosts at the far side. */
  readonly rtoMs: number;
}

const earliestMs = 300;
const latestMs = 4000;
const lagMsMax = 800;
const volumeNodes = { "vol-a": ["primary-a", "secondary-a"], "vol-b": ["primary-b", "secondary-b"] } as const;

/** One round, in a cluster of its own. Throws when anything is lost, torn, out of order or not consistent. */
export function runTakeoverDrill(options: DrillOptions): Promise<DrillReport> {
  return withCluster({ keepOnFailure: options.keepOnFailure ?? false }, (cluster) => drill(cluster, options));
}

/** What the seed decides. */
function planOf(seed: number) {
  const random = createRandom(seed);
  return {
    momentMs: earliestMs + random.below(latestMs - earliestMs),
    /** Between the two kills. */
    gapMs: random.chance(0.5) ? 0 : random.below(60),
    order: random.chance(0.5) ? primaries : [...primaries].reverse(),
    volumeToMount: random.pick<TestVolume>(["vol-a", "vol-b"]),
    coordinator: random.pick(secondaries),
    lagging: random.chance(0.5) ? random.pick(secondaries) : null,
    lagMs: random.below(lagMsMax),
  };
}

async function drill(cluster: TestCluster, { seed, images, canMount }: DrillOptions): Promise<DrillReport> {
  const plan = planOf(seed);
  const mountedVolume = canMount ? plan.volumeToMount : null;
  await startAll(cluster);
  await putImages(cluster, images);
  const mounted = mountedVolume === null ? null : await mountOnPrimary(cluster, mountedVolume);
  try {
    await waitProtected(cluster);
    const { momentMs, killedMs, acknowledged } = await writeUntilDisaster(cluster, plan);
    const takeover = await cluster.takeover({ on: plan.coordinator });
    if (takeover.result.outcome !== "taken-over")
      throw new Error(`the takeover was refused: ${takeover.result.code} ${takeover.result.message}`);
    await waitUntil("both volumes are open for hosts", () => isOpenOn(cluster, secondaries));
    const times = { momentMs, takeoverMs: takeover.steps.at(-1)?.elapsedMs ?? 0, rtoMs: performance.now() - killedMs };

    const liveFiles = mounted?.synced() ?? 0;
    const found = await checkFarSide(cluster, images, { mountedVolume, liveFiles });
    const lostWrites = Math.max(0, acknowledged - found.prefix);
    if (lostWrites > 0) throw new Error(`acknowledged up to ${acknowledged}, found 1..${found.prefix}`);
    if (found.prefix > acknowledged + 1) throw new Error(`found write ${found.prefix}, sent ${acknowledged + 1}`);
    const { lagging } = plan;
    return { seed, mountedVolume, lagging, acknowledged, lostWrites, ...found, liveFiles, takeover, ...times };
  } finally {
    await mounted?.release();
  }
}

/** Dependent writes to both primaries until both are killed; what was acknowledged by then. */
async function writeUntilDisaster(cluster: TestCluster, plan: ReturnType<typeof planOf>) {
  const { lagging, order, gapMs } = plan;
  const writes = startDependentWrites(areaOn(cluster, 0));
  const startedMs = performance.now();
  const behindMs = lagging === null ? 0 : Math.min(plan.lagMs, plan.momentMs);
  await delay(plan.momentMs - behindMs);
  if (lagging !== null) cluster.process(lagging).signal("SIGSTOP");
  await delay(behindMs);
  const killedMs = performance.now();
  await killSite(cluster, order, gapMs);
  if (lagging !== null) cluster.process(lagging).signal("SIGCONT");
  const why = await writes.ended;
  const acknowledged = writes.acknowledged();
  if (acknowledged === 0) throw new Error(`no dependent write was acknowledged before the disaster: ${why}`);
  return { momentMs: killedMs - startedMs, killedMs, acknowledged };
}

async function putImages(cluster: TestCluster, { a, b }: DrillImages): Promise<void> {
  await succeed("nbdcopy", [a.path, cluster.nbdUri("primary-a", "vol-a")]);
  const raw = ["-n", "-f", "raw", "-O", "raw"];
  await succeed("qemu-img", ["convert", ...raw, b.path, cluster.nbdUri("primary-b", "vol-b")]);
}

async function mountOnPrimary(cluster: TestCluster, volume: TestVolume): Promise<MountedVolume> {
  const folder = join(cluster.folder, "mounted");
  await mkdir(folder);
  const mounted = await writeThroughMount(folder, cluster.nbdUri(volumeNodes[volume][0], volume));
  try {
    await waitUntil("the first live file is synced", () => mounted.synced() > 0);
    return mounted;
  } catch (error) {
    await mounted.release();
    throw error;
  }
}

/** Where the dependent writes go: to the primaries (0), or after the takeover to the secondaries (1). */
function areaOn(cluster: TestCluster, side: 0 | 1): DependentWritesOptions {
  return {
    open: (volume) => connectNbd(cluster.nbdPort(volumeNodes[volume][side]), volume),
    volumeBytes: defaultShape.volumeBytes,
  };
}

async function killSite(cluster: TestCluster, order: readonly TestNode[], gapMs: number): Promise<void> {
  const [first, ...rest] = order;
  if (first === undefined) return;
  const ended = cluster.end([first]);
  if (gapMs > 0) await delay(gapMs);
  await Promise.all([ended, cluster.end(rest)]);
}

async function isOpenOn(cluster: TestCluster, nodes: readonly TestNode[]): Promise<boolean> {
  const statuses = await Promise.all(nodes.map((node) => cluster.status(node)));
  return statuses.every(({ volumes }) => volumes.every(({ access }) => access === "read-write"));
}

async function checkFarSide(
  cluster: TestCluster,
  { a, b }: DrillImages,
  live: { readonly mountedVolume: TestVolume | null; readonly liveFiles: number },
): Promise<{ prefix: number; filesRight: number }> {
  const prefix = await readPrefix(areaOn(cluster, 1));
  let filesRight = 0;
  for (const [volume, image] of [["vol-a", a] as const, ["vol-b", b] as const]) {
    const uri = cluster.nbdUri(volumeNodes[volume][1], volume);
    const liveFiles = live.mountedVolume === volume ? live.liveFiles : 0;
    filesRight += await checkFileSystem(cluster.folder, { uri, image, liveFiles });
  }
  return { prefix, filesRight };
}

/** The report in one line. */
export function drillLine(report: DrillReport): string {
  const { seed, momentMs, prefix, acknowledged, lostWrites, takeover, takeoverMs, rtoMs } = report;
  const ms = (value: number): string => `${Math.round(value)} ms`;
  return [
    `seed ${seed}`,
    `killed after ${ms(momentMs)}${report.lagging === null ? "" : `, ${report.lagging} behind`}`,
    `last acknowledged ${acknowledged}`,
    `found exactly 1..${prefix}`,
    `RPO ${lostWrites} writes`,
    `RTO ${ms(rtoMs)}`,
    `takeover ${ms(takeoverMs)} (${phaseTimes(takeover)})`,
    `sequence ${takeover.result.sequence}, lost ${takeover.result.lost}`,
    `${report.filesRight} files right, ${report.liveFiles} of them synced live on ${report.mountedVolume ?? "no volume"}`,
  ].join(" | ");
}

/** How long each phase took: from its first step to the first step of the next. */
function phaseTimes({ steps }: TakeoverOutcome): string {
  const starts = steps.filter((step, i) => step.phase !== steps[i - 1]?.phase);
  return starts
    .slice(0, -1)
    .map(({ phase, elapsedMs }, i) => `${phase} ${Math.round((starts[i + 1]?.elapsedMs ?? elapsedMs) - elapsedMs)}`)
    .join(", ");
}
