/**
 * Volumes (LUs), snapshots and clones on an array (SPEC A1): created, listed, opened, deleted. A new volume reads as
 * zeros until it is written, and everything is in the durable table before its promise resolves.
 *
 * A volume is thick, which is one run of the array and as fast as the array, until its first snapshot. From then on, and
 * for thin volumes and clones, a chunk map says where each chunk is (mapped-store.ts).
 */
import type { VolumeName } from "@waystation/contracts/ids";
import { Failure, reasonOf } from "@waystation/contracts/errors";
import { silentLog, type Log } from "@waystation/contracts/log";
import { openCatalogue, type Catalogue } from "./catalogue.js";
import { openChunkAllocator } from "./chunk-allocator.js";
import { slotAddress, slotWords } from "./chunk-map.js";
import { createClone, createSnapshot, createThick, createThin } from "./creation.js";
import { checkDeletable, countAlone, finishDeletion, markDeleting, unfinishedBeside, withdraw } from "./deletion.js";
import { openDocuments, type VolumeDocuments } from "./documents.js";
import { createGrace } from "./grace.js";
import { layoutOf } from "./layout.js";
import { openMapStore } from "./map-store.js";
import { numberOf } from "./map-word.js";
import { openHandle, type Volume } from "./open-volume.js";
import { createPoolSpace } from "./pool-space.js";
import { openTable } from "./table-store.js";
import type { VolumeArray } from "./volume-array.js";
import { extentOf, type MappedEntry, type SnapshotEntry, type ThickEntry, type VolumeEntry } from "./volume-table.js";

export type { Volume } from "./open-volume.js";

export interface VolumeSummary {
  readonly name: VolumeName;
  readonly sizeBytes: number;
  readonly kind: VolumeEntry["kind"];
  readonly isHidden: boolean;
  /** What deleting it gives back; null for a snapshot, for which `usage` has to count. */
  readonly exclusiveBytes: number | null;
  /** Room to overwrite all of it is kept free; a thick volume without snapshots needs none. */
  readonly isReserved: boolean;
  /** Of a snapshot: its volume. */
  readonly snapshotOf: VolumeName | null;
  /** Of a clone: its snapshot. */
  readonly cloneOf: VolumeName | null;
}

export interface VolumeUsage {
  readonly sizeBytes: number;
  /** Of its size, what holds data. */
  readonly usedBytes: number;
  /** What deleting it gives back: data that no other volume or snapshot has, and map. */
  readonly exclusiveBytes: number;
  /** Data that others have too. */
  readonly sharedBytes: number;
  /** Kept free for it. */
  readonly reservedBytes: number;
}

export interface SpaceUsage {
  /** For volumes and their maps. */
  readonly totalBytes: number;
  /** Neither used nor reserved. */
  readonly freeBytes: number;
  readonly reservedBytes: number;
}

export interface CreateOptions {
  /** Not of a host: left out of lists unless they ask for hidden volumes. */
  readonly hidden?: boolean;
  /** Takes space as it is written. A write may then fail with `NO_SPACE`. */
  readonly thin?: boolean;
}

export interface SnapshotOptions {
  readonly hidden?: boolean;
  /**
   * Whether room to overwrite all of the volume is kept free. A thick volume has it kept unless this is false, when
   * writes to it may fail with `NO_SPACE`; other volumes stay as they are unless this says otherwise.
   */
  readonly reserve?: boolean;
}

