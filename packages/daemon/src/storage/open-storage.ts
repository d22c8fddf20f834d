/** What a node stores on: its arrays, the volumes on them, and what operators may do with both. */
import { systemClock } from "@waystation/contracts/clock";
import { reasonOf } from "@waystation/contracts/errors";
import type { NodeName } from "@waystation/contracts/ids";
import type { Log } from "@waystation/contracts/log";
import type { StorageFront } from "@waystation/contracts/storage-front";
import type { Cluster } from "@waystation/config/cluster";
import { arraysOf, diskPaths } from "@waystation/config/load";
import type { Branches } from "@waystation/node/ports";
import { createStandaloneFront, type StandaloneFront } from "@waystation/node/standalone-front";
import type { ArrayStatus } from "@waystation/replication/status";
import { openVolumes } from "@waystation/volumes/volumes";
import { createArrayDesk } from "./array-desk.js";
import { statusOfArray, type OpenArray } from "./array-report.js";
import { openBranchDesk } from "./branch-desk.js";
import { startCaretaker } from "./caretaker.js";
import { createGroupVolumes, type GroupVolumes } from "./group-volumes.js";
import { openOrCreateArray } from "./open-array.js";
import { openPairDesk } from "./pair-desk.js";
import { createRemoteNodes } from "./remote-nodes.js";
import { createScrubDesk } from "./scrub-desk.js";
import { createStorageFront } from "./storage-front.js";
import { openVolumeCatalogue } from "./volume-catalogue.js";
import { volumeUses } from "./volume-places.js";

export interface Storage {
  /** The volumes of groups, and the journal volumes. */
  readonly groupVolumes: GroupVolumes;
  /** What operators may ask. */
  readonly front: StorageFront;
  /** The volumes in no group, for hosts. */
  readonly standalone: StandaloneFront;
  /** What volumes held before they were overwritten by another history. */
  readonly branches: Branches;
  arrays(): readonly ArrayStatus[];
  /** The cluster file was read again: opens what is new in it. */
  follow(cluster: Cluster): Promise<void>;
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
  const standalone = createStandaloneFront();
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    standalone.stop();
    for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) await closer();
  };
  try {
    for (const config of arraysOf(cluster, node)) {
      const array = await openOrCreateArray(config, { dataDirectory, log });
      closers.push(() => array.close());
      const volumes = await openVolumes(array, { log });
      closers.push(() =>
        volumes.close().catch((error: unknown) => {
          log.warn({ array: array.name, reason: reasonOf(error) }, "volumes could not be closed");
        }),
      );
      const { scrubEveryMs } = config;
      arrays.push({ array, volumes, diskPaths: diskPaths(config, dataDirectory), scrubEveryMs });
    }
    const groupVolumes = createGroupVolumes({ arrays, node, front: standalone });
    await groupVolumes.open(cluster);
    const uses = volumeUses(cluster, node);
    const checkFree = (name: string): void => uses.checkStandalone(name);
    const remotes = createRemoteNodes(cluster, node);
    closers.push(() => Promise.resolve(remotes.close()));
    const desk = await openPairDesk({ arrays, front: standalone, remotes, checkFree, clock: systemClock, log });
    closers.push(() => desk.close());
    const catalogue = await openVolumeCatalogue({ arrays, cluster, node, front: standalone, uses, desk, log });
    const branches = await openBranchDesk({ arrays, front: standalone, clock: systemClock, log });
    closers.push(() => branches.close());
    const arrayDesk = createArrayDesk(arrays);
    const scrubDesk = createScrubDesk({ arrays, clock: systemClock, log });
    closers.push(() => scrubDesk.stop());
    const front = createStorageFront({ arrays, arrayDesk, scrubDesk, catalogue, desk });
    const caretaker = startCaretaker(systemClock, [() => arrayDesk.checkDisks(), () => scrubDesk.startDue()]);
    closers.push(() => Promise.resolve(caretaker.stop()));
    const follow = async (next: Cluster): Promise<void> => {
      await groupVolumes.open(next);
      uses.follow(next);
    };
    return { groupVolumes, front, standalone, branches, arrays: () => arrays.map(statusOfArray), follow, close };
  } catch (error) {
    await close();
    throw error;
  }
}
