/**
 * The disks of an open array: who is present, how far, and the durable record of it.
 *
 * A disk that fails a write is ejected: never read, written or asked again, and the superblocks of the others say so
 * before the next write is acknowledged (`settled`), so that it is known as stale when it comes back. One that fails a
 * read is first put right from redundancy (`doubts.ts`). A disk that comes in is present below its cursor and absent
 * above it. The generation rises twice per change, each step durable on all disks before the next: `core/membership.ts`
 * says why.
 */
import assert from "node:assert";
import { Failure, reasonOf } from "@waystation/contracts/errors";
import type { Log } from "@waystation/contracts/log";
import { superblockOffsets } from "../core/disk-layout.js";
import type { Absent } from "../core/erasure.js";
import type { Geometry } from "../core/geometry.js";
import type { Slot } from "../core/level.js";
import { encodeSuperblock, type MemberRecord, type Superblock } from "../core/superblock.js";
import { firstFailure, type BlockDisk, type DiskCompletion, type DiskOperation } from "./block-disk.js";
import { createDoubts, type Doubts } from "./doubts.js";

export interface Member {
  readonly slot: Slot;
  /** Null when no disk was found for this slot. */
  readonly file: string | null;
  /** Null when absent. */
  readonly disk: BlockDisk | null;
  /** Why it is absent, or "current", or "rebuilding". */
  readonly reason: string;
  /** What the superblocks say of it, or will when they are next written. */
  readonly record: MemberRecord;
  /** Stripes below this are on the disk; Infinity for a current one. */
  readonly wholeStripes: number;
  /** When the array was opened, its superblock was one change behind. */
  readonly isBehind: boolean;
}

/** A disk that is to have a slot, with a clear metadata area. */
export interface Newcomer {
  readonly slot: Slot;
  readonly disk: BlockDisk;
  /** Its place, for people. */
  readonly file: string;
  readonly diskId: string;
}

export interface Members {
  readonly geometry: Geometry;
  list(): readonly Member[];
  /** True when no disk is there for this slot: not even one that is being rebuilt. */
  isAbsent: (slot: Slot) => boolean;
  /** True when no disk is there, or one that is being rebuilt: what it has does not count. */
  isIncomplete: (slot: Slot) => boolean;
  /** Which disks are out of a stripe: those that are not absent hold it as it is. */
  absentIn(stripe: number): Absent;
  /** A disk is absent, or being rebuilt. */
  isDegraded(): boolean;
  /** More disks are gone than the level survives: nothing can be written any more. */
  isFailed(): boolean;
  present(): readonly Slot[];
  /** Goes up whenever a disk is no longer what a plan may have taken it for. */
  changes(): number;
  /**
   * Submits to a present disk. True when all was done. False too for an absent one, and when anything fails: then the disk
   * is ejected, or, for reads of data, known to be absent from the stripes that were to be read.
   */
  submit(slot: Slot, batch: readonly DiskOperation[]): Promise<boolean>;
  /** The same without consequences: for who wants to know what a disk can still do. */
  tryOut(slot: Slot, batch: readonly DiskOperation[]): Promise<boolean>;
  /** Reads from a present disk inline. False when that was not done; nothing is ejected: `submit` finds out why. */
  readNow(slot: Slot, offsetBytes: number, into: Uint8Array): boolean;
  /** Ejects a disk that is not to be trusted any more. */
  eject(slot: Slot, reason: string): void;
  /** Resolves once the superblocks tell of every change so far. */
  settled(): Promise<void>;
  /** Gives disks that a crash left behind the superblock of the others. */
  makeEven(): Promise<void>;
  /** Opens a new generation: after it, a disk or a copy of one that was left behind is known as stale. */
  raiseGeneration(): Promise<void>;
  generation(): number;
  /** Throws `IO_ERROR` when the array has failed. */
  checkUsable(): void;
  /** Ejects the disks that are no longer where they were opened: one that was deleted goes on working, for a while. */
  ejectVanished(): void;
  /** Takes a disk in, with nothing on it. False when it failed meanwhile, or the slot is no longer free. */
  admit(newcomer: Newcomer): Promise<boolean>;
  /** Stripes below `stripes` are on the disk that is being rebuilt: from now on it is read and written there. */
  advance(slot: Slot, stripes: number): void;
  /** Makes a cursor durable. What lies below it has been synced. */
  recordCursor(slot: Slot, stripes: number): Promise<void>;
  /** The disk is whole and synced: current from the moment in which this is durable. */
  complete(slot: Slot): Promise<void>;
  /** Writes the superblock of a disk that is to be a spare of this array. */
  enlist(disk: BlockDisk, diskId: string): Promise<Failure | null>;
  readonly doubts: Doubts;
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
  const { arrayName } = superblock;
  const members = options.members.map((member) => (member.disk === null ? withoutDisk(member, member.reason) : member));
  const opened = new Set(members.flatMap(({ disk }) => disk ?? []));
  const closing = new Set<Promise<void>>();
  let { generation } = superblock;
  let changes = 0;
  let recording: Promise<void> = Promise.resolve();

