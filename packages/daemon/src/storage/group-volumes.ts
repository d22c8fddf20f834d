/**
 * The volumes that the cluster file gives to groups, at this node: opened when it starts and when the file is read again.
 * One that no group has is served to hosts by its primary alone (SMPL), until it joins a group; never while the term that a
 * group follows here still has it, whatever the file says.
 */
import type { DurableBlockStore } from "@waystation/contracts/block-device";
import type { GroupName, NodeName, VolumeName } from "@waystation/contracts/ids";
import type { Cluster } from "@waystation/config/cluster";
import { arraysOf, volumesOf } from "@waystation/config/load";
import type { StandaloneFront } from "@waystation/node/standalone-front";
import type { OpenArray } from "./array-report.js";
import { openConfiguredVolumes } from "./configured-volumes.js";

export interface GroupVolumes {
  readonly stores: ReadonlyMap<VolumeName, DurableBlockStore>;
  /** The journal volumes, by group. */
  readonly journalStores: ReadonlyMap<GroupName, DurableBlockStore>;
  /** Makes and opens what the file names here and is not open yet. Dying halfway leaves volumes that the next start opens. */
  open(cluster: Cluster): Promise<void>;
  /** Ends the sessions on those served alone that a group has now; when it resolves, nothing uses their stores. */
  hideJoined(cluster: Cluster): Promise<void>;
  /** Serves those that no group has. */
  showSingles(cluster: Cluster, isReplicated: (volume: VolumeName) => boolean): void;
}

export interface GroupVolumesOptions {
  readonly arrays: readonly OpenArray[];
  readonly node: NodeName;
  readonly front: StandaloneFront;
}

export function createGroupVolumes({ arrays, node, front }: GroupVolumesOptions): GroupVolumes {
  const stores = new Map<VolumeName, DurableBlockStore>();
  const journalStores = new Map<GroupName, DurableBlockStore>();
  const shown = new Set<VolumeName>();
  return {
    stores,
    journalStores,
    async open(cluster) {
      for (const config of arraysOf(cluster, node)) {
        const on = arrays.find(({ array }) => array.name === config.name);
        if (on !== undefined) await openConfiguredVolumes(on.volumes, config, cluster, { stores, journalStores });
      }
    },
    async hideJoined(cluster) {
      for (const { name, group } of volumesOf(cluster, node)) {
        if (group === null || !shown.delete(name)) continue;
        await front.remove(name, `it joins group ${group}`);
      }
    },
    showSingles(cluster, isReplicated) {
      for (const { name, group, primary } of volumesOf(cluster, node)) {
        const store = stores.get(name);
        if (group !== null || primary.node !== node || store === undefined) continue;
        if (shown.has(name) || isReplicated(name)) continue;
        shown.add(name);
        front.add({ name, store, access: "read-write", description: "volume that no group copies yet (SMPL)" });
      }
    },
  };
}
