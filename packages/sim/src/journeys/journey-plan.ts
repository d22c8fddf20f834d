/**
 * What a journey's seed stands for: a cluster as a run has it (plan.ts), and the bad days that it goes through, one after
 * the other, with the way home from each (B8-B14).
 */
import { createRandom, type Random } from "@waystation/contracts/random";
import { limits } from "@waystation/replication/limits";
import type { Membership } from "@waystation/replication/membership";
import { drawPlan, type Plan } from "../plan.js";

/** A bad day, or a planned one. */
export type Leg =
  /** The operator suspends the group, hosts go on, and he has it resynced. */
  | "suspend"
  /** Faults of every kind for a while, and nothing else. */
  | "storm"
  /** The roles change sides as planned, under load. */
  | "swap"
  /** The primary site dies; the far side takes over and works; the old site comes back as the far side. */
  | "disaster"
  /** The primary site and the relay die together: only `--force` goes on. */
  | "double-disaster"
  /** The relay is lost; the ends go on directly; it comes back. */
  | "no-relay"
  /** The relay is replaced by an empty machine. */
  | "new-relay"
  /** A secondary is replaced by an empty machine. */
  | "new-secondary"
  /** The far leg is cut until the relay's journal is full, and comes back. */
  | "full-journal";

export interface LegPlan {
  readonly leg: Leg;
  /** Nodes crash, links break and disks stall while it goes on. */
  readonly underFaults: boolean;
  /** How many of the nodes are crashed right in the middle of something as the command is given. */
  readonly crashes: number;
}

export interface JourneyPlan {
  readonly plan: Plan;
  readonly legs: readonly LegPlan[];
}

const legs: readonly Leg[] = [
  "suspend",
  "suspend",
  "storm",
  "swap",
  "swap",
  "disaster",
  "disaster",
  "double-disaster",
  "no-relay",
  "new-relay",
  "new-secondary",
  "full-journal",
];

export function drawJourney(seed: number): JourneyPlan {
  const random = createRandom(Math.imul(seed + 1, 0x9e3779b1) ^ 0x6a6f75);
  const plan = drawPlan(seed);
  const { intentUnitBytes } = plan.limits;
  const membership: Membership = {
    ...plan.membership,
    fence: random.pick(["data", "data", "never", "status"]),
    regionBytes: intentUnitBytes * random.pick([1, 1, 4]),
    journalFull: { warnShare: 0.8, holdMs: random.pick([200, 1000, 5000]) },
    autoResync: random.chance(0.8),
  };
  return {
    // Zeros cannot be told apart, and the history could not say which of them an image shows.
    plan: { ...plan, membership, limits: { ...plan.limits, ...drawCopyLimits(intentUnitBytes, random) }, zeroShare: 0 },
    legs: Array.from({ length: 1 + random.below(3) }, () => drawLeg(random)),
  };
}

/** Small ones: a volume has 64 KiB, and a piece must fit in the smallest window. */
function drawCopyLimits(intentUnitBytes: number, random: Random): Partial<typeof limits> {
  return {
    copyChunkBytes: intentUnitBytes * random.pick([1, 2, 16]),
    copyChunksMax: random.pick([1, 8]),
    copyPieceBytes: random.pick([2 * 1024, intentUnitBytes]),
    copyBytesMax: intentUnitBytes * random.pick([1, 4]),
    copyBytesBusyMax: intentUnitBytes,
    copyUnaskedMax: random.pick([1, 16]),
    digestReadBytes: random.pick([2 * 1024, limits.digestReadBytes]),
    farValidatedIntervalMs: random.pick([20, 300]),
    preImageUnitBytes: random.pick([2 * 1024, 16 * 1024]),
    preImageUnitsAtOnce: random.pick([1, 4, 64]),
  };
}

function drawLeg(random: Random): LegPlan {
  return { leg: random.pick(legs), underFaults: random.chance(0.3), crashes: random.pick([0, 0, 1, 2]) };
}
