/**
 * Spares, and how a disk comes to a slot: one that waits is taken by itself when a slot is without its disk; an operator
 * may name any other place. What a crash finds, step by step:
 *
 * 1. the disk's metadata area is cleared, synced           -> an empty place, or an empty spare
 * 2. it has a superblock without a slot                     -> a spare, taken again at the next opening
 * 3. the superblocks of all disks name it for the slot      -> it is rebuilt from the start, whatever is on it
 *    (some of them: the newest one decides, and nothing was written since)
 */
import { randomBytes } from "node:crypto";
import { reasonOf } from "@waystation/contracts/errors";
import type { Log } from "@waystation/contracts/log";
import { diskBytesNeeded, type Geometry } from "../core/geometry.js";
import type { Slot } from "../core/level.js";
import type { SpareVerdict } from "../core/membership.js";
import { raidFailure } from "../errors.js";
import { mustDo, type BlockDisk, type DiskPlace } from "./block-disk.js";
import { inspectDisk } from "./inspect-disk.js";
import { logSlots } from "./stripe-log.js";
import type { Members } from "./members.js";
import { clearRange, writeEmptyLog } from "./prepare-disk.js";

export interface SpareState {
  readonly file: string;
  readonly state: "spare" | "unusable";
  /** Why it is unusable, or "spare". */
  readonly reason: string;
}

export interface Spares {
  list(): readonly SpareState[];
  /** Makes spares of the empty places. */
  enlist(): Promise<void>;
  /** Takes a spare for every slot without a disk, as far as there are any. Goes on by itself; see `idle`. */
  fill(): void;
  /** Takes the disk at a place for a slot; the one that has it is ejected. Throws when it is somebody's, or no disk. */
  replace(slot: Slot, place: DiskPlace): Promise<void>;
  isBusy(): boolean;
  idle(): Promise<void>;
}

export interface SparesOptions {
  readonly members: Members;
  readonly identity: { readonly id: string; readonly name: string };
  readonly verdicts: readonly SpareVerdict[];
  readonly places: readonly DiskPlace[];
  readonly log: Log;
  /** A disk came in, and is to be rebuilt. */
  readonly onTaken: () => void;
  readonly onChange: () => void;
}

interface Spare extends SpareState {
  readonly place: DiskPlace;
}

export function createSpares(options: SparesOptions): Spares {
  const { members, identity, log } = options;
  const { geometry } = members;
  let spares: Spare[] = [];
  let empty: DiskPlace[] = [];
  let work: Promise<void> = Promise.resolve();
  let pending = 0;
  let isFilling = false;
  for (const { file, standing, reason } of options.verdicts) {
    const place = options.places.find((candidate) => candidate.file === file);
    if (place === undefined) continue;
    if (standing === "empty") empty.push(place);
    else spares.push({ place, file, state: standing === "ready" ? "spare" : "unusable", reason });
  }

  const note = (place: DiskPlace, failure: unknown): void => {
    const { file } = place;
    const reason = failure === null ? "spare" : reasonOf(failure);
    if (failure !== null) log.warn({ array: identity.name, file, reason }, "spare cannot be used");
    spares = spares.filter((spare) => spare.file !== file);
    spares.push({ place, file, state: failure === null ? "spare" : "unusable", reason });
  };

  const enlistOne = async (place: DiskPlace): Promise<void> => {
    try {
      const disk = await makeDisk(place, geometry);
      try {
        const failure = await members.enlist(disk, newDiskId());
        note(place, failure);
      } finally {
        await disk.close();
      }
    } catch (error) {
      note(place, error);
    }
  };

  const admit = (slot: Slot, disk: BlockDisk, { file }: DiskPlace): Promise<boolean> =>
    members.admit({ slot, disk, file, diskId: newDiskId() });

  /** False when there is nothing to take, or nothing to take it for. */
  const fillOne = async (): Promise<boolean> => {
    const spare = spares.find(({ state }) => state === "spare");
    const slot = members.list().find(({ disk }) => disk === null)?.slot;
    if (spare === undefined || slot === undefined || members.isFailed() || geometry.tolerance === 0) return false;
    spares = spares.filter((other) => other !== spare);
    try {
      const disk = await openFitting(spare.place, geometry);
      await prepareForSlot(slot, disk, geometry);
      log.info({ array: identity.name, slot, file: spare.file }, "spare taken");
      if (await admit(slot, disk, spare.place)) options.onTaken();
      // Another disk was quicker, or this one failed.
      else if (!members.isAbsent(slot)) spares.push(spare);
      else note(spare.place, raidFailure("DISK_IO", `${spare.file} failed while it was taken for slot ${slot}`));
    } catch (error) {
      note(spare.place, error);
    }
    options.onChange();
    return true;
  };

  /** One thing at a time, in the order of the calls. */
  const enqueue = async (action: () => Promise<void>): Promise<void> => {
    pending++;
    const done = work.then(action);
    work = done.catch(() => {}).finally(() => pending--);
    await done;
  };

  const fillAll = async (): Promise<void> => {
    isFilling = false;
    while (await fillOne());
  };

  return {
    list: () => spares.map(({ file, state, reason }) => ({ file, state, reason })),
    async enlist() {
      for (const place of empty) await enlistOne(place);
      empty = [];
    },
    fill() {
      if (isFilling) return;
      isFilling = true;
      void enqueue(fillAll);
    },
    async replace(slot, place) {
      await enqueue(async () => {
        const disk = await claimPlace(place, members, identity);
        // It may have been one of the spares.
        spares = spares.filter(({ file }) => file !== place.file);
        await prepareForSlot(slot, disk, geometry);
        members.eject(slot, "replaced by an operator");
        if (!(await admit(slot, disk, place))) {
          throw raidFailure(
            "ARRAY_STATE",
            `${place.file} failed while it was taken for slot ${slot} of ${identity.name}: name another disk.`,
          );
        }
        log.info({ array: identity.name, slot, file: place.file }, "disk replaced");
        options.onTaken();
      });
    },
    isBusy: () => pending > 0,
    async idle() {
      while (pending > 0) await work;
    },
  };
}

