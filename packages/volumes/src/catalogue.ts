/**
 * What is on an open array: the entries of the table and, for each, what is kept in memory while the array is open. A
 * volume's gate, store and counts are made once and shared by all its handles.
 */
import type { VolumeName } from "@waystation/contracts/ids";
import { isName, nameRule } from "@waystation/contracts/ids";
import { readCounts, slotAddress, slotWords, type MapCounts, type MapPlace } from "./chunk-map.js";
import { volumeFailure } from "./errors.js";
import { sectorBytes, slotsMax } from "./layout.js";
import type { MapSpace } from "./map-space.js";
import { numberOf, treeShape } from "./map-word.js";
import { mappedStore } from "./mapped-store.js";
import { createLun, type Lun } from "./open-volume.js";
import type { Tenant } from "./pool-space.js";
import { snapshotStore } from "./snapshot-store.js";
import { thickStore, type VolumeStore } from "./thick-store.js";
import { describeArray } from "./volume-array.js";
import type { MappedEntry, SnapshotEntry, VolumeEntry } from "./volume-table.js";

export interface Catalogue {
  readonly space: MapSpace;
  /** Names that are being deleted: not to be opened, listed, or given to others. */
  readonly leaving: Set<VolumeName>;
  /** How far each deletion has come: what lies before that chunk has been given back. */
  readonly cursors: Map<VolumeName, number>;
  readonly entries: () => readonly VolumeEntry[];
  /** Throws `VOLUME_NOT_FOUND`. */
  readonly find: (name: VolumeName) => VolumeEntry;
  /** Throws `VOLUME_NAME` or `VOLUME_EXISTS`. */
  readonly checkNew: (name: VolumeName) => void;
  /** Oldest first, those being deleted included. */
  readonly snapshotsOf: (name: VolumeName) => readonly SnapshotEntry[];
  readonly lun: (name: VolumeName) => Lun;
  /** Null while nobody has opened it. */
  readonly knownLun: (name: VolumeName) => Lun | null;
  readonly forget: (name: VolumeName) => void;
  readonly tenant: (name: VolumeName) => Tenant;
  readonly addTenant: (entry: MappedEntry, counts: MapCounts) => Tenant;
  readonly placeOf: (entry: MappedEntry | SnapshotEntry) => MapPlace;
  /** After each change of the table: what belongs to whom is taken from it anew. */
  readonly refresh: () => void;
  /** So many slots that no entry has. Throws `NO_SPACE`. */
  readonly freeSlots: (count: number) => number[];
}

/** The birth up to which a volume's chunks are its predecessors' (snapshot's or origin's). */
interface Sharing {
  readonly birth: number;
  /** Its newest snapshot, while that is being deleted: what is younger than `birth` is the volume's up to the cursor. */
  readonly leaving: { readonly name: VolumeName; readonly birth: number } | null;
}

