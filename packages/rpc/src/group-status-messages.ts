/**
 * How a group stands at one node, between the control port and the wire, both ways. See `status-messages.ts`; what a node
 * does not tell stays absent.
 */
import type { Epoch, GroupName, NodeName, Sequence, VolumeName } from "@waystation/contracts/ids";
import type { CopyOrder, GroupRole, OriginLeg, PairState } from "@waystation/replication/messages";
import type { GroupStatus, PrimaryStages, RelayStages, SecondaryStages } from "@waystation/replication/status";
import { causeNames } from "./command-messages.js";
import { keyOf } from "./enum-names.js";
import type { CopyOrder__Output } from "./generated/waystation/v1/CopyOrder.js";
import type { Epoch__Output } from "./generated/waystation/v1/Epoch.js";
import type { GroupStatus as ProtoGroupStatus, GroupStatus__Output } from "./generated/waystation/v1/GroupStatus.js";
import type { PrimaryStages__Output } from "./generated/waystation/v1/PrimaryStages.js";
import type { RelayStages__Output } from "./generated/waystation/v1/RelayStages.js";
import type { SecondaryStages__Output } from "./generated/waystation/v1/SecondaryStages.js";

export const roleNames = {
  primary: "GROUP_ROLE_PRIMARY",
  relay: "GROUP_ROLE_RELAY",
  secondary: "GROUP_ROLE_SECONDARY",
} as const satisfies Record<GroupRole, string>;

const pairNames = {
  SMPL: "GROUP_PAIR_STATE_SMPL",
  COPY: "GROUP_PAIR_STATE_COPY",
  PAIR: "GROUP_PAIR_STATE_PAIR",
  PSUS: "GROUP_PAIR_STATE_PSUS",
  PSUE: "GROUP_PAIR_STATE_PSUE",
  PFUL: "GROUP_PAIR_STATE_PFUL",
  PFUS: "GROUP_PAIR_STATE_PFUS",
  SSWS: "GROUP_PAIR_STATE_SSWS",
} as const satisfies Record<PairState, string>;

const legNames = {
  joined: "ORIGIN_LEG_JOINED",
  alone: "ORIGIN_LEG_ALONE",
  copying: "ORIGIN_LEG_COPYING",
} as const satisfies Record<OriginLeg, string>;

/** A newer peer's unknown state reads as suspended by a failure; one that was not told stays absent. */
function pairOf(name: string): { readonly pair?: PairState } {
  return name === "GROUP_PAIR_STATE_UNSPECIFIED" ? {} : { pair: keyOf(pairNames, name, "PSUE") };
}

const pairName = (pair: PairState | undefined) => (pair === undefined ? {} : { pair: pairNames[pair] });

export function toProtoGroup(group: GroupStatus): ProtoGroupStatus {
  const { relay, primary, secondary, term, branches } = group;
  return {
    ...group,
    role: roleNames[group.role],
    relay: relay && toProtoRelay(relay),
    primary: primary && toProtoPrimary(primary),
    secondary: secondary && toProtoSecondary(secondary),
    term: term ? { ...term, cause: causeNames[term.cause] } : null,
    branches: [...(branches ?? [])],
  };
}

function toProtoRelay({ pair, ...relay }: RelayStages) {
  return {
    ...relay,
    ...pairName(pair),
    copy: toProtoOrder(relay.copy),
    primaries: [...relay.primaries],
    secondaries: relay.secondaries.map(({ pair: legPair, ...leg }) => ({ ...leg, ...pairName(legPair) })),
  };
}

function toProtoSecondary({ pair, copy, ...secondary }: SecondaryStages) {
  return {
    ...secondary,
    ...pairName(pair),
    copy: copy ? { ...toProtoOrder(copy), blank: copy.blank } : null,
  };
}

function toProtoOrder(order: CopyOrder | null | undefined) {
  if (!order) return null;
  const { end, nodes, ...rest } = order;
  return { ...rest, nodes: [...nodes], ...(end === null ? {} : { end }) };
}

function toProtoPrimary({ leg, pair, copy, ...primary }: PrimaryStages) {
  return { ...primary, ...pairName(pair), ...(leg === undefined ? {} : { leg: legNames[leg] }), copy: copy ?? null };
}

export function fromProtoGroup(group: GroupStatus__Output): GroupStatus {
  const { term } = group;
  return {
    group: group.group as GroupName,
    role: keyOf(roleNames, group.role, "secondary"),
    epoch: fromProtoEpoch(group.epoch),
    phase: group.phase,
    detail: group.detail,
    relay: group.relay && fromProtoRelay(group.relay),
    primary: group.primary && fromProtoPrimary(group.primary),
    secondary: group.secondary && fromProtoSecondary(group.secondary),
    term: term && {
      epoch: fromProtoEpoch(term.epoch),
      cause: keyOf(causeNames, term.cause, "members"),
      relay: term.relay as NodeName,
    },
    branches: group.branches.map(({ volume, name }) => ({ volume: volume as VolumeName, name })),
  };
}

export function fromProtoEpoch(epoch: Epoch__Output | null): Epoch {
  return epoch === null ? { number: 0, takeoverId: "" } : { number: epoch.number, takeoverId: epoch.takeoverId };
}

function fromProtoOrder(order: Omit<CopyOrder__Output, "_end">): CopyOrder {
  return {
    copyId: order.copyId,
    base: order.base as Sequence,
    begin: order.begin as Sequence,
    nodes: order.nodes as NodeName[],
    end: (order.end ?? null) as Sequence | null,
  };
}

function fromProtoRelay({ pair, copy, ...relay }: RelayStages__Output): RelayStages {
  return {
    ...relay,
    ...pairOf(pair),
    copy: copy && fromProtoOrder(copy),
    stamped: relay.stamped as Sequence,
    prepared: relay.prepared as Sequence,
    valid: relay.valid as Sequence,
    gate: relay.gate as Sequence,
    trimmed: relay.trimmed as Sequence,
    primaries: relay.primaries.map((leg) => ({ ...leg, node: leg.node as NodeName })),
    secondaries: relay.secondaries.map(({ pair: legPair, ...leg }) => ({
      ...leg,
      ...pairOf(legPair),
      node: leg.node as NodeName,
      shipped: leg.shipped as Sequence,
      received: leg.received as Sequence,
      prepared: leg.prepared as Sequence,
      validated: leg.validated as Sequence,
      applied: leg.applied as Sequence,
    })),
  };
}

function fromProtoPrimary({ leg, pair, ...primary }: PrimaryStages__Output): PrimaryStages {
  const known = leg === "ORIGIN_LEG_UNSPECIFIED" ? {} : { leg: keyOf(legNames, leg, "alone") };
  return { ...primary, ...pairOf(pair), ...known };
}

function fromProtoSecondary({ pair, copy, ...secondary }: SecondaryStages__Output): SecondaryStages {
  return {
    ...secondary,
    ...pairOf(pair),
    copy: copy && { ...fromProtoOrder(copy), blank: copy.blank },
    received: secondary.received as Sequence,
    validated: secondary.validated as Sequence,
    gate: secondary.gate as Sequence,
    applied: secondary.applied as Sequence,
  };
}
