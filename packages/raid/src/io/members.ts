/**
 * The disks of an open array: who is present, and the durable record of who is not.
 *
 * A disk that fails anything is ejected: never read, written or asked again, and the superblocks of the others say so
 * before the next write is acknowledged (`settled`), so that it is known as stale when it comes back. The generation
 * rises twice per change, each step durable on all disks before the next: `core/membership.ts` says why.
 */
import assert from "node:assert";
import { Failure } from "@waystation/contracts/errors";
import type { Log } from "@waystation/contracts/log";
import { superblockOffsets } from "../core/disk-layout.js";
import type { Absent } from "../core/erasure.js";
import type { Geometry } from "../core/geometry.js";
import { slots, type Slot } from "../core/level.js";
import { encodeSuperblock, type MemberRecord, type Superblock } from "../core/superblock.js";
import { survivesWithout } from "../core/survival.js";
import { firstFailure, type BlockDisk, type DiskOperation } from "./block-disk.js";

export interface Member {
  readonly slot: Slot;
  /** Null when no disk was found for this slot. */
  readonly file: string | null;
  /** Null when absent. */
  readonly disk: BlockDisk | null;
  /** Why it is absent, or "current". */
  readonly reason: string;
  readonly record: MemberRecord;
}

export interface Members {
  readonly geometry: Geometry;
  list(): readonly Member[];
  /** True when no disk is there for this slot. */
  isAbsent: (slot: Slot) => boolean;
  /** Which disks are out of a stripe: those that are not absent hold it as it is. */
  absentIn(stripe: number): Absent;
  isDegraded(): boolean;
  /** More disks are gone than the level survives: nothing works any more. */
  isFailed(): boolean;
  present(): readonly Slot[];
  /** Goes up with every ejection, so that a plan can tell whether it still holds. */
  changes(): number;
  /** Submits to a present disk; ejects it when anything fails. True when all was done. False too for an absent one. */
  submit(slot: Slot, batch: readonly DiskOperation[]): Promise<boolean>;
  /** Reads from a present disk inline. False when that was not done; nothing is ejected: `submit` finds out why. */
  readNow(slot: Slot, offsetBytes: number, into: Uint8Array): boolean;
  /** Ejects a disk that is not to be trusted any more. */
  eject(slot: Slot, reason: string): void;
  /** Resolves once the superblocks tell of every ejection so far. */
  settled(): Promise<void>;
  /** Opens a new generation: after it, a disk or a copy of one that was left behind is known as stale. */
  raiseGeneration(): Promise<void>;
  generation(): number;
  /** Throws `IO_ERROR` when the array has failed. */
  checkUsable(): void;
  close(): Promise<void>;
}

export interface MembersOptions {
  readonly geometry: Geometry;
  readonly superblock: Superblock;
  readonly members: readonly Member[];
  readonly log: Log;
  readonly onChange: () => void;
}

export function createMembers(options: MembersOptions): Members {
  const { geometry, superblock, log } = options;
  const members = [...options.members];
  const opened = members.flatMap(({ disk }) => (disk === null ? [] : [disk]));
  let { generation } = superblock;
  let changes = 0;
  let recording: Promise<void> = Promise.resolve();

  const isAbsent = (slot: Slot): boolean => members[slot]?.disk === null;
  const presentSlots = (): Slot[] => members.flatMap(({ slot, disk }) => (disk === null ? [] : [slot]));
  let present: readonly Slot[] = presentSlots();
  const gone = (): Set<Slot> => new Set(slots(geometry.diskCount).filter(isAbsent));
  let failed = !survivesWithout(geometry, gone());
  const isFailed = (): boolean => failed;

  const submit = async (slot: Slot, batch: readonly DiskOperation[]): Promise<boolean> => {
    const disk = members[slot]?.disk ?? null;
    if (disk === null) return false;
    const failure = firstFailure(await disk.submit(batch));
    if (failure === null) return true;
    eject(slot, failure.message);
    return false;
  };

  const eject = (slot: Slot, reason: string): void => {
    const member = members[slot];
    assert(member !== undefined);
    // Several requests may meet the same dead disk; the first one ejects it.
    if (member.disk === null) return;
    members[slot] = { ...member, disk: null, reason };
    present = presentSlots();
    failed = !survivesWithout(geometry, gone());
    changes++;
    log.error({ array: superblock.arrayName, slot, file: member.file, reason }, "disk ejected");
    // A failed array keeps its superblocks: they tell the truth of the moment before, which may be put together again.
    if (!isFailed()) recording = recording.then(writeGenerations);
    else log.error({ array: superblock.arrayName }, "array failed: more disks are gone than it survives");
    options.onChange();
  };

  const writeGenerations = async (): Promise<void> => {
    for (let step = 0; step < 2; step++) {
      generation++;
      const content = {
        ...superblock,
        generation,
        phase: "ready" as const,
        members: members.map(({ disk, record }): MemberRecord => {
          return { ...record, state: disk === null ? "ejected" : "active", rebuiltStripes: 0 };
        }),
      };
      const offsetBytes = superblockOffsets[generation % 2] as number;
      const writeOne = (slot: Slot): Promise<boolean> => {
        const { diskId } = content.members[slot] as MemberRecord;
        const from = encodeSuperblock({ ...content, slot, diskId });
        return submit(slot, [{ kind: "write", offsetBytes, from, durable: true }]);
      };
      await Promise.all(present.map(writeOne));
    }
  };

  /** A failure while recording ejects one more disk, which records again: so until nothing is left to record. */
  const settled = async (): Promise<void> => {
    let seen: Promise<void> | null = null;
    while (seen !== recording) {
      seen = recording;
      await seen;
    }
  };

  return {
    geometry,
    list: () => members,
    isAbsent,
    absentIn: () => isAbsent,
    isDegraded: () => present.length < geometry.diskCount,
    isFailed,
    present: () => present,
    changes: () => changes,
    submit,
    readNow: (slot, offsetBytes, into) => members[slot]?.disk?.readNow(offsetBytes, into) ?? false,
    eject,
    settled,
    async raiseGeneration() {
      recording = recording.then(writeGenerations);
      await settled();
    },
    generation: () => generation,
    checkUsable() {
      if (!isFailed()) return;
      const gone = members.filter(({ disk }) => disk === null);
      const list = gone.map(({ slot, file, reason }) => `slot ${slot} (${file ?? "no disk"}): ${reason}`).join(". ");
      throw new Failure(
        "IO_ERROR",
        `Array ${superblock.arrayName} has failed. ${list}. Bring its disks back, restart.`,
      );
    },
    async close() {
      await settled();
      for (const disk of opened) await disk.close();
    },
  };
}