export async function openCatalogue(space: MapSpace): Promise<Catalogue> {
  const { array, table, layout, maps, pool } = space;
  const luns = new Map<VolumeName, Lun>();
  const tenants = new Map<VolumeName, Tenant>();
  const sharing = new Map<VolumeName, Sharing>();
  const leaving = new Set<VolumeName>();
  const cursors = new Map<VolumeName, number>();

  const entries = (): readonly VolumeEntry[] => table.current().volumes;
  const find = (name: VolumeName): VolumeEntry => {
    const there = entries().filter((entry) => !leaving.has(entry.name));
    const entry = there.find((volume) => volume.name === name);
    if (entry !== undefined) return entry;
    const names = there.map((volume) => volume.name).join(", ") || "none";
    throw volumeFailure("VOLUME_NOT_FOUND", `No volume ${name} on ${describeArray(array)}; it has: ${names}.`);
  };
  const snapshotsOf = (name: VolumeName): SnapshotEntry[] =>
    entries().filter((entry) => entry.kind === "snapshot" && entry.of === name) as SnapshotEntry[];
  const placeOf = ({ slot, sizeBytes }: MappedEntry | SnapshotEntry): MapPlace => {
    return { slot, shape: treeShape(sizeBytes, layout.chunkBytes) };
  };
  const shareOf = (entry: MappedEntry): Sharing => {
    const snapshots = snapshotsOf(entry.name);
    const newest = snapshots.at(-1);
    if (newest === undefined) return { birth: entry.originBirth, leaving: null };
    const before = snapshots.at(-2)?.birth ?? entry.originBirth;
    return { birth: newest.birth, leaving: newest.isDeleting ? { name: newest.name, birth: before } : null };
  };
  const refresh = (): void => {
    sharing.clear();
    for (const entry of entries()) if (entry.kind === "mapped") sharing.set(entry.name, shareOf(entry));
  };
  const ownedAfter = (name: VolumeName, end: number): number => {
    const share = sharing.get(name);
    if (share === undefined) return 0;
    const { birth, leaving: newest } = share;
    return newest !== null && end <= (cursors.get(newest.name) ?? 0) ? newest.birth : birth;
  };
  const addTenant = (entry: MappedEntry, counts: MapCounts): Tenant => {
    const { name, isReserved } = entry;
    const tenant: Tenant = {
      ...placeOf(entry),
      name,
      isReserved,
      counts,
      takenCount: 0,
      ownedAfter: (end) => ownedAfter(name, end),
      birth: () => table.current().birth,
    };
    tenants.set(name, tenant);
    pool.tenants.add(tenant);
    return tenant;
  };
  const tenantOf = (name: VolumeName): Tenant => {
    const tenant = tenants.get(name);
    if (tenant === undefined) throw new RangeError(`volume ${name} has no map`);
    return tenant;
  };
  const storeOf = (entry: VolumeEntry): VolumeStore => {
    switch (entry.kind) {
      case "thick":
        return thickStore(array, entry.offsetBytes);
      case "mapped":
        return mappedStore(space, tenantOf(entry.name), entry.sizeBytes);
      case "snapshot":
        return snapshotStore(space, placeOf(entry), entry.name);
    }
  };

  refresh();
  for (const entry of entries()) {
    if (entry.kind !== "thick" && entry.isDeleting) {
      leaving.add(entry.name);
      cursors.set(entry.name, numberOf(await maps.word(slotAddress(entry.slot, slotWords.cursor))));
    } else if (entry.kind === "mapped") {
      const counts = await readCounts(maps, entry.slot);
      const newest = snapshotsOf(entry.name).at(-1)?.birth ?? 0;
      if (newest > counts.countedSince) Object.assign(counts, { ownedData: 0, ownedNodes: 0, countedSince: newest });
      addTenant(entry, counts);
    }
  }

  return {
    space,
    leaving,
    cursors,
    entries,
    find,
    checkNew(name) {
      if (!isName(name)) throw volumeFailure("VOLUME_NAME", `"${name}" is no volume name: ${nameRule}.`);
      if (!entries().some((entry) => entry.name === name)) return;
      const state = leaving.has(name) ? "is still being deleted from" : "is already on";
      const text = `Volume ${name} ${state} ${describeArray(array)}: open it, or choose another name.`;
      throw volumeFailure("VOLUME_EXISTS", text);
    },
    snapshotsOf,
    lun(name) {
      const entry = find(name);
      let lun = luns.get(name);
      if (lun === undefined) {
        lun = createLun({ name, sizeBytes: entry.sizeBytes, stripeBytes: layout.stripeBytes, store: storeOf(entry) });
        luns.set(name, lun);
      }
      return lun;
    },
    knownLun: (name) => luns.get(name) ?? null,
    forget(name) {
      luns.delete(name);
      const tenant = tenants.get(name);
      if (tenant === undefined) return;
      tenants.delete(name);
      pool.tenants.delete(tenant);
    },
    tenant: tenantOf,
    addTenant,
    placeOf,
    refresh,
    freeSlots(count) {
      const used = new Set(entries().flatMap((entry) => (entry.kind === "thick" ? [] : [entry.slot])));
      const slots: number[] = [];
      for (let slot = 0; slot < slotsMax && slots.length < count; slot++) if (!used.has(slot)) slots.push(slot);
      if (slots.length === count) return slots;
      const text = `${describeArray(array)} has ${slotsMax} snapshots, clones and thin volumes, the most there can be: delete some.`;
      throw volumeFailure("NO_SPACE", text);
    },
  };
}

export function checkSize(sizeBytes: number): void {
  if (Number.isSafeInteger(sizeBytes) && sizeBytes > 0 && sizeBytes % sectorBytes === 0) return;
  throw volumeFailure("VOLUME_SIZE", `A volume has a multiple of ${sectorBytes} bytes, not ${sizeBytes}.`);
}
