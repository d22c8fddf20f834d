/** What an array tells of itself, as the storage port and as the status have it. Pure. */
import type { ArrayReport, DiskReport } from "@waystation/contracts/storage-front";
import type { RaidArray } from "@waystation/raid/io/array";
import type { ArrayState } from "@waystation/raid/io/array-state";
import type { ArrayStatus } from "@waystation/replication/status";
import type { Volumes } from "@waystation/volumes/volumes";

/** An array of this node with what stands on it. */
export interface OpenArray {
  readonly array: RaidArray;
  readonly volumes: Volumes;
  /** The places of its disks, by slot, as the cluster file has them. */
  readonly diskPaths: readonly string[];
  /** Null: scrubbed only when an operator asks for it. */
  readonly scrubEveryMs: number | null;
}

/** Of its scrubs, what the desk for them knows. */
export type ScrubFigures = Pick<ArrayReport, "scrub" | "lastScrub">;

export function reportArray({ array, volumes }: OpenArray, { scrub, lastScrub }: ScrubFigures): ArrayReport {
  const { status, disks, spares, lostBytes } = array.state();
  return {
    name: array.name,
    level: array.geometry.level,
    health: status,
    stripeUnitBytes: array.geometry.unitBytes,
    checksums: array.geometry.checksums,
    usableBytes: array.sizeBytes,
    freeBytes: volumes.freeBytes(),
    reservedBytes: volumes.space().reservedBytes,
    lostBytes,
    disks: [...disks.map(reportMember), ...spares.map(reportSpare)],
    scrub,
    lastScrub,
  };
}

function reportMember({ slot, file, state, reason, corrupt, progress }: ArrayState["disks"][number]): DiskReport {
  const repairedBlocks = corrupt.data + corrupt.parity + corrupt.checksum;
  return { slot, file, health: state, reason: state === "active" ? "" : reason, repairedBlocks, progress };
}

function reportSpare({ file, state, reason }: ArrayState["spares"][number]): DiskReport {
  const isReady = state === "spare";
  const health = isReady ? "spare" : "absent";
  return { slot: null, file, health, reason: isReady ? "" : reason, repairedBlocks: 0, progress: null };
}

export function statusOfArray({ array }: OpenArray): ArrayStatus {
  const { status, disks, lostBytes } = array.state();
  const problems = disks
    .filter((disk) => disk.state !== "active")
    .map(({ slot, file, reason }) => `disk ${slot} (${file ?? "not found"}): ${reason}`);
  if (lostBytes > 0) problems.push(`${lostBytes} bytes cannot be read until they are written again`);
  // All data is there; how far the rebuild is, the storage service tells.
  const state = status === "rebuilding" ? "degraded" : status;
  return { name: array.name, level: array.geometry.level, state, usableBytes: array.sizeBytes, problems };
}
