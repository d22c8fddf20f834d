/**
 * The power of a cluster's nodes: each has storage of its own (`power-store.ts`), and names that a cut may take
 * (`unsynced-names.ts`). A node without power is one whose daemon is dead and whose storage lost what was not synced.
 */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Random } from "@waystation/contracts/random";
import { nodeNames, type TestNode } from "../../harness/cluster-file.js";
import type { TestCluster } from "../../harness/cluster.js";
import { succeed } from "../../harness/programs.js";
import { within } from "../../harness/wait.js";
import { createPowerStore, type PowerStore } from "./power-store.js";
import type { UnsyncedNames } from "./unsynced-names.js";
import type { Death } from "./watched-files.js";

export interface PowerGrid {
  /** All storage is there, and the power is on; nothing runs. Each of these is tried first with cuts in the midst of it. */
  start(nodes: readonly TestNode[], course: StartCourse): Promise<void>;
  /** Starts the nodes; these die as one of their next checkpoints begins. */
  startDoomed(nodes: readonly TestNode[], doomed: readonly TestNode[]): Promise<void>;
  /** At one moment, or one soon after the other. */
  cut(nodes: readonly TestNode[]): Promise<void>;
  /** Power is back. */
  restore(nodes: readonly TestNode[]): Promise<void>;
  /** Starts the node while its array, or its journal, is not where it was: it must refuse. */
  startWithoutMedia(node: TestNode): Promise<void>;
  release(): Promise<void>;
}

export interface StartCourse {
  /** For each node, how likely it loses its power while it starts, or right after. */
  readonly cutChance: number;
  /** About how many steps (names made, syncs) a start takes. */
  readonly steps: number;
  /** About how many names it moves into place. */
  readonly moves: number;
}

export interface PowerGridOptions {
  readonly cluster: TestCluster;
  readonly names: UnsyncedNames;
  readonly folder: string;
  readonly random: Random;
  readonly onCut: () => void;
}

const sizeBytes = 4 * 1024 ** 3;
/** The first start writes all logs, through a file system and a server in front of every disk. */
const startMs = 240_000;
/** The first sync of a disk is that of recovery. */
const checkpointMin = 2;
/** Most deaths follow soon. */
const stepsAfterMove = 40;
const gapMsMax = 30;
const writeBackMsMax = 60;

