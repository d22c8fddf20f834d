/** The storage port over a node's open arrays: reports, and the commands of operators. */
import type { StorageFront } from "@waystation/contracts/storage-front";
import type { ArrayDesk } from "./array-desk.js";
import { reportArray, type OpenArray } from "./array-report.js";
import type { PairDesk } from "./pair-desk.js";
import type { ScrubDesk } from "./scrub-desk.js";
import type { VolumeCatalogue } from "./volume-catalogue.js";
import { arrayNamed } from "./volume-places.js";

export interface StorageFrontOptions {
  readonly arrays: readonly OpenArray[];
  readonly arrayDesk: ArrayDesk;
  readonly scrubDesk: ScrubDesk;
  readonly catalogue: VolumeCatalogue;
  readonly desk: PairDesk;
}

export function createStorageFront(options: StorageFrontOptions): StorageFront {
  const { arrays, arrayDesk, scrubDesk, catalogue, desk } = options;
  return {
    arrays: () => arrays.map((on) => reportArray(on, { scrub: scrubDesk.running(on), lastScrub: scrubDesk.last(on) })),
    // As a promise: what is refused is a rejection, as in every call of the port.
    scrub: (array) => new Promise((resolve) => resolve(scrubDesk.start(arrayNamed(arrays, array)))),
    rebuild: (array) => arrayDesk.rebuild(array),
    failDisk: (array, slot) => arrayDesk.failDisk(array, slot),
    replaceDisk: (array, slot) => arrayDesk.replaceDisk(array, slot),
    volumes: () => catalogue.list(),
    createVolume: (order) => catalogue.create(order),
    deleteVolume: (name) => catalogue.delete(name),
    snapshotVolume: (order) => catalogue.snapshot(order),
    cloneVolume: (order) => catalogue.clone(order),
    pairs: () => desk.list(),
    createPair: (order) => desk.create(order),
    splitPair: (command) => desk.split(command),
    resyncPair: (command) => desk.resync(command),
    restorePair: (pair) => desk.restore(pair),
    deletePair: (pair) => desk.delete(pair),
    lendVolume: (order) => desk.loans.lend(order),
    returnVolume: (loan) => desk.loans.giveBack(loan),
    openLentVolume: (loan, split) => desk.lent.openToHosts(loan, split),
    closeLentVolume: (loan) => desk.lent.closeToHosts(loan),
  };
}
