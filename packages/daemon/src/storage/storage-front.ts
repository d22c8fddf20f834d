/** The storage port over a node's open arrays: reports, and the commands of operators. */
import { Failure } from "@waystation/contracts/errors";
import type { NodeName } from "@waystation/contracts/ids";
import type { StorageFront, StoredVolume, VolumeUse } from "@waystation/contracts/storage-front";
import type { Cluster } from "@waystation/config/cluster";
import { journalVolumesOf } from "@waystation/config/journal-volumes";
import { volumesOf } from "@waystation/config/load";
import { reportArray, type OpenArray } from "./array-report.js";

export interface StorageFrontOptions {
  readonly arrays: readonly OpenArray[];
  readonly cluster: Cluster;
  readonly node: NodeName;
}

export function createStorageFront({ arrays, cluster, node }: StorageFrontOptions): StorageFront {
  const replicated = new Set<string>(volumesOf(cluster, node).map(({ name }) => name));
  const journals = new Set<string>(
    journalVolumesOf(cluster)
      .filter((journal) => journal.node === node)
      .map(({ name }) => name),
  );
  const useOf = (name: string): VolumeUse => {
    if (replicated.has(name)) return "replicated";
    return journals.has(name) ? "journal" : "standalone";
  };
  const unavailable = (): Promise<never> =>
    Promise.reject(new Failure("ARRAY_STATE", "this version cannot do that yet: see docs/REQUIREMENTS.md"));

  return {
    arrays: () => arrays.map(reportArray),
    scrub: unavailable,
    rebuild: unavailable,
    failDisk: unavailable,
    replaceDisk: unavailable,
    volumes: () =>
      arrays.flatMap(({ array, volumes }) =>
        volumes.list().map(({ name, sizeBytes }): StoredVolume => ({
          name,
          array: array.name,
          kind: "thick",
          use: useOf(name),
          sizeBytes,
          usedBytes: sizeBytes,
          access: "closed",
          detail: "",
          origin: null,
        })),
      ),
    createVolume: unavailable,
    deleteVolume: unavailable,
    snapshotVolume: unavailable,
    cloneVolume: unavailable,
    pairs: () => [],
    createPair: unavailable,
    splitPair: unavailable,
    resyncPair: unavailable,
    restorePair: unavailable,
    deletePair: unavailable,
  };
}
