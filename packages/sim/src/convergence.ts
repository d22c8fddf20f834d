/**
 * Liveness: once nothing is broken any more and the hosts are quiet, the group comes to rest by itself. Every volume's
 * two ends hold what the whole order leaves there, and the relay says that the group is protected.
 */
import { prefixesOf } from "./checkers/far-prefix.js";
import type { Checks } from "./checks.js";
import type { Cluster } from "./cluster.js";
import type { NodeName } from "@waystation/contracts/ids";
import type { GroupStatus } from "@waystation/replication/status";

/** What keeps the group from being at rest; null when it is. */
export function unrest(cluster: Cluster, checks: Checks): string | null {
  const { membership } = cluster.plan;
  const last = checks.order.last();
  for (const { name, primary, secondaries } of membership.volumes) {
    for (const node of [primary, ...secondaries]) {
      const matches = prefixesOf(checks.order, name, cluster.contentOf(node, name));
      if (!matches.some(({ low, high }) => low <= last && last <= high)) {
        return `${name} on ${node} does not hold the ${last} writes that were stamped`;
      }
    }
  }
  return unprotected(cluster, last);
}

/** What keeps the group from being protected and settled up to `through`; null when it is. */
export function unprotected(cluster: Cluster, through: number): string | null {
  const { membership } = cluster.plan;
  const stages = groupStatus(cluster, membership.relay)?.relay ?? null;
  if (stages === null) return "the relay tells nothing of the group";
  if (!stages.protected) return `the group is not protected: ${stages.protectedDetail}`;
  if (stages.gate < through) return `the gate is at ${stages.gate} of ${through}`;
  const behind = stages.secondaries.find(({ applied }) => applied < through);
  if (behind !== undefined) return `${behind.node} has applied ${behind.applied} of ${through}`;
  const closed = membership.volumes.find(({ name, primary }) =>
    cluster
      .machine(primary)
      .node()
      ?.control.status()
      .volumes.every((volume) => volume.name !== name || volume.access !== "read-write"),
  );
  return closed === undefined ? null : `${closed.name} is not open on ${closed.primary}`;
}

/** What a node says of the group; null while it is down. */
export function groupStatus(cluster: Cluster, node: NodeName): GroupStatus | null {
  return cluster.machine(node).node()?.control.status().groups[0] ?? null;
}
