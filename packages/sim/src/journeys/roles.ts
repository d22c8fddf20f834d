/** Who has which role now, as the nodes that are up tell: those of the highest epoch are believed. */
import type { NodeName, VolumeName } from "@waystation/contracts/ids";
import type { GroupStatus } from "@waystation/replication/status";
import type { Cluster } from "../cluster.js";
import { groupStatus } from "../convergence.js";

export interface Standing {
  readonly node: NodeName;
  readonly status: GroupStatus;
}

/** Every node that is up, those of the highest epoch first. */
export function standings(cluster: Cluster): Standing[] {
  return cluster.machines
    .flatMap(({ name }) => {
      const status = groupStatus(cluster, name);
      return status === null ? [] : [{ node: name, status }];
    })
    .sort((a, b) => b.status.epoch.number - a.status.epoch.number);
}

export interface RolesNow {
  readonly relay: NodeName | null;
  readonly primaries: readonly NodeName[];
  readonly secondaries: readonly NodeName[];
}

export function rolesNow(cluster: Cluster): RolesNow {
  const all = standings(cluster);
  const highest = all[0]?.status.epoch.number ?? 0;
  const newest = all.filter(({ status }) => status.epoch.number === highest);
  const holders = (role: "relay" | "primary" | "secondary"): NodeName[] =>
    newest.filter(({ status }) => status[role] !== null).map(({ node }) => node);
  return { relay: holders("relay")[0] ?? null, primaries: holders("primary"), secondaries: holders("secondary") };
}

/** Where hosts may write a volume now. */
export function writersOf(cluster: Cluster, volume: VolumeName): NodeName[] {
  return cluster.machines.flatMap((machine) => {
    const status = machine.node()?.control.status();
    const isOpen = status?.volumes.some(({ name, access }) => name === volume && access === "read-write") ?? false;
    return isOpen ? [machine.name] : [];
  });
}