export async function createPowerGrid(options: PowerGridOptions): Promise<PowerGrid> {
  const { cluster, names, random, onCut } = options;
  const stores = new Map<TestNode, PowerStore>();
  const release = async (): Promise<void> => {
    // What is mounted is held by the daemons.
    await cluster.endAll();
    for (const store of stores.values()) await store.release();
  };
  try {
    for (const node of nodeNames) {
      const place = { folder: join(options.folder, node), mountPoint: join(cluster.dataDirectory, node) };
      stores.set(node, await createPowerStore({ ...place, sizeBytes }));
    }
  } catch (error) {
    await release();
    throw error;
  }
  const storeOf = (node: TestNode): PowerStore => {
    const store = stores.get(node);
    if (store === undefined) throw new Error(`${node} has no storage`);
    return store;
  };

  const cut = async (nodes: readonly TestNode[]): Promise<void> => {
    onCut();
    const together = random.chance(0.5);
    const writesBack = random.chance(0.3);
    const dying: Promise<void>[] = [];
    for (const node of nodes) {
      // The daemon first, the disk in the same breath: what it was told by its disk, it may have told others.
      cluster.process(node).signal("SIGKILL");
      if (writesBack) dying.push(writeBackAndCut(storeOf(node)));
      else storeOf(node).cut(random);
      if (!together) await delay(random.below(gapMsMax));
    }
    await Promise.all(dying);
    await cluster.end(nodes);
  };
  /** The kernel may write at any time: here it does in the very last moment, in whatever order it likes. */
  const writeBackAndCut = async (store: PowerStore): Promise<void> => {
    const writing = store.writeBack();
    await delay(random.below(writeBackMsMax));
    store.cut(random);
    await writing;
  };
  const restore = async (nodes: readonly TestNode[]): Promise<void> => {
    for (const node of nodes) {
      await storeOf(node).restore();
      await names.lose(node, random);
    }
  };

  const startWithoutMedia = async (node: TestNode): Promise<void> => {
    const array = node === "relay-1" ? null : node.endsWith("-a") ? "arrays/array-a" : "arrays/array-b";
    const media = join(storeOf(node).mountPoint, array !== null && random.chance(0.7) ? array : "journals/g1");
    await succeed("mv", ["-T", media, `${media}.away`]);
    const answer = await refusal(cluster, node);
    if (!["ARRAY_GONE", "JOURNAL_GONE"].includes(answer))
      throw new Error(`${node} does not know that it had ${media}: ${answer}`);
    await succeed("rm", ["-rf", media]);
    await succeed("mv", ["-T", `${media}.away`, media]);
    await names.forget(node);
  };

  /** Starts nodes that may die in the midst of it, and lets them lose their power then. Returns those that run. */
  const startAndCut = async (nodes: readonly TestNode[], course: StartCourse): Promise<TestNode[]> => {
    const chosen = nodes.filter(() => random.chance(course.cutChance));
    for (const node of chosen) if (random.chance(0.7)) await names.dieAfter(node, chooseDeath(course));
    for (const node of nodes) cluster.launch(node);
    const becameReady = await Promise.all(nodes.map(settle));
    // Those that were quicker than their steps would die at any time. Some die without their storage.
    const dark = chosen.filter(() => random.chance(0.8));
    await cluster.end(chosen.filter((node) => !dark.includes(node)));
    if (dark.length > 0) await cut(dark);
    for (const node of chosen) await names.dieAfter(node, null);
    await restore(dark);
    for (const node of dark)
      if (becameReady[nodes.indexOf(node)] === true && random.chance(0.5)) await startWithoutMedia(node);
    return nodes.filter((node) => !chosen.includes(node));
  };
  const chooseDeath = ({ steps, moves }: StartCourse): Death =>
    moves > 0 && random.chance(0.6)
      ? { afterMoves: 1 + random.below(moves), steps: 1 + Math.floor(stepsAfterMove * random.next() ** 2) }
      : { afterMoves: 0, steps: 1 + random.below(steps) };
  const startAll = async (nodes: readonly TestNode[]): Promise<void> => {
    await Promise.all(nodes.map((node) => within(`the start of ${node}`, startMs, cluster.launch(node).ready)));
  };
  /** Ready, or dead as it was to be. */
  const settle = async (node: TestNode): Promise<boolean> => {
    const daemon = cluster.process(node);
    const isReady = daemon.ready.then(
      () => true,
      () => false,
    );
    if (await within(`the start of ${node}`, startMs, isReady)) return true;
    const { signal } = await daemon.exited;
    if (signal !== "SIGKILL") await daemon.ready;
    return false;
  };

  return {
    async start(nodes, course) {
      const running = await startAndCut(nodes, course);
      await startAll(nodes.filter((node) => !running.includes(node)));
    },
    async startDoomed(nodes, doomed) {
      for (const node of doomed) await names.dieAfter(node, { syncsOfOneFile: checkpointMin + random.below(2) });
      await startAll(nodes);
      for (const node of doomed) await names.dieAfter(node, null);
    },
    cut,
    restore,
    startWithoutMedia,
    release,
  };
}

/** Why it did not start; that it became ready is an answer too. */
async function refusal(cluster: TestCluster, node: TestNode): Promise<string> {
  const daemon = cluster.launch(node);
  const isReady = daemon.ready.then(
    () => true,
    () => false,
  );
  if (await within(`the start of ${node}`, startMs, isReady)) return "ready";
  return cluster.log(node).entries.at(-1)?.code ?? "no reason given";
}
