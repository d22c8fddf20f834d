/**
 * One node's hardware and the lives of the daemon on it: its disks and journal stay, its clock runs on, its links and
 * its memory die with each crash. After a crash nothing of the dead life is heard any more: no timer fires, no promise
 * settles, no message leaves.
 */
import type { DurableBlockStore } from "@waystation/contracts/block-device";
import type { GroupName, NodeName, Sequence, VolumeName } from "@waystation/contracts/ids";
import type { Journal } from "@waystation/contracts/journal";
import type { Log, LogFields } from "@waystation/contracts/log";
import type { Random } from "@waystation/contracts/random";
import type { Node, createNode } from "@waystation/node/node";
import type { Membership } from "@waystation/replication/membership";
import type { DiskMedium } from "./disk.js";
import type { Network } from "./network.js";
import type { Observation } from "./observation.js";
import { createVirtualClock, type ClockSkew } from "./virtual-clock.js";
import type { WatchedJournal } from "./watched-journal.js";
import type { World } from "./world.js";

export type BuildNode = typeof createNode;

export interface Machine {
  readonly name: NodeName;
  /** The daemon, or null while it is down or starting. */
  node(): Node | null;
  /** Starts the daemon, unless it runs. */
  start(): void;
  /** Power loss or kill -9, at any instant. `silent`: the peers are not told by the operating system. */
  crash(options: { readonly silent: boolean }): void;
  /** Asks the daemon to stop, which it does at once. */
  stop(): void;
  /** Calls back once when the life that runs now ends; the function returned forgets about it. */
  onDeath(callback: () => void): () => void;
  /** Lets its next commit fail, or its next store to one of its volumes. It is sick until it is started again. */
  failIo(what: "journal" | "disk"): void;
  isSick(): boolean;
  /** Damages the journal of a node that is down (see `WatchedJournal.loseTail`). */
  loseJournalTail(stillKnown: Sequence): void;
  /** Replaces a machine that is down by an empty one of the same name. */
  replace(): void;
  readonly disks: ReadonlyMap<VolumeName, DiskMedium>;
}

export interface MachineOptions {
  readonly name: NodeName;
  readonly site: string;
  readonly membership: Membership;
  readonly skew: ClockSkew;
  readonly journal: WatchedJournal;
  /** What copy runs overwrite, with chances of its own: other seeds go on as they did. */
  readonly preImages: WatchedJournal;
  readonly preImagesRandom: Random;
  readonly disks: ReadonlyMap<VolumeName, DiskMedium>;
  readonly network: Network;
  readonly random: Random;
  readonly buildNode: BuildNode;
  readonly observe: (observation: Observation) => void;
}

export function createMachine(world: World, options: MachineOptions): Machine {
  const { name, journal, disks, network, random } = options;
  let life = 0;
  let running = false;
  let sick = false;
  let node: Node | null = null;
  let mourners = new Set<() => void>();

  type Stores = Map<VolumeName, DurableBlockStore>;
  interface Opened {
    readonly journal: Journal;
    readonly preImages: Journal;
    readonly stores: Stores;
  }
  const buildOptions = (opened: Opened, alive: () => boolean): Parameters<BuildNode> => {
    const group: GroupName = options.membership.group;
    const bornIn = life;
    let ids = 0;
    return [
      { name, site: options.site, version: "simulated", memberships: [options.membership] },
      {
        clock: createVirtualClock(world, { skew: options.skew, alive }),
        log: createLog(world, { name, alive }),
        transport: network.endpoint(name, alive),
        uniqueId: () => `${name}-${bornIn}-${++ids}`,
        journals: new Map<GroupName, Journal>([[group, opened.journal]]),
        preImages: new Map<GroupName, Journal>([[group, opened.preImages]]),
        branches: { create: () => Promise.resolve(), drop: () => Promise.resolve(), list: () => [] },
        stores: opened.stores,
        arrays: () => [],
      },
    ];
  };

  const openStores = async (alive: () => boolean): Promise<Stores> => {
    const opening = [...disks].map(async ([volume, disk]) => [volume, await disk.open(alive)] as const);
    return new Map(await Promise.all(opening));
  };
  const begin = async (bornIn: number): Promise<void> => {
    const alive = (): boolean => life === bornIn;
    const opening = [journal.open(), options.preImages.open(), openStores(alive)] as const;
    const [opened, preImages, stores] = await Promise.all(opening);
    if (alive()) node = options.buildNode(...buildOptions({ journal: opened, preImages, stores }, alive));
  };

  const end = (silent: boolean): void => {
    running = false;
    sick = false;
    node = null;
    life += 1;
    network.nodeDied(name, { silent });
    journal.crash(random);
    options.preImages.crash(options.preImagesRandom);
    for (const disk of disks.values()) disk.crash(random);
    options.observe({ kind: "node-down", node: name });
    const mourning = mourners;
    mourners = new Set();
    for (const callback of mourning) callback();
  };

  return {
    name,
    disks,
    node: () => node,
    start() {
      if (running) return;
      running = true;
      const bornIn = ++life;
      world.trace.add(name, "starts");
      options.observe({ kind: "node-up", node: name });
      void begin(bornIn);
    },
    crash({ silent }) {
      if (!running) return;
      world.trace.add(name, silent ? "loses power" : "is killed");
      end(silent);
    },
    stop() {
      if (!running) return;
      world.trace.add(name, "stops");
      node?.stop();
      end(false);
    },
    failIo(what) {
      if (!running) return;
      sick = true;
      world.trace.add(name, `${what} fails`);
      if (what === "journal" || disks.size === 0) journal.failNext();
      else random.pick([...disks.values()]).failNext();
    },
    isSick: () => sick,
    loseJournalTail(stillKnown) {
      const end = journal.loseTail(stillKnown, random);
      world.trace.add(name, "journal damaged", () => `it ends at ${end}, ${stillKnown} is known elsewhere`);
      options.observe({ kind: "journal-damaged", node: name });
    },
    replace() {
      world.trace.add(name, "is replaced by an empty machine");
      journal.wipe();
      for (const disk of disks.values()) disk.wipe();
      options.observe({ kind: "node-replaced", node: name });
    },
    onDeath(callback) {
      mourners.add(callback);
      return () => {
        mourners.delete(callback);
      };
    },
  };
}

function createLog(world: World, options: { readonly name: NodeName; readonly alive: () => boolean }): Log {
  const note = (level: string) => (fields: LogFields, message: string) => {
    if (!options.alive()) return;
    world.trace.add(options.name, level, () => {
      const text = JSON.stringify(fields);
      return text === "{}" ? message : `${message} ${text}`;
    });
  };
  return { debug: () => {}, info: note("info"), warn: note("warn"), error: note("error") };
}