  const memberAt = (slot: Slot): Member => {
    const member = members[slot];
    assert(member !== undefined, `no slot ${slot}`);
    return member;
  };
  const isAbsent = (slot: Slot): boolean => memberAt(slot).disk === null;
  const isIncomplete = (slot: Slot): boolean => memberAt(slot).wholeStripes !== Infinity;
  const doubts = createDoubts({
    geometry,
    mayEject: (slot) => geometry.survives((other) => other === slot || isIncomplete(other)),
  });

  let present: readonly Slot[] = [];
  let degraded = false;
  let failed = false;
  const refresh = (): void => {
    present = members.flatMap(({ slot, disk }) => (disk === null ? [] : [slot]));
    degraded = members.some(({ slot }) => isIncomplete(slot));
    failed = !geometry.survives(isIncomplete);
  };
  refresh();

  const absentIn = (stripe: number): Absent => {
    if (!degraded && !doubts.any()) return isAbsent;
    return (slot) => memberAt(slot).wholeStripes <= stripe || doubts.has(slot, stripe);
  };

  const submit = async (slot: Slot, batch: readonly DiskOperation[]): Promise<boolean> => {
    const { disk } = memberAt(slot);
    if (disk === null) return false;
    const completions = await disk.submit(batch);
    const failure = firstFailure(completions);
    if (failure === null) return true;
    // A disk that was replaced meanwhile is nobody's concern any more.
    if (memberAt(slot).disk === disk) takeConsequences({ slot, disk, batch, completions }, failure);
    return false;
  };

  const takeConsequences = (outcome: Outcome, failure: Failure): void => {
    const { slot, disk } = outcome;
    const verdict = doubts.judge(slot, failedOperations(outcome));
    if (verdict === "eject") {
      eject(slot, failure.message);
      return;
    }
    changes++;
    log.warn(
      { array: arrayName, slot, file: disk.file, reason: failure.message },
      "read error: put right from redundancy if there is any",
    );
  };

  /** At once, not when the array is closed: a file that was deleted takes room until then. */
  const letGo = (disk: BlockDisk): void => {
    opened.delete(disk);
    const closed = disk
      .close()
      .catch((error: unknown) =>
        log.warn({ array: arrayName, file: disk.file, reason: reasonOf(error) }, "disk not closed"),
      )
      .finally(() => closing.delete(closed));
    closing.add(closed);
  };

  const eject = (slot: Slot, reason: string): void => {
    const member = memberAt(slot);
    // Several requests may meet the same dead disk; the first one ejects it.
    if (member.disk === null) return;
    members[slot] = withoutDisk(member, reason);
    letGo(member.disk);
    doubts.forget(slot);
    refresh();
    changes++;
    log.error({ array: arrayName, slot, file: member.file, reason }, "disk ejected");
    // A failed array keeps its superblocks: they tell the truth of the moment before, which may be put together again.
    if (!failed) recording = recording.then(writeGenerations);
    else log.error({ array: arrayName }, "array failed: more disks are gone than it survives");
    options.onChange();
  };

  const contentNow = (): Omit<Superblock, "slot" | "diskId"> => {
    const { arrayId, shape } = superblock;
    return { arrayId, arrayName, shape, generation, phase: "ready", members: members.map(({ record }) => record) };
  };