function newDiskId(): string {
  return randomBytes(8).toString("hex");
}

async function openFitting(place: DiskPlace, geometry: Geometry): Promise<BlockDisk> {
  const disk = await place.open();
  const neededBytes = diskBytesNeeded(geometry);
  if (disk.sizeBytes >= neededBytes) return disk;
  await disk.close();
  throw raidFailure(
    "DISK_TOO_SMALL",
    `${place.file} has ${disk.sizeBytes} bytes, the array needs ${neededBytes}: use a larger one.`,
  );
}

/** The log of a disk that is to carry it. Closes the disk when it fails. */
async function prepareForSlot(slot: Slot, disk: BlockDisk, geometry: Geometry): Promise<void> {
  if (!logSlots(geometry).includes(slot)) return;
  try {
    await writeEmptyLog(disk, geometry);
    await mustDo(disk, [{ kind: "sync" }]);
  } catch (error) {
    await disk.close();
    throw error;
  }
}

/** A disk of the right size at a place where nothing is, or nothing but zeros; its metadata area is clear. */
async function makeDisk(place: DiskPlace, geometry: Geometry): Promise<BlockDisk> {
  const found = await inspectDisk(place);
  if (found !== null && !found.isClear) {
    throw raidFailure("DISK_NOT_EMPTY", `${place.file} holds something else: erase it first if it is not needed.`);
  }
  return takeDisk(place, geometry);
}

async function takeDisk(place: DiskPlace, geometry: Geometry): Promise<BlockDisk> {
  const { disk, isNew } = await place.create(diskBytesNeeded(geometry));
  try {
    if (disk.sizeBytes < diskBytesNeeded(geometry)) {
      throw raidFailure(
        "DISK_TOO_SMALL",
        `${place.file} has ${disk.sizeBytes} bytes, the array needs ${diskBytesNeeded(geometry)}: use a larger one.`,
      );
    }
    if (!isNew) await clearRange(disk, 0, geometry.dataOffsetBytes);
    await mustDo(disk, [{ kind: "sync" }]);
    return disk;
  } catch (error) {
    await disk.close();
    throw error;
  }
}

/** The disk at a place that an operator named: empty, a spare of this array, or one that was a member of it before. */
async function claimPlace(
  place: DiskPlace,
  members: Members,
  { id, name }: SparesOptions["identity"],
): Promise<BlockDisk> {
  const { geometry } = members;
  // The place may have got another disk while the array still had the old one open.
  members.ejectVanished();
  const holder = members.list().find((member) => member.disk !== null && member.file === place.file);
  if (holder !== undefined) {
    throw raidFailure(
      "ARRAY_STATE",
      `${place.file} has slot ${holder.slot} of array ${name}, and is ${holder.reason}: name another disk.`,
    );
  }
  const found = await inspectDisk(place);
  if (found?.reading.kind !== "valid") return makeDisk(place, geometry);
  const { superblock } = found.reading;
  if (superblock.arrayId !== id) {
    throw raidFailure(
      "ARRAY_EXISTS",
      `${place.file} belongs to array ${superblock.arrayName}: erase it first if that is not needed.`,
    );
  }
  return takeDisk(place, geometry);
}
