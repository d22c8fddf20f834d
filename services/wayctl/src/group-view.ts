/**
 * One group, put together from what its members said of themselves. Pure. A figure is null when the one node that
 * could tell it does not answer: the relay for what it stamped and shipped, each secondary for what it holds.
 */
import type { GroupStatus } from "@waystation/client/control-client";
import type { Cluster, GroupConfig } from "@waystation/config/cluster";
import type { NodeAnswer } from "./survey.js";

export interface MemberView {
  readonly node: string;
  /** As the node says; as configured when it is dead. */
  readonly role: string;
  readonly alive: boolean;
  readonly phase: string | null;
  readonly detail: string;
  readonly stamped: number | null;
  readonly shipped: number | null;
  readonly received: number | null;
  readonly prepared: number | null;
  readonly validated: number | null;
  readonly applied: number | null;
  readonly lagWrites: number | null;
  readonly lagSeconds: number | null;
}

export interface GroupView {
  readonly group: string;
  /** The highest that any member follows; null when none answers. */
  readonly epoch: number | null;
  /** Null: the relay does not answer, so nothing is promised. */
  readonly protected: boolean | null;
  readonly protectedDetail: string;
  /** Relay first, then primaries, then secondaries. */
  readonly members: readonly MemberView[];
}

const noStages = {
  stamped: null,
  shipped: null,
  received: null,
  prepared: null,
  validated: null,
  applied: null,
  lagWrites: null,
  lagSeconds: null,
};

/** The nodes that hold the group's volumes, each once, in the order of the configuration. */
export function holdersOf(cluster: Cluster, group: GroupConfig): { primaries: string[]; secondaries: string[] } {
  const volumes = cluster.volumes.filter((volume) => volume.group === group.name);
  const secondaries = volumes.flatMap((volume) => volume.secondaries.map(({ node }) => node));
  return {
    primaries: [...new Set(volumes.map((volume) => volume.primary.node))],
    secondaries: [...new Set(secondaries)],
  };
}

export function viewGroup(cluster: Cluster, group: GroupConfig, answers: readonly NodeAnswer[]): GroupView {
  const statuses = new Map<string, GroupStatus>();
  for (const { node, status } of answers) {
    const found = status?.groups.find((candidate) => candidate.group === group.name);
    if (found !== undefined) statuses.set(node.name, found);
  }
  const { primaries, secondaries } = holdersOf(cluster, group);
  const relay = statuses.get(group.relay)?.relay ?? null;
  const member = (node: string, role: string): MemberView =>
    viewMember({ node, role, statuses, relayNode: group.relay });
  return {
    group: group.name,
    epoch: statuses.size === 0 ? null : Math.max(...[...statuses.values()].map(({ epoch }) => epoch.number)),
    protected: relay?.protected ?? null,
    protectedDetail: relay === null ? `unknown: ${group.relay} does not answer as its relay` : relay.protectedDetail,
    members: [
      member(group.relay, "relay"),
      ...primaries.map((node) => member(node, "primary")),
      ...secondaries.map((node) => member(node, "secondary")),
    ],
  };
}

interface MemberOptions {
  readonly node: string;
  readonly role: string;
  readonly relayNode: string;
  readonly statuses: ReadonlyMap<string, GroupStatus>;
}

function viewMember({ node, role, relayNode, statuses }: MemberOptions): MemberView {
  const status = statuses.get(node);
  if (status === undefined) return { node, role, alive: false, phase: null, detail: "", ...noStages };
  const own = { node, role: status.role, alive: true, phase: status.phase, detail: status.detail, ...noStages };
  if (status.relay !== null) {
    const { stamped, prepared, gate } = status.relay;
    return { ...own, stamped, prepared, validated: gate };
  }
  if (status.secondary === null) return { ...own, detail: describePrimary(status) };
  const { received, validated, applied } = status.secondary;
  const leg = statuses.get(relayNode)?.relay?.secondaries.find((candidate) => candidate.node === node);
  const shipping = leg?.connected
    ? { shipped: leg.shipped, prepared: leg.prepared, lagWrites: leg.lagWrites, lagSeconds: leg.lagSeconds }
    : {};
  return { ...own, received, validated, applied, ...shipping };
}

function describePrimary({ primary, detail }: GroupStatus): string {
  if (primary === null) return detail;
  const relay = primary.relayConnected ? "" : "no link to the relay";
  const flight = primary.writesInFlight > 0 ? `${primary.writesInFlight} writes in flight` : "";
  const held = primary.writesHeld > 0 ? `${primary.writesHeld} writes held` : "";
  return [detail, relay, flight, held].filter((part) => part !== "").join(", ");
}

/** Everything that was stamped is in the volumes of every secondary that the relay ships to, as both ends say. */
export function isSynced(view: GroupView): { readonly synced: boolean; readonly stamped: number | null; why: string } {
  const stamped = view.members.find(({ role }) => role === "relay")?.stamped ?? null;
  if (stamped === null) return { synced: false, stamped, why: "no relay of the group answers" };
  const secondaries = view.members.filter(({ role }) => role === "secondary");
  const behind = secondaries.filter(({ applied, shipped }) => shipped === null || applied !== stamped);
  const why = behind
    .map(({ node, alive, shipped, applied }) => {
      if (!alive) return `${node} is DEAD`;
      return shipped === null ? `${node} has no link from the relay` : `${node} has ${applied ?? "-"} of ${stamped}`;
    })
    .join(", ");
  if (secondaries.length === 0) return { synced: false, stamped, why: "the group has no secondary that answers" };
  return { synced: behind.length === 0, stamped, why };
}
