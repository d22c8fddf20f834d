/**
 * Deletes volumes, snapshots and clones, and gives back what was theirs alone. One at a time, in bounded steps, so that
 * others go on writing meanwhile; the snapshot's own volume too.
 *
 *   table says "being deleted" -> [step: chunks given back and cursor moved, in one commit] ... -> table without it
 *
 * What is on disk if the process dies: before the first table, nothing has happened. Between, the cursor says how far it
 * came: opening goes on from there, and what lies before the cursor is never looked at again. After the last table the
 * volume is gone; chunks wholly free are given back to the array by the table after that, or by the next deletion.
 *
 * While the newest snapshot of a volume is deleted, what it shares with the volume alone becomes the volume's own, chunk
 * by chunk as the cursor passes (`ownedAfter` in catalogue.ts), and is counted there in the same commit.
 */
import { Failure } from "@waystation/contracts/errors";
import type { VolumeName } from "@waystation/contracts/ids";
import type { Catalogue } from "./catalogue.js";
import { slotAddress, slotWords, writeCounts } from "./chunk-map.js";
import { volumeFailure } from "./errors.js";
import { goneStore } from "./gone-store.js";
import { wordOfNumber } from "./map-word.js";
import { walkStep, type WalkJob, type WalkStep } from "./map-walk.js";
import type { MappedEntry, SnapshotEntry, VolumeEntry } from "./volume-table.js";

type SlotEntry = MappedEntry | SnapshotEntry;

/** Throws when the volume cannot be deleted as things are. */
export function checkDeletable({ find, snapshotsOf, entries, knownLun }: Catalogue, name: VolumeName): VolumeEntry {
  const entry = find(name);
  const handles = knownLun(name)?.openHandles ?? 0;
  if (handles > 0) {
    const text = `Volume ${name} is open (${handles} times): close its exports, pairs and groups first.`;
    throw volumeFailure("VOLUME_IN_USE", text);
  }
  const snapshots = snapshotsOf(name).map((snapshot) => snapshot.name);
  if (snapshots.length > 0) {
    const text = `Volume ${name} has snapshots: delete ${snapshots.join(", ")} first.`;
    throw volumeFailure("VOLUME_HAS_SNAPSHOTS", text);
  }
  const clones = entries().filter((other) => other.kind === "mapped" && other.origin === name);
  if (clones.length > 0) {
    const text = `Snapshot ${name} has clones: delete ${clones.map((clone) => clone.name).join(", ")} first.`;
    throw volumeFailure("VOLUME_HAS_CLONES", text);
  }
  return entry;
}

/**
 * Deletions that failed on the way, of snapshots beside that of this name, or of its own: they come first, because what
 * one step gives back is told by the neighbours, which must be whole.
 */
export function unfinishedBeside({ entries }: Catalogue, name: VolumeName): SnapshotEntry[] {
  const own = entries().find((entry) => entry.name === name);
  const source = own?.kind === "snapshot" ? own.of : name;
  return entries().filter(
    (entry): entry is SnapshotEntry => entry.kind === "snapshot" && entry.isDeleting && entry.of === source,
  );
}

/**
 * Runs `change`, after which the table gives a volume's space away, once nothing is under way on it: a handle may have
 * been closed in the midst of a write, which would get into what is another's by then. What comes later is refused.
 */
export async function withdraw({ knownLun }: Catalogue, name: VolumeName, change: () => Promise<void>): Promise<void> {
  const lun = knownLun(name);
  if (lun === null) return change();
  await lun.gate.whileClosed(async () => {
    await change();
    lun.store = goneStore(name);
  });
}

/** The first table: from now on it is in no list, and nothing can be made of it. */
export async function markDeleting(catalogue: Catalogue, { name }: SlotEntry): Promise<void> {
  const { space, leaving, cursors, forget, refresh } = catalogue;
  const mark = (entry: VolumeEntry): VolumeEntry =>
    entry.name === name && entry.kind !== "thick" ? { ...entry, isDeleting: true } : entry;
  leaving.add(name);
  try {
    await withdraw(catalogue, name, () => space.maps.changeTable(({ volumes }) => ({ volumes: volumes.map(mark) })));
  } catch (error) {
    leaving.delete(name);
    throw error;
  }
  cursors.set(name, 0);
  forget(name);
  refresh();
}