export interface Volumes {
  /** In the order of their creation. */
  list(options?: { readonly hidden?: boolean }): readonly VolumeSummary[];
  /** Bytes that new volumes can still use. */
  freeBytes(): number;
  space(): SpaceUsage;
  /** Walks the map of a snapshot, so it takes as long as that is large. Rejects with `VOLUME_NOT_FOUND`. */
  usage(name: VolumeName): Promise<VolumeUsage>;
  /** Rejects with `VOLUME_EXISTS`, `VOLUME_NAME`, `VOLUME_SIZE` or `NO_SPACE`. The size is a multiple of 512 bytes. */
  create(name: VolumeName, sizeBytes: number, options?: CreateOptions): Promise<void>;
  /**
   * The content of a volume at this moment, which can be read. Writes that have ended are in it, durably. Rejects as
   * `create`, with `VOLUME_KIND` for a snapshot of a snapshot, and with `NO_SPACE` when nothing can be reserved.
   */
  snapshot(name: VolumeName, of: VolumeName, options?: SnapshotOptions): Promise<void>;
  /** A volume that begins as a snapshot is; thin. Rejects as `snapshot`. */
  clone(name: VolumeName, of: VolumeName, options?: { readonly hidden?: boolean }): Promise<void>;
  /**
   * The space is free when it resolves. Rejects with `VOLUME_NOT_FOUND`, `VOLUME_IN_USE`, `VOLUME_HAS_SNAPSHOTS` or
   * `VOLUME_HAS_CLONES`.
   */
  delete(name: VolumeName): Promise<void>;
  /** Throws `VOLUME_NOT_FOUND`. Closing the volume leaves the array open. */
  open(name: VolumeName): Volume;
  readonly documents: VolumeDocuments;
  /** Makes durable what is not, and ends what goes on by itself. The array stays open. */
  close(): Promise<void>;
}

export interface OpenVolumesOptions {
  /** For the chunk maps of all volumes of the array together. */
  readonly cacheBytes?: number;
  readonly log?: Log;
}

const cacheBytesDefault = 16 * 1024 * 1024;

/**
 * Reads the volume table of an array; a new array has none, and no volumes. Rejects with `VOLUME_TABLE_DAMAGED`,
 * `VOLUME_TABLE_VERSION`, `VOLUME_MAP_DAMAGED`, or `NO_SPACE` when the array is too small for any.
 */
export async function openVolumes(array: VolumeArray, options: OpenVolumesOptions = {}): Promise<Volumes> {
  const { cacheBytes = cacheBytesDefault, log = silentLog } = options;
  const layout = layoutOf(array.sizeBytes, array.stripeBytes);
  const table = await openTable(array, layout);
  const grace = createGrace();
  const maps = await openMapStore({ array, layout, table, cacheBytes });
  const allocator = await openChunkAllocator({ array, layout, maps, grace, pool: () => table.current().pool });
  const pool = createPoolSpace({ array, table, layout, maps, allocator });
  const catalogue = await openCatalogue({ array, table, layout, maps, grace, allocator, pool });
  const administration = createQueue();
  const deletions = createQueue();
  let isClosing = false;

  const remove = async (name: VolumeName): Promise<void> => {
    if (isClosing) throw new Failure("SHUTTING_DOWN", `Volume ${name} is not deleted: the array is being closed.`);
    for (const entry of unfinishedBeside(catalogue, name)) await finishDeletion(catalogue, entry, () => isClosing);
    const entry = await administration.run(async () => {
      const found = checkDeletable(catalogue, name);
      if (found.kind === "thick") await removeThick(catalogue, name);
      else await markDeleting(catalogue, found);
      return found;
    });
    if (entry.kind !== "thick") await finishDeletion(catalogue, entry, () => isClosing);
  };
  const resume = async (): Promise<void> => {
    for (const entry of catalogue.entries()) {
      if (entry.kind === "thick" || !entry.isDeleting) continue;
      await finishDeletion(catalogue, entry, () => isClosing).catch((error: unknown) => {
        if (!isClosing) log.warn({ volume: entry.name, reason: reasonOf(error) }, "a deletion could not be finished");
      });
    }
  };
  void deletions.run(resume);

  return {
    list: ({ hidden = false } = {}) => listOf(catalogue).filter(({ isHidden }) => hidden || !isHidden),
    freeBytes: () => pool.unreservedCount() * layout.chunkBytes,
    space: () => ({
      totalBytes: layout.dataEnd - layout.dataOffset,
      freeBytes: pool.unreservedCount() * layout.chunkBytes,
      reservedBytes: pool.reservedCount() * layout.chunkBytes,
    }),
    usage: async (name) => usageOf(catalogue, catalogue.find(name)),
    create(name, sizeBytes, { hidden: isHidden = false, thin = false } = {}) {
      const create = thin ? createThin : createThick;
      return administration.run(() => create(catalogue, { name, sizeBytes, isHidden }));
    },
    snapshot: (name, of, { hidden: isHidden = false, reserve } = {}) =>
      administration.run(() => createSnapshot(catalogue, { name, of, isHidden, reserve })),
    clone: (name, of, { hidden: isHidden = false } = {}) =>
      administration.run(() => createClone(catalogue, { name, of, isHidden })),
    delete: (name) => deletions.run(() => remove(name)),
    open: (name) => openHandle(catalogue.lun(name)),
    documents: openDocuments(table, maps),
    async close() {
      isClosing = true;
      await deletions.run(() => Promise.resolve());
      await administration.run(() => Promise.resolve());
      await maps.commit();
    },
  };
}

