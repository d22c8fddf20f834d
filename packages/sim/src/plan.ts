/**
 * What a seed stands for: the cluster, its clocks, devices and network, the limits it runs under, the hosts, and the
 * story that is told with them. Plain data, drawn before anything runs, so that a trace can begin by showing it.
 */
import { createRandom, type Random } from "@waystation/contracts/random";
import type { GroupName, NodeName, VolumeName } from "@waystation/contracts/ids";
import { limits } from "@waystation/replication/limits";
import type { RaidLevel } from "@waystation/raid/core/level";
import type { GroupVolume, Membership } from "@waystation/replication/membership";
import { cellBytes } from "./cell.js";
import type { ClockSkew } from "./virtual-clock.js";

type Limits = typeof limits;

/** How the run ends: the group goes on, or its secondaries take over. */
export type Ending =
  | "no-takeover"
  /** The primary site dies and everything else is well: the takeover must succeed, and lose nothing. */
  | "clean-disaster"
  /** A secondary dies with it, for good: the takeover goes on without it. */
  | "lost-secondary"
  /** Faults go on while takeovers are commanded, from any secondary, with the primaries dead or alive. */
  | "messy-takeover"
  /** Two takeovers are commanded at once, from different secondaries. */
  | "rival-takeovers"
  /** The relay is lost with the primary site: only `--force` goes on, and something may be lost. */
  | "forced-takeover"
  /** The relay's journal loses what it had acknowledged: it must notice, and stamp no more. */
  | "damaged-journal";

export interface NodePlan {
  readonly name: NodeName;
  readonly site: string;
  readonly skew: ClockSkew;
  readonly journalCapacityBytes: number;
}

/** The disks of one volume. Faults of its disks stay within what it survives. */
export interface ArrayPlan {
  readonly level: RaidLevel;
  readonly diskCount: number;
  readonly unitBytes: number;
}

export interface Plan {
  readonly seed: number;
  readonly membership: Membership;
  readonly nodes: readonly NodePlan[];
  readonly limits: Limits;
  readonly keepaliveMs: number;
  /** Between sites; within a site a tenth of it. */
  readonly delayMsMax: number;
  readonly journalMsMax: number;
  readonly diskMsMax: number;
  /** What the volumes lie on: an array of disks each, or (null) a single disk each. */
  readonly array: ArrayPlan | null;
  readonly writersPerVolume: number;
  readonly writerDepth: number;
  readonly readersPerVolume: number;
  readonly requestCellsMax: number;
  readonly pauseMsMax: number;
  readonly zeroShare: number;
  /** How long faults go on before the ending, and how far apart they are. */
  readonly stormMs: number;
  readonly faultEveryMs: number;
  readonly ending: Ending;
  /** Convergence is checked between the storm and the ending. */
  readonly restsBeforeEnding: boolean;
}

/** Cells of a volume: the dependent writers' slots come first, the random writers have the rest. */
export const volumeCells = 128;
export const dependentSlots = 8;
/** A second client scans and goes on after the takeover, in slots of its own. */
export const randomFirstCell = 2 * dependentSlots;

type Shape = readonly (readonly [primary: string, secondary: string])[];

/** Primary and secondary of each volume. The first is the one of the local cluster, and the most frequent. */
const shapes: readonly Shape[] = [
  [
    ["primary-a", "secondary-a"],
    ["primary-b", "secondary-b"],
  ],
  [["primary-a", "secondary-a"]],
  [
    ["primary-a", "secondary-a"],
    ["primary-b", "secondary-b"],
    ["primary-c", "secondary-c"],
  ],
  [
    ["primary-a", "secondary-a"],
    ["primary-a", "secondary-b"],
    ["primary-b", "secondary-b"],
  ],
];

const endings: readonly Ending[] = [
  "no-takeover",
  "clean-disaster",
  "clean-disaster",
  "lost-secondary",
  "messy-takeover",
  "messy-takeover",
  "rival-takeovers",
  "forced-takeover",
  "forced-takeover",
  "damaged-journal",
];

export function drawPlan(seed: number): Plan {
  const random = createRandom(seed);
  const shape = random.chance(0.7) ? (shapes[0] as Shape) : random.pick(shapes);
  const membership = drawMembership(shape, random);
  const drawn = drawLimits(random);
  const capacity = drawCapacity(drawn, random);
  const names = [
    ...new Set([...shape.map(([primary]) => primary), "relay-1", ...shape.map(([, secondary]) => secondary)]),
  ];
  return {
    seed,
    membership,
    nodes: names.map((name) => ({
      name: name as NodeName,
      site: name.replace(/-.*/, ""),
      skew: drawSkew(random),
      journalCapacityBytes: capacity,
    })),
    limits: drawn,
    keepaliveMs: 500 + random.below(2000),
    delayMsMax: random.pick([1, 5, 20, 60]),
    journalMsMax: random.pick([0.5, 2, 8]),
    diskMsMax: random.pick([0.5, 2, 8]),
    writersPerVolume: random.below(3),
    writerDepth: 1 + random.below(3),
    readersPerVolume: random.below(3),
    requestCellsMax: random.pick([1, 4, 8, 12]),
    pauseMsMax: random.pick([20, 60, 150]),
    zeroShare: random.pick([0, 0.1, 0.3]),
    stormMs: random.chance(0.15) ? 300 : 800 + random.below(3500),
    faultEveryMs: random.pick([150, 400, 1000]),
    ending: random.pick(endings),
    restsBeforeEnding: random.chance(0.5),
    array: random.chance(0.25) ? drawArray(random) : null,
  };
}

