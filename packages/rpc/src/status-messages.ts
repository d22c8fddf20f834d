/**
 * Status and takeover between the control port and the wire, both ways. Field names are the same on both sides (the
 * proto's in camel case), so only enums and absent parts need words. A newer peer's unknown enum value reads as the
 * least flattering one that this version has: `failed`, `closed`, `refused`, `unknown`.
 */
import type { Epoch, GroupName, NodeName, Sequence, VolumeName } from "@waystation/contracts/ids";
import type { GroupRole } from "@waystation/replication/messages";
import type { TakeoverRequest } from "@waystation/replication/control-front";
import type {
  ArrayStatus,
  GroupStatus,
  NodeStatus,
  RelayStages,
  SecondaryStages,
  TakeoverProgress,
  TakeoverResult,
  VolumeStatus,
} from "@waystation/replication/status";
import { keyOf } from "./enum-names.js";
import { rpcFailure } from "./errors.js";
import type { Epoch__Output } from "./generated/waystation/v1/Epoch.js";
import type { GroupStatus__Output } from "./generated/waystation/v1/GroupStatus.js";
import type { NodeStatus as ProtoNodeStatus, NodeStatus__Output } from "./generated/waystation/v1/NodeStatus.js";
import type { RelayStages__Output } from "./generated/waystation/v1/RelayStages.js";
import type { SecondaryStages__Output } from "./generated/waystation/v1/SecondaryStages.js";
import type { TakeoverResponse, TakeoverResponse__Output } from "./generated/waystation/v1/TakeoverResponse.js";
import type { TakeoverResult__Output } from "./generated/waystation/v1/TakeoverResult.js";

export type { NodeStatus, TakeoverProgress, TakeoverRequest };
export type {
  ArrayStatus,
  GroupStatus,
  RelayStages,
  ShippingStages,
  TakeoverResult,
} from "@waystation/replication/status";

const roleNames = {
  primary: "GROUP_ROLE_PRIMARY",
  relay: "GROUP_ROLE_RELAY",
  secondary: "GROUP_ROLE_SECONDARY",
} as const satisfies Record<GroupRole, string>;

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
    groups: status.groups.map((group) => ({
      ...group,
      role: roleNames[group.role],
      relay: group.relay && {
        ...group.relay,
        primaries: [...group.relay.primaries],
        secondaries: [...group.relay.secondaries],
      },
    })),
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

function fromProtoGroup(group: GroupStatus__Output): GroupStatus {
  return {
    group: group.group as GroupName,
    role: keyOf(roleNames, group.role, "secondary"),
    epoch: fromProtoEpoch(group.epoch),
    phase: group.phase,
    detail: group.detail,
    relay: group.relay && fromProtoRelay(group.relay),
    primary: group.primary && { ...group.primary },
    secondary: group.secondary && fromProtoSecondary(group.secondary),
  };
}

function fromProtoEpoch(epoch: Epoch__Output | null): Epoch {
  return epoch === null ? { number: 0, takeoverId: "" } : { number: epoch.number, takeoverId: epoch.takeoverId };
}

function fromProtoRelay(relay: RelayStages__Output): RelayStages {
  return {
    ...relay,
    stamped: relay.stamped as Sequence,
    prepared: relay.prepared as Sequence,
    valid: relay.valid as Sequence,
    gate: relay.gate as Sequence,
    trimmed: relay.trimmed as Sequence,
    primaries: relay.primaries.map((leg) => ({ ...leg, node: leg.node as NodeName })),
    secondaries: relay.secondaries.map((leg) => ({
      ...leg,
      node: leg.node as NodeName,
      shipped: leg.shipped as Sequence,
      received: leg.received as Sequence,
      prepared: leg.prepared as Sequence,
      validated: leg.validated as Sequence,
      applied: leg.applied as Sequence,
    })),
  };
}

function fromProtoSecondary(secondary: SecondaryStages__Output): SecondaryStages {
  return {
    ...secondary,
    received: secondary.received as Sequence,
    validated: secondary.validated as Sequence,
    gate: secondary.gate as Sequence,
    applied: secondary.applied as Sequence,
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
