/** What a node stores on: its arrays, the volumes on them, and what operators may do with both. */
import type { DurableBlockStore } from "@waystation/contracts/block-device";
import { reasonOf } from "@waystation/contracts/errors";
import type { GroupName, NodeName, VolumeName } from "@waystation/contracts/ids";
import type { Log } from "@waystation/contracts/log";
import type { StorageFront } from "@waystation/contracts/storage-front";
import type { Cluster } from "@waystation/config/cluster";
import { arraysOf } from "@waystation/config/load";
import { createStandaloneFront, type StandaloneFront } from "@waystation/node/standalone-front";
import type { ArrayStatus } from "@waystation/replication/status";
import { openVolumes } from "@waystation/volumes/volumes";
import { statusOfArray, type OpenArray } from "./array-report.js";
import { openConfiguredVolumes } from "./configured-volumes.js";
import { openOrCreateArray } from "./open-array.js";
import { createStorageFront } from "./storage-front.js";
import { openVolumeCatalogue } from "./volume-catalogue.js";

export interface Storage {
  readonly stores: ReadonlyMap<VolumeName, DurableBlockStore>;
  /** The journal volumes, by group. */
  readonly journalStores: ReadonlyMap<GroupName, DurableBlockStore>;
  /** What operators may ask. */
  readonly front: StorageFront;
  /** The volumes in no group, for hosts. */
  readonly standalone: StandaloneFront;
  arrays(): readonly ArrayStatus[];
  close(): Promise<void>;
}

export interface StorageOptions {
  readonly cluster: Cluster;
  readonly node: NodeName;
  readonly dataDirectory: string;
  readonly log: Log;
}

export async function openStorage({ cluster, node, dataDirectory, log }: StorageOptions): Promise<Storage> {
  const arrays: OpenArray[] = [];
  const stores = new Map<VolumeName, DurableBlockStore>();
  const journalStores = new Map<GroupName, DurableBlockStore>();
  const standalone = createStandaloneFront();
  const close = async (): Promise<void> => {
    standalone.stop();
    for (const { array, volumes } of arrays) {
      await volumes.close().catch((error: unknown) => {
        log.warn({ array: array.name, reason: reasonOf(error) }, "volumes could not be closed");
      });
      await array.close();
    }
  };
  try {
    for (const config of arraysOf(cluster, node)) {
      const array = await openOrCreateArray(config, { dataDirectory, log });
      const volumes = await openVolumes(array).catch(async (error: unknown) => {
        await array.close();
        throw error;
      });
      arrays.push({ array, volumes });
      await openConfiguredVolumes(volumes, config, cluster, { stores, journalStores });
    }
    const catalogue = await openVolumeCatalogue({ arrays, cluster, node, front: standalone, log });
    const front = createStorageFront({ arrays, catalogue });
    return { stores, journalStores, front, standalone, arrays: () => arrays.map(statusOfArray), close };
  } catch (error) {
    await close();
    throw error;
  }
}
