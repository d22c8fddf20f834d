/** From the cluster's configuration to what the replication machines and the transport know of it. */
import type { GroupName, NodeName } from "@waystation/contracts/ids";
import type { Cluster, GroupConfig } from "@waystation/config/cluster";
import { journalBytesOf } from "@waystation/config/journal-volumes";
import { groupsOf } from "@waystation/config/load";
import type { GroupVolume, Membership } from "@waystation/replication/membership";
import type { LinkDirectory } from "@waystation/rpc/link-metadata";
import { formatHostPort } from "@waystation/rpc/server";

/** The groups that a node is a member of. */
export function membershipsOf(cluster: Cluster, node: NodeName): Membership[] {
  return groupsOf(cluster, node).map((group) => ({
    group: group.name,
    relay: group.relay,
    volumes: volumesOfGroup(cluster, group),
    fence: group.fence,
    holdMs: group.holdMs,
    leaseMs: group.leaseMs,
    regionBytes: group.regionBytes,
    journalFull: group.journalFull,
    autoResync: group.autoResync,
  }));
}

function volumesOfGroup(cluster: Cluster, group: GroupConfig): GroupVolume[] {
  return cluster.volumes
    .filter((volume) => volume.group === group.name)
    .map(({ name, sizeBytes, primary, secondaries }) => {
      return { name, sizeBytes, primary: primary.node, secondaries: secondaries.map(({ node }) => node) };
    });
}

/** What links may be dialled and taken; it grows while the daemon runs, and forgets nobody who may still be a member. */
export interface GrowingDirectory extends LinkDirectory {
  readonly peers: Map<NodeName, string>;
  readonly groups: Map<GroupName, Set<NodeName>>;
}

export function createDirectory(cluster: Cluster, node: NodeName): GrowingDirectory {
  return { cluster: cluster.name, node, peers: new Map(), groups: new Map() };
}

export function extendDirectory(
  { node, peers, groups }: GrowingDirectory,
  cluster: Cluster,
  memberships: readonly Membership[],
): void {
  for (const { name, grpc } of cluster.nodes) if (name !== node) peers.set(name, formatHostPort(grpc.connect));
  for (const membership of memberships) {
    const known = groups.get(membership.group) ?? [];
    groups.set(membership.group, new Set([...known, ...membersOf(membership)]));
  }
}

function membersOf({ relay, volumes }: Membership): Set<NodeName> {
  return new Set([relay, ...volumes.flatMap(({ primary, secondaries }) => [primary, ...secondaries])]);
}

/** The journal's capacity for a group on this node: the relay's, or a far side's. */
export function journalCapacityOf(cluster: Cluster, group: GroupName, node: NodeName): number {
  const config = cluster.groups.find((candidate) => candidate.name === group);
  return config === undefined ? 0 : journalBytesOf(config, node);
}
