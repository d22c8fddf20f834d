/** A storage client that is no client: a node without arrays, but for what a test gives it. */
import type { StorageClient } from "@waystation/client/storage-client";

export function fakeStorage(change: Partial<StorageClient>): StorageClient {
  const none = (): Promise<never[]> => Promise.resolve([]);
  const unasked = (what: string) => (): never => {
    throw new Error(`nobody was expected to ask for ${what}`);
  };
  return {
    arrays: none,
    array: unasked("array"),
    watchArray: unasked("watchArray"),
    scrub: unasked("scrub"),
    rebuild: unasked("rebuild"),
    failDisk: unasked("failDisk"),
    replaceDisk: unasked("replaceDisk"),
    volumes: none,
    createVolume: unasked("createVolume"),
    deleteVolume: unasked("deleteVolume"),
    snapshotVolume: unasked("snapshotVolume"),
    cloneVolume: unasked("cloneVolume"),
    pairs: none,
    watchPair: unasked("watchPair"),
    createPair: unasked("createPair"),
    splitPair: unasked("splitPair"),
    resyncPair: unasked("resyncPair"),
    restorePair: unasked("restorePair"),
    deletePair: unasked("deletePair"),
    lendVolume: unasked("lendVolume"),
    returnVolume: unasked("returnVolume"),
    openLentVolume: unasked("openLentVolume"),
    closeLentVolume: unasked("closeLentVolume"),
    close() {},
    ...change,
  };
}