function drawArray(random: Random): ArrayPlan {
  const shape = random.pick([
    { level: "raid1", diskCount: 2 },
    { level: "raid1", diskCount: 3 },
    { level: "raid10", diskCount: 4 },
    { level: "raid4", diskCount: 3 },
    { level: "raid5", diskCount: 3 },
    { level: "raid5", diskCount: 4 },
    { level: "raid6", diskCount: 4 },
  ] as const);
  return { ...shape, unitBytes: random.pick([4096, 8192]) };
}

/** The node that keeps the copy of a volume. */
export function farNodeOf({ name, secondaries }: GroupVolume): NodeName {
  const [node] = secondaries;
  if (node === undefined) throw new RangeError(`no secondary of ${name}`);
  return node;
}

function drawMembership(shape: Shape, random: Random): Membership {
  const letters = "abc";
  return {
    group: "g1" as GroupName,
    relay: "relay-1" as NodeName,
    volumes: shape.map(([primary, secondary], index) => ({
      name: `vol-${letters[index] ?? "x"}` as VolumeName,
      sizeBytes: volumeCells * cellBytes,
      primary: primary as NodeName,
      secondaries: [secondary as NodeName],
    })),
    fence: "data",
    holdMs: 800 + random.below(3000),
    leaseMs: 400 + random.below(2500),
    regionBytes: 64 * 1024,
    // A full journal holds hosts for as long as it takes; journeys draw what suspends a group.
    journalFull: { warnShare: 0.8, holdMs: 1e9 },
    autoResync: true,
  };
}

/** Small limits on most runs: what is never reached is never tested. */
function drawLimits(random: Random): Limits {
  if (random.chance(0.2)) return { ...limits, intentUnitBytes: 16 * cellBytes };
  const intentUnitBytes = cellBytes * random.pick([4, 16, 32]);
  // A window must hold the largest write of all, the re-sent extent, or nothing could ever pass.
  const windowBytes = 2 * (intentUnitBytes + 8 * 1024) * random.pick([1, 2, 8]);
  return {
    ...limits,
    inquireIntervalMs: random.pick([100, limits.inquireIntervalMs]),
    redialIntervalMs: random.pick([10, 50, limits.redialIntervalMs]),
    markIntervalMs: random.pick([50, limits.markIntervalMs, 2000]),
    intentUnitBytes,
    intentUnitsMax: random.pick([8, 32, 1024]),
    writesInFlightMax: random.pick([4, 16, 1024]),
    writesWaitingMax: random.pick([4, 64, 8192]),
    batchesInFlightMax: random.pick([1, 2, limits.batchesInFlightMax]),
    gatherBytes: random.pick([4 * 1024, limits.gatherBytes]),
    gatherMs: random.pick([0, limits.gatherMs, 30]),
    returnMs: random.pick([0, limits.returnMs]),
    shipIntervalMs: random.pick([0, limits.shipIntervalMs]),
    shipNumbersMax: random.pick([1, 8, limits.shipNumbersMax]),
    pointIntervalMs: random.pick([0, limits.pointIntervalMs]),
    batchBytesMax: random.pick([4 * 1024, 64 * 1024]),
    ingressWindowBytes: windowBytes,
    shipWindowBytes: windowBytes,
    shipBatchBytes: random.pick([2 * 1024, 64 * 1024]),
    applyBatchBytes: random.pick([2 * 1024, 64 * 1024]),
    fetchBatchBytes: random.pick([2 * 1024, 64 * 1024]),
  };
}

function drawCapacity(drawn: Limits, random: Random): number {
  const leastBytes = 4 * (drawn.intentUnitBytes + 8 * 1024) + 64 * 1024;
  return random.chance(0.4) ? leastBytes * (1 + random.below(3)) : 64 * 1024 * 1024;
}

function drawSkew(random: Random): ClockSkew {
  return {
    rate: 0.98 + 0.04 * random.next(),
    offsetMs: random.below(1_000_000),
    wallOffsetMs: 1_700_000_000_000 + random.below(120_000) - 60_000,
  };
}

export function showPlan(plan: Plan): string {
  const { membership, nodes, limits: drawn, ...rest } = plan;
  const changed = Object.entries(drawn).filter(([key, value]) => limits[key as keyof Limits] !== value);
  const volumes = membership.volumes.map(
    ({ name, primary, secondaries }) => `${name}: ${primary} > ${secondaries.join(" ")}`,
  );
  return JSON.stringify({
    ...rest,
    volumes,
    holdMs: membership.holdMs,
    leaseMs: membership.leaseMs,
    capacities: nodes[0]?.journalCapacityBytes,
    limits: Object.fromEntries(changed),
  });
}
