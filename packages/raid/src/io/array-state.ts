/** What an array tells of itself and its disks. */
import type { Members } from "./members.js";
import type { Progress } from "./rate-meter.js";
import type { Rebuilder } from "./rebuilder.js";
import type { FaultCounts, RowRepair } from "./row-repair.js";
import type { SpareState } from "./spares.js";
import type { LostBlocks } from "./stripe-log.js";

/**
 * `degraded`: all data is there, with less redundancy than the level has. `rebuilding`: degraded, and on the way back.
 * `failed`: writes are an `IO_ERROR`, and so are reads of what the disks that are left do not hold.
 */
export type ArrayStatus = "optimal" | "degraded" | "rebuilding" | "failed";

export interface DiskState {
  readonly slot: number;
  /** Null when no disk was found for the slot. */
  readonly file: string | null;
  readonly state: "active" | "rebuilding" | "absent";
  /** Why it is absent, or "current", or "rebuilding". */
  readonly reason: string;
  /** Reads that it failed since it was opened, and that were put right from redundancy where there was any. */
  readonly readErrors: number;
  /** Blocks found corrupt on it since the array was opened, and whether they could be repaired. */
  readonly corrupt: FaultCounts;
  /** Of a disk that is being rebuilt. */
  readonly progress: Progress | null;
}

export interface ArrayState {
  readonly status: ArrayStatus;
  readonly disks: readonly DiskState[];
  readonly spares: readonly SpareState[];
  /** Bytes that cannot be read until they have been written again: too many disks failed them. */
  readonly lostBytes: number;
}

export interface ArrayStateParts {
  readonly members: Members;
  readonly lost: LostBlocks;
  readonly repair: RowRepair;
  readonly spares: readonly SpareState[];
  /** Null for a level without redundancy. */
  readonly rebuilder: Pick<Rebuilder, "progressOf"> | null;
}

export function stateOf({ members, lost, repair, spares, rebuilder }: ArrayStateParts): ArrayState {
  const disks = members.list().map((member): DiskState => {
    const { slot, file, disk, reason, wholeStripes } = member;
    const presence = wholeStripes === Infinity ? "active" : "rebuilding";
    const readErrors = members.doubts.errorsOf(slot);
    const corrupt = { ...(repair.counts()[slot] as FaultCounts) };
    const progress = rebuilder?.progressOf(member) ?? null;
    return { slot, file, state: disk === null ? "absent" : presence, reason, readErrors, corrupt, progress };
  });
  const lostBytes = lost.ranges.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0);
  return { status: statusOf(members), disks, spares, lostBytes };
}

function statusOf(members: Members): ArrayStatus {
  if (members.isFailed()) return "failed";
  if (!members.isDegraded()) return "optimal";
  const isRebuilding = members.list().some(({ disk, wholeStripes }) => disk !== null && wholeStripes !== Infinity);
  return isRebuilding ? "rebuilding" : "degraded";
}
