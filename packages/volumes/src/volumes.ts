/**
 * Volumes (LUs) on an array (SPEC A1): created, listed, opened, deleted. A volume reads as zeros until it is written,
 * and is in the durable table before `create` resolves.
 */
import { isName, nameRule, type VolumeName } from "@waystation/contracts/ids";
import { clearExtent, firstFit, freeExtents, unusedAfter } from "./allocation.js";
import { openDocuments, type VolumeDocuments } from "./documents.js";
import { volumeFailure } from "./errors.js";
import { largestBytes, totalBytes } from "./extents.js";
import { layoutOf, roundUp, sectorBytes } from "./layout.js";
import { createLun, openHandle, type Lun, type Volume } from "./open-volume.js";
import { openTable } from "./table-store.js";
import { thickStore } from "./thick-store.js";
import { describeArray, type VolumeArray } from "./volume-array.js";
import type { ThickEntry, VolumeEntry } from "./volume-table.js";

export type { Volume } from "./open-volume.js";

export interface VolumeSummary {
  readonly name: VolumeName;
  readonly sizeBytes: number;
}

export interface CreateOptions {
  /** Not of a host: left out of lists unless they ask for hidden volumes. */
  readonly hidden?: boolean;
}

export interface Volumes {
  /** In the order of their creation. */
  list(options?: { readonly hidden?: boolean }): readonly VolumeSummary[];
  /** Bytes that new volumes can still use. */
  freeBytes(): number;
  /** Rejects with `VOLUME_EXISTS`, `VOLUME_NAME`, `VOLUME_SIZE` or `NO_SPACE`. The size is a multiple of 512 bytes. */
  create(name: VolumeName, sizeBytes: number, options?: CreateOptions): Promise<void>;
  /** Rejects with `VOLUME_NOT_FOUND` or `VOLUME_IN_USE`. The space is free when it resolves. */
  delete(name: VolumeName): Promise<void>;
  /** Throws `VOLUME_NOT_FOUND`. Closing the volume leaves the array open. */
  open(name: VolumeName): Volume;
  readonly documents: VolumeDocuments;
}

/** Reads the volume table of an array; a new array has none, and no volumes. Rejects as `openTable` says. */
export async function openVolumes(array: VolumeArray): Promise<Volumes> {
  const layout = layoutOf(array.sizeBytes, array.stripeBytes);
  const table = await openTable(array, layout);
  const luns = new Map<VolumeName, Lun>();
  /** Being deleted: not to be opened any more. */
  const leaving = new Set<VolumeName>();
  let changing: Promise<unknown> = Promise.resolve();

  const exclusively = <T>(change: () => Promise<T>): Promise<T> => {
    const mine = changing.then(change);
    changing = mine.catch(() => {});
    return mine;
  };
  const find = (name: VolumeName): VolumeEntry => {
    const { volumes } = table.current();
    const entry = volumes.find((volume) => volume.name === name);
    if (entry !== undefined && !leaving.has(name)) return entry;
    const names = volumes.map((volume) => volume.name).join(", ");
    throw volumeFailure(
      "VOLUME_NOT_FOUND",
      `No volume ${name} on ${describeArray(array)}; it has: ${names || "none"}.`,
    );
  };
  const lunOf = (name: VolumeName): Lun => {
    const entry = find(name);
    const known = luns.get(name);
    if (known !== undefined) return known;
    const { offsetBytes, sizeBytes } = entry as ThickEntry;
    const lun = createLun({ name, sizeBytes, store: thickStore(array, offsetBytes), isReadOnly: false });
    luns.set(name, lun);
    return lun;
  };

  const create = async (name: VolumeName, sizeBytes: number, isHidden: boolean): Promise<void> => {
    const now = table.current();
    checkNew(now.volumes, name, sizeBytes);
    const free = freeExtents(now, layout);
    const extent = firstFit(free, roundUp(sizeBytes, layout.grainBytes));
    if (extent === null) {
      const details = { neededBytes: sizeBytes, freeBytes: totalBytes(free), arrayBytes: array.sizeBytes };
      throw volumeFailure(
        "NO_SPACE",
        `Volume ${name} needs ${sizeBytes} bytes in one piece, ${describeArray(array)} has ${details.freeBytes} of ` +
          `${array.sizeBytes} free, ${largestBytes(free)} of them in one piece: make it smaller, or delete others.`,
        { details },
      );
    }
    await clearExtent(array, now, extent);
    const entry: ThickEntry = { kind: "thick", name, sizeBytes, isHidden, offsetBytes: extent.offsetBytes };
    await table.replace({ volumes: [...now.volumes, entry], unusedFromBytes: unusedAfter(now, extent) });
  };

  const remove = async (name: VolumeName): Promise<void> => {
    find(name);
    const handles = luns.get(name)?.openHandles ?? 0;
    if (handles > 0) {
      const text = `Volume ${name} is open (${handles} times): close its exports, pairs and groups first.`;
      throw volumeFailure("VOLUME_IN_USE", text);
    }
    luns.delete(name);
    leaving.add(name);
    try {
      await table.replace({ volumes: table.current().volumes.filter((entry) => entry.name !== name) });
    } finally {
      leaving.delete(name);
    }
  };

  return {
    list: ({ hidden = false } = {}) =>
      table
        .current()
        .volumes.filter(({ isHidden }) => hidden || !isHidden)
        .map(({ name, sizeBytes }) => ({ name, sizeBytes })),
    freeBytes: () => totalBytes(freeExtents(table.current(), layout)),
    create: (name, sizeBytes, { hidden = false } = {}) => exclusively(() => create(name, sizeBytes, hidden)),
    delete: (name) => exclusively(() => remove(name)),
    open: (name) => openHandle(lunOf(name)),
    documents: openDocuments(table, exclusively),
  };
}

function checkNew(volumes: readonly VolumeEntry[], name: VolumeName, sizeBytes: number): void {
  if (!isName(name)) throw volumeFailure("VOLUME_NAME", `"${name}" is no volume name: ${nameRule}.`);
  if (volumes.some((volume) => volume.name === name)) {
    throw volumeFailure("VOLUME_EXISTS", `Volume ${name} is on this array already: open it, or choose another name.`);
  }
  if (Number.isSafeInteger(sizeBytes) && sizeBytes > 0 && sizeBytes % sectorBytes === 0) return;
  throw volumeFailure("VOLUME_SIZE", `A volume has a multiple of ${sectorBytes} bytes, not ${sizeBytes}.`);
}