interface Queue {
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** One thing at a time, in order. */
function createQueue(): Queue {
  let last: Promise<unknown> = Promise.resolve();
  return {
    run(work) {
      const mine = last.then(work);
      last = mine.catch(() => {});
      return mine;
    },
  };
}

async function removeThick(catalogue: Catalogue, name: VolumeName): Promise<void> {
  const { space, leaving, forget, refresh } = catalogue;
  leaving.add(name);
  try {
    await withdraw(catalogue, name, () =>
      space.maps.changeTable(({ volumes }) => ({ volumes: volumes.filter((entry) => entry.name !== name) })),
    );
    forget(name);
    refresh();
  } finally {
    leaving.delete(name);
  }
}

function listOf(catalogue: Catalogue): VolumeSummary[] {
  const { entries, leaving } = catalogue;
  return entries()
    .filter(({ name }) => !leaving.has(name))
    .map((entry) => ({
      name: entry.name,
      sizeBytes: entry.sizeBytes,
      kind: entry.kind,
      isHidden: entry.isHidden,
      exclusiveBytes: entry.kind === "snapshot" ? null : exclusiveBytesOf(catalogue, entry),
      isReserved: entry.kind === "mapped" && entry.isReserved,
      snapshotOf: entry.kind === "snapshot" ? entry.of : null,
      cloneOf: entry.kind === "mapped" ? entry.origin : null,
    }));
}

function exclusiveBytesOf({ space, tenant }: Catalogue, entry: ThickEntry | MappedEntry): number {
  const { grainBytes, chunkBytes } = space.layout;
  if (entry.kind === "thick") return extentOf(entry, grainBytes).lengthBytes;
  const { ownedData, ownedNodes } = tenant(entry.name).counts;
  return (ownedData + ownedNodes) * chunkBytes;
}

async function usageOf(catalogue: Catalogue, entry: VolumeEntry): Promise<VolumeUsage> {
  const { layout, pool } = catalogue.space;
  const { sizeBytes } = entry;
  const bytes = (chunks: number): number => chunks * layout.chunkBytes;
  switch (entry.kind) {
    case "thick": {
      const exclusiveBytes = exclusiveBytesOf(catalogue, entry);
      return { sizeBytes, usedBytes: sizeBytes, exclusiveBytes, sharedBytes: 0, reservedBytes: 0 };
    }
    case "mapped": {
      const tenant = catalogue.tenant(entry.name);
      const { ownedData, referredData } = tenant.counts;
      return {
        sizeBytes,
        usedBytes: bytes(referredData),
        exclusiveBytes: exclusiveBytesOf(catalogue, entry),
        sharedBytes: bytes(referredData - ownedData),
        reservedBytes: bytes(pool.reservedOf(tenant)),
      };
    }
    case "snapshot":
      return snapshotUsage(catalogue, entry);
  }
}

async function snapshotUsage(catalogue: Catalogue, entry: SnapshotEntry): Promise<VolumeUsage> {
  const { layout, maps } = catalogue.space;
  const referred = numberOf(await maps.word(slotAddress(entry.slot, slotWords.referredData)));
  const { data, nodes } = await countAlone(catalogue, entry);
  const { sizeBytes } = entry;
  const [usedBytes, exclusiveBytes] = [referred * layout.chunkBytes, (data + nodes) * layout.chunkBytes];
  return { sizeBytes, usedBytes, exclusiveBytes, sharedBytes: usedBytes - data * layout.chunkBytes, reservedBytes: 0 };
}
