/** The storage port over a node's open arrays: reports, and the commands of operators. */
import { Failure } from "@waystation/contracts/errors";
import type { StorageFront } from "@waystation/contracts/storage-front";
import { reportArray, type OpenArray } from "./array-report.js";
import type { VolumeCatalogue } from "./volume-catalogue.js";

export interface StorageFrontOptions {
  readonly arrays: readonly OpenArray[];
  readonly catalogue: VolumeCatalogue;
}

export function createStorageFront({ arrays, catalogue }: StorageFrontOptions): StorageFront {
  const unavailable = (): Promise<never> =>
    Promise.reject(new Failure("ARRAY_STATE", "this version cannot do that yet: see docs/REQUIREMENTS.md"));

  return {
    arrays: () => arrays.map(reportArray),
    scrub: unavailable,
    rebuild: unavailable,
    failDisk: unavailable,
    replaceDisk: unavailable,
    volumes: () => catalogue.list(),
    createVolume: (order) => catalogue.create(order),
    deleteVolume: (name) => catalogue.delete(name),
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