/** Goes on with a deletion until nothing is left of it. Rejects with `SHUTTING_DOWN` when `isStopped`. */
export async function finishDeletion(catalogue: Catalogue, entry: SlotEntry, isStopped: () => boolean): Promise<void> {
  const { space, cursors, leaving, refresh, placeOf } = catalogue;
  const { maps, allocator, pool } = space;
  const { chunkCount } = placeOf(entry).shape;
  while (cursorOf(catalogue, entry) < chunkCount) {
    if (isStopped()) {
      const text = `Volume ${entry.name} is being deleted; that goes on when the array is opened again.`;
      throw new Failure("SHUTTING_DOWN", text);
    }
    await maps.exclusively(() => releaseStep(catalogue, entry));
    await maps.commit();
  }
  await maps.changeTable(({ volumes }) => ({ volumes: volumes.filter(({ name }) => name !== entry.name) }));
  cursors.delete(entry.name);
  leaving.delete(entry.name);
  refresh();
  await allocator.settled();
  await maps.exclusively(() => pool.shrinkPool());
}

async function releaseStep(catalogue: Catalogue, entry: SlotEntry): Promise<void> {
  const { space, cursors, tenant } = catalogue;
  const { maps, allocator, layout } = space;
  const { job, successor } = jobFor(catalogue, entry);
  const step = await walkStep(space, job, cursorOf(catalogue, entry));
  for (const run of step.alone) await allocator.release(run);
  for (const node of step.aloneNodes) {
    await allocator.release({ start: node, end: node + 1 });
    maps.forgetNode(node * layout.chunkBytes);
  }
  if (successor?.kind === "mapped") {
    const { counts, slot } = tenant(successor.name);
    counts.ownedData += step.sharedData;
    counts.ownedNodes += step.sharedNodes;
    await writeCounts(maps, slot, counts);
  }
  const address = slotAddress(entry.slot, slotWords.cursor);
  await maps.word(address);
  maps.set(address, wordOfNumber(step.position));
  cursors.set(entry.name, step.position);
}

function cursorOf({ cursors }: Catalogue, { name }: SlotEntry): number {
  return cursors.get(name) ?? 0;
}

function jobFor(catalogue: Catalogue, entry: SlotEntry): { job: WalkJob; successor: SlotEntry | null } {
  const { placeOf, snapshotsOf, entries } = catalogue;
  const source = placeOf(entry);
  if (entry.kind === "mapped") {
    const job = { source, successorSlot: null, predecessorBirth: entry.originBirth, countsShared: false };
    return { job, successor: null };
  }
  const volume = entries().find(({ name }) => name === entry.of) as MappedEntry;
  const snapshots = snapshotsOf(entry.of);
  const place = snapshots.findIndex(({ name }) => name === entry.name);
  const successor = snapshots[place + 1] ?? volume;
  const predecessorBirth = snapshots[place - 1]?.birth ?? volume.originBirth;
  const countsShared = successor.kind === "mapped";
  return { job: { source, successorSlot: successor.slot, predecessorBirth, countsShared }, successor };
}

/** How many chunks, data and nodes, are a snapshot's alone: what deleting it gives back. */
export async function countAlone(catalogue: Catalogue, entry: SnapshotEntry): Promise<{ data: number; nodes: number }> {
  const { space, placeOf } = catalogue;
  const { chunkCount } = placeOf(entry).shape;
  const alone = { data: 0, nodes: 0 };
  for (let position = 0; position < chunkCount;) {
    const step: WalkStep = await space.maps.exclusively(() => {
      const { job } = jobFor(catalogue, entry);
      return walkStep(space, { ...job, countsShared: false }, position);
    });
    for (const { start, end } of step.alone) alone.data += end - start;
    alone.nodes += step.aloneNodes.length;
    position = step.position;
  }
  return alone;
}
