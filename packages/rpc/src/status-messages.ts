/**
 * Status and takeover between the control port and the wire, both ways. Field names are the same on both sides (the
 * proto's in camel case), so only enums and absent parts need words. A newer peer's unknown enum value reads as the
 * least flattering one that this version has: `failed`, `closed`, `refused`, `unknown`.
 */
import type { GroupName, NodeName, Sequence, VolumeName } from "@waystation/contracts/ids";
import type { TakeoverRequest } from "@waystation/replication/control-front";
import type {
  ArrayStatus,
  NodeStatus,
  TakeoverProgress,
  TakeoverResult,
  VolumeStatus,
} from "@waystation/replication/status";
import { keyOf } from "./enum-names.js";
import { rpcFailure } from "./errors.js";
import { fromProtoEpoch, fromProtoGroup, roleNames, toProtoGroup } from "./group-status-messages.js";
import type { NodeStatus as ProtoNodeStatus, NodeStatus__Output } from "./generated/waystation/v1/NodeStatus.js";
import type { TakeoverResponse, TakeoverResponse__Output } from "./generated/waystation/v1/TakeoverResponse.js";
import type { TakeoverResult__Output } from "./generated/waystation/v1/TakeoverResult.js";

export type { NodeStatus, TakeoverProgress, TakeoverRequest };
export type {
  ArrayStatus,
  GroupStatus,
  RelayStages,
  SecondaryStages,
  ShippingStages,
  TakeoverResult,
} from "@waystation/replication/status";

const arrayStateNames = {
  optimal: "ARRAY_STATE_OPTIMAL",
  degraded: "ARRAY_STATE_DEGRADED",
  failed: "ARRAY_STATE_FAILED",
} as const satisfies Record<ArrayStatus["state"], string>;

const accessNames = {
  "read-write": "VOLUME_STATE_READ_WRITE",
  "read-only": "VOLUME_STATE_READ_ONLY",
  "closed": "VOLUME_STATE_CLOSED",
} as const satisfies Record<VolumeStatus["access"], string>;

const outcomeNames = {
  "taken-over": "TAKEOVER_OUTCOME_TAKEN_OVER",
  "term-begun": "TAKEOVER_OUTCOME_TERM_BEGUN",
  "planned": "TAKEOVER_OUTCOME_PLANNED",
  "refused": "TAKEOVER_OUTCOME_REFUSED",
} as const satisfies Record<TakeoverResult["outcome"], string>;

const lostNames = {
  nothing: "LOST_VERDICT_NOTHING",
  known: "LOST_VERDICT_KNOWN",
  unknown: "LOST_VERDICT_UNKNOWN",
} as const satisfies Record<TakeoverResult["lost"], string>;

export function toProtoStatus(status: NodeStatus): ProtoNodeStatus {
  return {
    ...status,
    arrays: status.arrays.map((array) => ({
      ...array,
      state: arrayStateNames[array.state],
      problems: [...array.problems],
    })),
    volumes: status.volumes.map((volume) => ({
      ...volume,
      role: roleNames[volume.role],
      access: accessNames[volume.access],
    })),
    groups: status.groups.map(toProtoGroup),
  };
}

export function fromProtoStatus(status: NodeStatus__Output | null): NodeStatus {
  if (status === null) throw rpcFailure("RPC_INTERNAL", "an answer without its status");
  return {
    node: status.node as NodeName,
    site: status.site,
    version: status.version,
    startedWallMs: status.startedWallMs,
    arrays: status.arrays.map((array) => ({ ...array, state: keyOf(arrayStateNames, array.state, "failed") })),
    volumes: status.volumes.map((volume) => ({
      name: volume.name as VolumeName,
      sizeBytes: volume.sizeBytes,
      group: volume.group as GroupName,
      role: volume.role === roleNames.primary ? "primary" : "secondary",
      access: keyOf(accessNames, volume.access, "closed"),
    })),
    groups: status.groups.map(fromProtoGroup),
  };
}

export function toProtoProgress(progress: TakeoverProgress): TakeoverResponse {
  const { result } = progress;
  return {
    ...progress,
    result: result && {
      ...result,
      outcome: outcomeNames[result.outcome],
      lost: lostNames[result.lost],
      participants: [...result.participants],
      absent: [...result.absent],
      risks: [...result.risks],
    },
  };
}

export function fromProtoProgress({ phase, message, elapsedMs, result }: TakeoverResponse__Output): TakeoverProgress {
  return { phase, message, elapsedMs, result: result && fromProtoResult(result) };
}

function fromProtoResult(result: TakeoverResult__Output): TakeoverResult {
  return {
    ...result,
    outcome: keyOf(outcomeNames, result.outcome, "refused"),
    epoch: fromProtoEpoch(result.epoch),
    sequence: result.sequence as Sequence,
    lost: keyOf(lostNames, result.lost, "unknown"),
    participants: result.participants as NodeName[],
    absent: result.absent as NodeName[],
  };
}
