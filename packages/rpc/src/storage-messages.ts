/**
 * Arrays, stored volumes and pairs between the storage port and the wire, both ways. Field names are the same on both
 * sides. A newer peer's unknown enum value reads as the least flattering one that this version has.
 */
import type {
  ArrayReport,
  DiskReport,
  PairReport,
  ScrubReport,
  StoredVolume,
  WorkProgress,
} from "@waystation/contracts/storage-front";
import { keyOf } from "./enum-names.js";
import { rpcFailure } from "./errors.js";
import type { ArrayReport as ProtoArray, ArrayReport__Output } from "./generated/waystation/v1/ArrayReport.js";
import type { DiskReport as ProtoDisk, DiskReport__Output } from "./generated/waystation/v1/DiskReport.js";
import type { PairReport as ProtoPair, PairReport__Output } from "./generated/waystation/v1/PairReport.js";
import type { StoredVolume as ProtoVolume, StoredVolume__Output } from "./generated/waystation/v1/StoredVolume.js";
import type { WorkProgress as ProtoProgress, WorkProgress__Output } from "./generated/waystation/v1/WorkProgress.js";

const arrayHealthNames = {
  optimal: "ARRAY_HEALTH_OPTIMAL",
  degraded: "ARRAY_HEALTH_DEGRADED",
  rebuilding: "ARRAY_HEALTH_REBUILDING",
  failed: "ARRAY_HEALTH_FAILED",
} as const satisfies Record<ArrayReport["health"], string>;

const diskHealthNames = {
  active: "DISK_HEALTH_ACTIVE",
  rebuilding: "DISK_HEALTH_REBUILDING",
  absent: "DISK_HEALTH_ABSENT",
  spare: "DISK_HEALTH_SPARE",
} as const satisfies Record<DiskReport["health"], string>;

const kindNames = {
  thick: "VOLUME_KIND_THICK",
  mapped: "VOLUME_KIND_MAPPED",
  thin: "VOLUME_KIND_THIN",
  snapshot: "VOLUME_KIND_SNAPSHOT",
  clone: "VOLUME_KIND_CLONE",
} as const satisfies Record<StoredVolume["kind"], string>;

const useNames = {
  standalone: "VOLUME_USE_STANDALONE",
  replicated: "VOLUME_USE_REPLICATED",
  journal: "VOLUME_USE_JOURNAL",
} as const satisfies Record<StoredVolume["use"], string>;

const accessNames = {
  "read-write": "STORED_VOLUME_ACCESS_READ_WRITE",
  "read-only": "STORED_VOLUME_ACCESS_READ_ONLY",
  "closed": "STORED_VOLUME_ACCESS_CLOSED",
} as const satisfies Record<StoredVolume["access"], string>;

const pairStateNames = {
  COPY: "PAIR_STATE_COPY",
  PAIR: "PAIR_STATE_PAIR",
  PSUS: "PAIR_STATE_PSUS",
  PSUE: "PAIR_STATE_PSUE",
} as const satisfies Record<PairReport["state"], string>;

const directionNames = {
  forward: "PAIR_DIRECTION_FORWARD",
  reverse: "PAIR_DIRECTION_REVERSE",
} as const satisfies Record<PairReport["direction"], string>;

export function toProtoArray(array: ArrayReport): ProtoArray {
  return {
    ...array,
    health: arrayHealthNames[array.health],
    disks: array.disks.map(toProtoDisk),
    scrub: array.scrub && { run: array.scrub.run, progress: toProtoProgress(array.scrub.progress) },
    lastScrub: array.lastScrub && { ...array.lastScrub, findings: [...array.lastScrub.findings] },
  };
}

export function fromProtoArray(array: ArrayReport__Output | null): ArrayReport {
  if (array === null) throw rpcFailure("RPC_INTERNAL", "an answer without its array");
  return {
    ...array,
    health: keyOf(arrayHealthNames, array.health, "failed"),
    disks: array.disks.map(fromProtoDisk),
    scrub: array.scrub && { run: array.scrub.run, progress: fromProtoProgress(array.scrub.progress) ?? nothingDone },
    lastScrub: array.lastScrub satisfies ScrubReport | null,
  };
}

function toProtoDisk({ slot, file, progress, ...disk }: DiskReport): ProtoDisk {
  return {
    ...disk,
    ...(slot === null ? {} : { slot }),
    file: file ?? "",
    health: diskHealthNames[disk.health],
    progress: progress && toProtoProgress(progress),
  };
}

function fromProtoDisk({ slot, file, health, reason, repairedBlocks, progress }: DiskReport__Output): DiskReport {
  return {
    slot: slot ?? null,
    file: file === "" ? null : file,
    health: keyOf(diskHealthNames, health, "absent"),
    reason,
    repairedBlocks,
    progress: fromProtoProgress(progress),
  };
}

const nothingDone: WorkProgress = Object.freeze({ doneBytes: 0, totalBytes: 0, bytesPerSecond: 0, remainingMs: null });

function toProtoProgress({ remainingMs, ...progress }: WorkProgress): ProtoProgress {
  return { ...progress, ...(remainingMs === null ? {} : { remainingMs }) };
}

function fromProtoProgress(progress: WorkProgress__Output | null): WorkProgress | null {
  if (progress === null) return null;
  const { doneBytes, totalBytes, bytesPerSecond, remainingMs } = progress;
  return { doneBytes, totalBytes, bytesPerSecond, remainingMs: remainingMs ?? null };
}

export function toProtoStoredVolume({ usedBytes, ...volume }: StoredVolume): ProtoVolume {
  return {
    ...volume,
    ...(usedBytes === null ? {} : { usedBytes }),
    kind: kindNames[volume.kind],
    use: useNames[volume.use],
    access: accessNames[volume.access],
    origin: volume.origin ?? "",
  };
}

export function fromProtoStoredVolume(volume: StoredVolume__Output): StoredVolume {
  const { name, array, sizeBytes, usedBytes, detail } = volume;
  return {
    ...{ name, array, sizeBytes, detail, usedBytes: usedBytes ?? null },
    kind: keyOf(kindNames, volume.kind, "mapped"),
    use: keyOf(useNames, volume.use, "replicated"),
    access: keyOf(accessNames, volume.access, "closed"),
    origin: volume.origin === "" ? null : volume.origin,
  };
}

export function toProtoPair(pair: PairReport): ProtoPair {
  return {
    ...pair,
    state: pairStateNames[pair.state],
    direction: directionNames[pair.direction],
    progress: pair.progress && toProtoProgress(pair.progress),
  };
}

export function fromProtoPair(pair: PairReport__Output | null): PairReport {
  if (pair === null) throw rpcFailure("RPC_INTERNAL", "an answer without its pair");
  return {
    ...pair,
    state: keyOf(pairStateNames, pair.state, "PSUE"),
    direction: keyOf(directionNames, pair.direction, "forward"),
    progress: fromProtoProgress(pair.progress),
  };
}
