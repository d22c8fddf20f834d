/**
 * New volumes, snapshots and clones. Each is there when the table that names it is durable, and not at all before: what
 * is prepared for it lies where no table of before refers to, so a crash leaves things as they were.
 */
import type { VolumeName } from "@waystation/contracts/ids";
import { clearExtent, firstFit, unusedAfter } from "./allocation.js";
import { checkSize, type Catalogue } from "./catalogue.js";
import { slotAddress, slotWords, type MapCounts } from "./chunk-map.js";
import { chunksOf } from "./chunk-allocator.js";
import { volumeFailure } from "./errors.js";
import { largestBytes, withRange } from "./extents.js";
import { roundUp } from "./layout.js";
import { hole, numberOf, runFor, treeShape, wordOfNumber, type Word } from "./map-word.js";
import { mappedStore } from "./mapped-store.js";
import { describeArray } from "./volume-array.js";
import { extentOf, type MappedEntry, type SnapshotEntry, type ThickEntry } from "./volume-table.js";

const noCounts: MapCounts = { ownedData: 0, ownedNodes: 0, referredData: 0, countedSince: 0 };

export async function createThick(
  { space, checkNew, refresh }: Catalogue,
  wanted: { readonly name: VolumeName; readonly sizeBytes: number; readonly isHidden: boolean },
): Promise<void> {
  const { array, table, layout, maps, pool } = space;
  const { name, sizeBytes } = wanted;
  checkNew(name);
  checkSize(sizeBytes);
  const lengthBytes = roundUp(sizeBytes, layout.grainBytes);
  if (firstFit(pool.unowned(), lengthBytes) === null) await maps.exclusively(() => pool.shrinkPool());
  const extent = firstFit(pool.unowned(), lengthBytes);
  const freeBytes = pool.unreservedCount() * layout.chunkBytes;
  if (extent === null || lengthBytes > freeBytes) {
    throw volumeFailure(
      "NO_SPACE",
      `Volume ${name} needs ${sizeBytes} bytes in one piece, ${describeArray(array)} has ${freeBytes} of ` +
        `${array.sizeBytes} free, the largest piece being ${largestBytes(pool.unowned())}: make it smaller or thin, ` +
        `or delete volumes or snapshots.`,
      { details: { neededBytes: sizeBytes, freeBytes, arrayBytes: array.sizeBytes } },
    );
  }
  const unclaim = pool.claim(extent);
  try {
    await clearExtent(array, table.current(), extent);
    const entry: ThickEntry = { kind: "thick", ...wanted, offsetBytes: extent.offsetBytes };
    await maps.changeTable((now) => {
      return { volumes: [...now.volumes, entry], unusedFromBytes: unusedAfter(now, extent) };
    });
  } finally {
    unclaim();
  }
  refresh();
}

export async function createThin(
  catalogue: Catalogue,
  wanted: { readonly name: VolumeName; readonly sizeBytes: number; readonly isHidden: boolean },
): Promise<void> {
  const { space, checkNew, addTenant, refresh, freeSlots } = catalogue;
  checkNew(wanted.name);
  checkSize(wanted.sizeBytes);
  const [slot] = freeSlots(1) as [number];
  const own = { kind: "mapped", isReserved: false, origin: null, originBirth: 0, isDeleting: false } as const;
  const entry: MappedEntry = { ...wanted, ...own, slot };
  await space.maps.exclusively(async () => {
    await prepareSlot(catalogue, slot, hole, 0);
    await space.maps.replaceTable({ volumes: [...catalogue.entries(), entry] });
  });
  addTenant(entry, { ...noCounts });
  refresh();
}

export async function createClone(
  catalogue: Catalogue,
  { name, of, isHidden }: { readonly name: VolumeName; readonly of: VolumeName; readonly isHidden: boolean },
): Promise<void> {
  const { space, checkNew, find, addTenant, refresh, freeSlots } = catalogue;
  const { maps } = space;
  checkNew(name);
  const source = find(of);
  if (source.kind !== "snapshot") {
    const text = `${of} is a volume, and a clone is made of a snapshot: make a snapshot of ${of}, and a clone of that.`;
    throw volumeFailure("VOLUME_KIND", text);
  }
  const [slot] = freeSlots(1) as [number];
  const { sizeBytes, birth } = source;
  const own = { kind: "mapped", isReserved: false, origin: of, originBirth: birth, isDeleting: false } as const;
  const entry: MappedEntry = { name, sizeBytes, isHidden, slot, ...own };
  let referredData = 0;
  await maps.exclusively(async () => {
    const root = await maps.word(slotAddress(source.slot, slotWords.root));
    referredData = numberOf(await maps.word(slotAddress(source.slot, slotWords.referredData)));
    await prepareSlot(catalogue, slot, root, referredData);
    await maps.replaceTable({ volumes: [...catalogue.entries(), entry] });
  });
  addTenant(entry, { ...noCounts, referredData });
  refresh();
}

export interface SnapshotWish {
  readonly name: VolumeName;
  readonly of: VolumeName;
  readonly isHidden: boolean;
  /** Whether room to overwrite all of the volume is kept free from now on; undefined leaves it as it is. */
  readonly reserve: boolean | undefined;
}