  const writeGenerations = async (): Promise<void> => {
    // A failed array keeps its superblocks, also when it fails amid this: disks that went together may come back together.
    for (let step = 0; step < 2 && !failed; step++) {
      generation++;
      const content = contentNow();
      const offsetBytes = superblockOffsets[generation % 2] as number;
      const writeOne = (slot: Slot): Promise<boolean> => {
        const from = encodeSuperblock({ ...content, slot, diskId: memberAt(slot).record.diskId });
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

  /**
   * A change of one disk that is still there when its turn comes, recorded. False when it is not, or goes meanwhile. No
   * turn comes for a failed array: see `eject`.
   */
  const record = async (slot: Slot, disk: BlockDisk, change: (member: Member) => Member): Promise<boolean> => {
    const isThere = (): boolean => !failed && memberAt(slot).disk === disk;
    recording = recording.then(async () => {
      if (!isThere()) return;
      members[slot] = change(memberAt(slot));
      await writeGenerations();
    });
    await settled();
    return isThere();
  };

  return {
    geometry,
    list: () => members,
    isAbsent,
    isIncomplete,
    absentIn,
    isDegraded: () => degraded,
    isFailed: () => failed,
    present: () => present,
    changes: () => changes,
    submit,
    async tryOut(slot, batch) {
      const { disk } = memberAt(slot);
      return disk !== null && firstFailure(await disk.submit(batch)) === null;
    },
    readNow: (slot, offsetBytes, into) => memberAt(slot).disk?.readNow(offsetBytes, into) ?? false,
    settled,
    async makeEven() {
      const offsetBytes = superblockOffsets[superblock.generation % 2] as number;
      const writeOne = ({ slot, record: { diskId } }: Member): Promise<boolean> => {
        const from = encodeSuperblock({ ...superblock, slot, diskId });
        return submit(slot, [{ kind: "write", offsetBytes, from, durable: true }]);
      };
      await Promise.all(members.filter(({ disk, isBehind }) => disk !== null && isBehind).map(writeOne));
      await settled();
    },
    async raiseGeneration() {
      recording = recording.then(writeGenerations);
      await settled();
    },
    generation: () => generation,
    checkUsable() {
      if (!failed) return;
      const gone = members.filter(({ slot }) => isIncomplete(slot));
      const list = gone.map(({ slot, file, reason }) => `slot ${slot} (${file ?? "no disk"}): ${reason}`).join(". ");
      throw new Failure(
        "IO_ERROR",
        `Array ${arrayName} has failed. ${list}. What the other disks hold can still be read; bring its disks back, restart.`,
      );
    },
    eject,
    ejectVanished() {
      for (const { slot, disk } of [...members]) {
        const reason = disk?.absence?.() ?? null;
        if (reason !== null) eject(slot, reason);
      }
    },
    async admit({ slot, disk, file, diskId }) {
      opened.add(disk);
      recording = recording.then(() => {
        if (failed || memberAt(slot).disk !== null) return;
        const joined: MemberRecord = { state: "rebuilding", diskId, joined: generation + 1, rebuiltStripes: 0 };
        members[slot] = { slot, file, disk, reason: "rebuilding", record: joined, wholeStripes: 0, isBehind: false };
        refresh();
      });
      return record(slot, disk, (member) => member);
    },
    advance(slot, stripes) {
      const member = memberAt(slot);
      assert(member.disk !== null && member.record.state === "rebuilding" && stripes >= member.wholeStripes);
      members[slot] = { ...member, wholeStripes: stripes };
    },
    async recordCursor(slot, stripes) {
      const { disk } = memberAt(slot);
      if (disk === null) return;
      await record(slot, disk, (member) => ({ ...member, record: { ...member.record, rebuiltStripes: stripes } }));
    },
    async complete(slot) {
      const { disk } = memberAt(slot);
      if (disk === null) return;
      const isThere = await record(slot, disk, (member) => {
        return { ...member, record: { ...member.record, state: "active", rebuiltStripes: 0 } };
      });
      if (!isThere) return;
      // Only now: until it is durable, whatever is written must be of a kind that a degraded array recovers from.
      members[slot] = { ...memberAt(slot), reason: "current", wholeStripes: Infinity };
      refresh();
      log.info({ array: arrayName, slot, file: disk.file }, "disk rebuilt");
      options.onChange();
    },
    async enlist(disk, diskId) {
      let failure: Failure | null = null;
      // In turn with the others, so that it says what they say of the same generation.
      recording = recording.then(async () => {
        const from = encodeSuperblock({ ...contentNow(), slot: null, diskId });
        const offsetBytes = superblockOffsets[generation % 2] as number;
        failure = firstFailure(await disk.submit([{ kind: "write", offsetBytes, from, durable: true }]));
      });
      await settled();
      return failure;
    },
    doubts,
    async close() {
      await settled();
      for (const disk of opened) await disk.close();
      await Promise.all(closing);
    },
  };
}

interface Outcome {
  readonly slot: Slot;
  readonly disk: BlockDisk;
  readonly batch: readonly DiskOperation[];
  readonly completions: readonly DiskCompletion[];
}

function failedOperations({ batch, completions }: Outcome): DiskOperation[] {
  return batch.filter((_, index) => (completions[index] ?? null) !== null);
}

function withoutDisk(member: Member, reason: string): Member {
  const record: MemberRecord = { ...member.record, state: "ejected", rebuiltStripes: 0 };
  return { ...member, disk: null, reason, record, wholeStripes: 0 };
}
