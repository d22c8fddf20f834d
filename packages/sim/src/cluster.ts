/** The nodes of a plan, with their disks, journals, clocks and the network between them, and everyone told of it. */
import type { NodeName, VolumeName } from "@waystation/contracts/ids";
import { createRandom, type Random } from "@waystation/contracts/random";
import { createArrayMedium } from "./array-medium.js";
import { createDiskMedium, type DiskMedium } from "./disk.js";
import type { Latency } from "./latency.js";
import { createMachine, type BuildNode, type Machine } from "./machine.js";
import { createNetwork, type Network } from "./network.js";
import type { Checker, Observation } from "./observation.js";
import type { NodePlan, Plan } from "./plan.js";
import type { Way } from "./pipe.js";
import { readTag, zeroTag, type Tag } from "./cell.js";
import { createWatchedJournal } from "./watched-journal.js";
import type { World } from "./world.js";

export interface Cluster {
  readonly world: World;
  readonly plan: Plan;
  readonly network: Network;
  readonly machines: readonly Machine[];
  readonly latencies: readonly Latency[];
  machine(name: NodeName): Machine;
  disk(node: NodeName, volume: VolumeName): DiskMedium;
  /** The cells of a volume that are not zeros, as a reader would see them. */
  readonly contentOf: (node: NodeName, volume: VolumeName) => ReadonlyMap<number, Tag>;
  readonly durableCell: (node: NodeName, volume: VolumeName, cell: number) => Uint8Array | null;
  readonly observe: (observation: Observation) => void;
  /** Adds someone who is told of everything from now on; the function returned takes him off again. */
  watch(checker: Pick<Checker, "observe">): () => void;
}

/** KiB per ms, about: 100 MB/s. */
const bytesPerMs = 100_000;
/** Room for the past of every volume of a plan, whole. */
const preImageBytes = 64 * 2 ** 20;

export function createCluster(world: World, plan: Plan, buildNode: BuildNode): Cluster {
  const random = createRandom(plan.seed ^ 0x5eed);
  const watchers: Pick<Checker, "observe">[] = [];
  const observe = (observation: Observation): void => {
    for (const watcher of watchers) watcher.observe(observation);
  };
  const network = createNetwork(world, {
    random: random.fork(),
    keepaliveMs: plan.keepaliveMs,
    healthy: (from, to) => healthyWay(plan, from, to),
    observe,
  });
  const latencies: Latency[] = [];
  const latency = (maxMs: number): Latency => {
    const made = { minMs: maxMs / 8, maxMs, slowdown: 1 };
    latencies.push(made);
    return made;
  };

  const build = (node: NodePlan): Machine => {
    const { name } = node;
    const journalLatency = latency(plan.journalMsMax);
    const { group } = plan.membership;
    const journal = createWatchedJournal(world, {
      group,
      capacityBytes: node.journalCapacityBytes,
      latency: journalLatency,
      random: random.fork(),
      onDurable: (commit) => {
        observe({ kind: "journal-durable", node: name, commit });
      },
      onTrim: (through) => {
        observe({ kind: "journal-trim", node: name, through });
      },
      onUsage: (usedBytes) => {
        observe({ kind: "journal-used", node: name, usedBytes, capacityBytes: node.journalCapacityBytes });
      },
    });
    const preImagesRandom = forkFor(plan, 0x9e1 + plan.nodes.indexOf(node));
    const preImages = createWatchedJournal(world, {
      group,
      capacityBytes: preImageBytes,
      latency: journalLatency,
      random: preImagesRandom.fork(),
      onDurable() {},
      onTrim() {},
      onUsage() {},
    });
    const diskLatency = latency(plan.diskMsMax);
    const disks = new Map<VolumeName, DiskMedium>();
    for (const volume of plan.membership.volumes) {
      if (![volume.primary, ...volume.secondaries].includes(name)) continue;
      const onWrite = (write: Extract<Observation, { kind: "store-write" }>["write"]): void => {
        observe({ kind: "store-write", node: name, volume: volume.name, write });
      };
      const { sizeBytes } = volume;
      const medium = { sizeBytes, latency: diskLatency, random: random.fork(), onWrite };
      const { array } = plan;
      disks.set(
        volume.name,
        array === null ? createDiskMedium(world, medium) : createArrayMedium(world, { ...medium, array }),
      );
    }
    const { membership } = plan;
    const { site, skew } = node;
    return createMachine(world, {
      ...{ name, site, membership, skew, journal, preImages, preImagesRandom, disks, network, buildNode, observe },
      random: random.fork(),
    });
  };

  const machines = new Map(plan.nodes.map((node) => [node.name, build(node)]));
  const machine = (name: NodeName): Machine => {
    const found = machines.get(name);
    if (found === undefined) throw new RangeError(`no node ${name}`);
    return found;
  };
  const disk = (node: NodeName, volume: VolumeName): DiskMedium => {
    const found = machine(node).disks.get(volume);
    if (found === undefined) throw new RangeError(`no ${volume} on ${node}`);
    return found;
  };
  return {
    world,
    plan,
    network,
    machines: [...machines.values()],
    latencies,
    machine,
    disk,
    contentOf: (node, volume) => readContent(disk(node, volume), volume),
    durableCell: (node, volume, cell) => disk(node, volume).durable(cell),
    observe,
    watch(checker) {
      watchers.push(checker);
      return () => {
        const index = watchers.indexOf(checker);
        if (index >= 0) watchers.splice(index, 1);
      };
    },
  };
}

function healthyWay(plan: Plan, from: NodeName, to: NodeName): Omit<Way, "cut"> {
  const site = (name: NodeName): string => name.replace(/-.*/, "");
  const maxDelayMs = site(from) === site(to) ? plan.delayMsMax / 10 : plan.delayMsMax;
  return { minDelayMs: maxDelayMs / 4, maxDelayMs, bytesPerMs };
}

function readContent(disk: DiskMedium, volume: VolumeName): Map<number, Tag> {
  const content = new Map<number, Tag>();
  for (const cell of disk.touched()) {
    const bytes = disk.visible(cell);
    const tag = bytes === null ? zeroTag : readTag(bytes, 0, { volume, cell });
    if (tag !== zeroTag) content.set(cell, tag);
  }
  return content;
}

/** A generator for one purpose of a run, independent of the others. */
export function forkFor(plan: Plan, purpose: number): Random {
  return createRandom(Math.imul(plan.seed + 1, 0x9e3779b1) ^ purpose);
}