export async function createSnapshot(catalogue: Catalogue, wish: SnapshotWish): Promise<void> {
  const { space, checkNew, find, lun } = catalogue;
  checkNew(wish.name);
  const source = find(wish.of);
  if (source.kind === "snapshot") {
    const text = `${wish.of} is a snapshot of ${source.of}, and cannot change: make a clone of it, and a snapshot of that.`;
    throw volumeFailure("VOLUME_KIND", text);
  }
  // Nothing is under way on the volume: a write that has not ended is not in the snapshot, and never gets there.
  await lun(wish.of).gate.whileClosed(async () => {
    // Writes that ended are in the snapshot, also after a power loss.
    await space.maps.commit();
    await space.array.flush();
    await space.maps.exclusively(() => {
      return source.kind === "thick" ? snapshotThick(catalogue, source, wish) : snapshotMapped(catalogue, source, wish);
    });
  });
}

/** The volume's extent becomes part of the pool, and its map one run, shared with the snapshot. */
async function snapshotThick(catalogue: Catalogue, source: ThickEntry, wish: SnapshotWish): Promise<void> {
  const { space, addTenant, refresh, freeSlots, lun, entries } = catalogue;
  const { layout, maps, table, allocator } = space;
  const { name, sizeBytes, isHidden } = source;
  const isReserved = wish.reserve ?? true;
  const shape = treeShape(sizeBytes, layout.chunkBytes);
  if (isReserved) checkRoom(catalogue, wish, shape.chunkCount + shape.nodesMax);
  const [slot, snapshotSlot] = freeSlots(2) as [number, number];
  const { birth, pool } = table.current();
  const extent = extentOf(source, layout.grainBytes);
  const chunks = chunksOf(extent, layout.chunkBytes);
  for (const each of [slot, snapshotSlot]) {
    await prepareSlot(catalogue, each, runFor(chunks.start, birth), shape.chunkCount);
  }
  const own = { kind: "mapped", isReserved, origin: null, originBirth: 0, isDeleting: false } as const;
  const mapped: MappedEntry = { name, sizeBytes, isHidden, slot, ...own };
  const volumes = entries().map((entry) => (entry.name === name ? mapped : entry));
  const snapshot = snapshotEntry(wish, { sizeBytes, slot: snapshotSlot, birth });
  await allocator.addToPool(chunks, chunks.start + shape.chunkCount, () =>
    maps.replaceTable({ volumes: [...volumes, snapshot], birth: birth + 1, pool: withRange(pool, extent) }),
  );
  const tenant = addTenant(mapped, { ...noCounts, referredData: shape.chunkCount, countedSince: birth });
  lun(name).store = mappedStore(space, tenant, sizeBytes);
  refresh();
}

async function snapshotMapped(catalogue: Catalogue, source: MappedEntry, wish: SnapshotWish): Promise<void> {
  const { space, tenant: tenantOf, refresh, freeSlots, entries } = catalogue;
  const { maps, table, pool } = space;
  const tenant = tenantOf(source.name);
  const isReserved = wish.reserve ?? source.isReserved;
  const { chunkCount, nodesMax } = tenant.shape;
  if (isReserved) checkRoom(catalogue, wish, chunkCount + nodesMax - pool.reservedOf(tenant));
  const [slot] = freeSlots(1) as [number];
  const { birth } = table.current();
  const root = await maps.word(slotAddress(source.slot, slotWords.root));
  await prepareSlot(catalogue, slot, root, tenant.counts.referredData);
  const volumes = entries().map((entry) => (entry.name === source.name ? { ...source, isReserved } : entry));
  const snapshot = snapshotEntry(wish, { sizeBytes: source.sizeBytes, slot, birth });
  await maps.replaceTable({ volumes: [...volumes, snapshot], birth: birth + 1 });
  tenant.isReserved = isReserved;
  Object.assign(tenant.counts, { ownedData: 0, ownedNodes: 0, countedSince: birth });
  refresh();
}

function snapshotEntry(
  { name, of, isHidden }: SnapshotWish,
  facts: Pick<SnapshotEntry, "sizeBytes" | "slot" | "birth">,
): SnapshotEntry {
  return { kind: "snapshot", name, of, isHidden, isDeleting: false, ...facts };
}

/** After a snapshot nothing of the volume is its own any more, so all of it may have to be written elsewhere. */
function checkRoom({ space }: Catalogue, { name, of }: SnapshotWish, neededChunks: number): void {
  const { array, pool, layout } = space;
  const room = pool.unreservedCount();
  if (neededChunks <= room) return;
  const details = { neededBytes: neededChunks * layout.chunkBytes, freeBytes: Math.max(0, room) * layout.chunkBytes };
  throw volumeFailure(
    "NO_SPACE",
    `Snapshot ${name} keeps ${details.neededBytes} bytes free, so that all of volume ${of} can be overwritten; ` +
      `${describeArray(array)} has ${details.freeBytes}: delete volumes or snapshots, or make it without a reservation (--unreserved); ` +
      `then writes to ${of} fail with NO_SPACE once the array is full.`,
    { details },
  );
}

/** All words of a slot that no table refers to yet. */
async function prepareSlot({ space }: Catalogue, slot: number, root: Word, referredData: number): Promise<void> {
  const zero = wordOfNumber(0);
  const words: Record<keyof typeof slotWords, Word> = {
    root,
    cursor: zero,
    ownedData: zero,
    ownedNodes: zero,
    referredData: wordOfNumber(referredData),
    countedSince: zero,
  };
  for (const [name, word] of Object.entries(words) as [keyof typeof slotWords, Word][]) {
    await space.maps.prepare(slotAddress(slot, slotWords[name]), word);
  }
}
