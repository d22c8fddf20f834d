/**
 * The stripe log of an open array (PROTOCOL 11): a ring of records on the first tolerance + 1 disks.
 *
 * Why a log (SPEC A3). A stripe is written on several disks, and a crash between them leaves parity that does not match.
 * That alone could be put right by forming it again; but when a disk is gone, its block *is* what parity and the others
 * say, and a block that nobody wrote to would change. So while a write may tear, its stripe must be known whole elsewhere.
 * - A bitmap of stripes being written tells which parity to form again, and is no help at all while degraded.
 * - md's partial parity log saves the XOR of what is not written: for one parity, and not while a disk is gone.
 * - Never overwriting (as ZFS does) moves every block and needs a map of them below everything else.
 * - A log of new data and parity holds in every state and for every level, mirrors too, and is one sequential write, synced
 *   once for all writes that wait; what follows in place needs no sync. Old blocks need no copy: redo is enough.
 *
 * What it costs: a partial write goes out twice, the first time to each log disk. Bytes per byte of 4 KiB random writes
 * (`RaidArray.counters`), 64 KiB units:
 *
 *                 old read   in place   log                            old read   in place   log
 *   raid1  of 2       -         2         2       raid6  of 4+2            3         3         9
 *   raid10 of 4       -         2         2       raid5  of 4+1, one gone  1.8       1.6       3.2
 *   raid5  of 4+1     2         2         4
 *
 * Whole cells of an optimal array go past it: their blocks are all being written, so any mix of old and new is legal, and
 * parity can be formed again. They cost an intent in the log, synced, and a sync in place: writing 1 MiB at a time to raid5
 * of 4+1 takes 0.04 bytes of log per byte. While degraded that would lose what it protects, so all is logged: 2 bytes.
 *
 * What is durable, step by step:
 * - append: the record is on every present log disk, synced, before the promise resolves. A crash before that leaves
 *   nothing, or a whole record on some of them: then the write happens, unacknowledged. Both are legal.
 * - apply: writes in place follow, not synced. A crash here replays the record over them.
 * - checkpoint: changed checksums are written, all disks synced, and only then the tail moves past the records applied before, synced on every
 *   log disk. A crash between the two replays records that are in place already, in order: the same bytes.
 * - room is used again only behind the durable tail, so what an older tail starts from is still there.
 *
 * Also remembers which cells the log would touch at replay: a write in place past the log over logged data would be
 * undone by it, and a logged write over an intent would spoil its checksums.
 */
import assert from "node:assert";
import { logOffsetBytes, tailOffsets, blockBytes } from "../core/disk-layout.js";
import type { Cell, Geometry } from "../core/geometry.js";
import type { Slot } from "../core/level.js";
import { padRecord, recordHeaderBytes, sealRecord, type LogEntry, type LogPlace } from "../core/log-record.js";
import { encodeTail } from "../core/log-tail.js";
import type { RangeSet } from "../core/range-set.js";
import type { DiskOperation } from "./block-disk.js";
import type { ChecksumStore } from "./checksum-store.js";
import type { Members } from "./members.js";

/** Blocks that a double fault made unreadable, until they are written again. Kept by the log from tail to tail. */
export interface LostBlocks {
  ranges: RangeSet;
}

interface LogContent {
  readonly payloadEndBytes: number;
  readonly entries: readonly LogEntry[];
}

export interface StripeLog {
  /** Waits until a record of this length can be appended. */
  ensureRoom(lengthBytes: number): Promise<void>;
  /** Appends; resolves with the position behind the record when it is durable. `record` is used until then. */
  append(record: Buffer, content: LogContent): Promise<number>;
  /** Everything before `position` is in place, though not synced. */
  markApplied(position: number): void;
  noteData(cells: readonly Cell[]): void;
  noteIntents(cells: readonly Cell[]): void;
  hasData(cell: Cell): boolean;
  hasIntent(cell: Cell): boolean;
  /** Makes what was applied durable in place, and forgets it. */
  checkpoint(): Promise<void>;
  /**
   * The same while no round is on its way, so that all was applied; and the tail is written anew even where it stands. A
   * disk that has taken part since before can then stand for any other log disk.
   */
  renewTail(): Promise<void>;
  /** Makes the list of lost blocks durable. No round is on its way. */
  recordLost(): Promise<void>;
}

/** What the log needs of the members. */
export type LogDisks = Pick<Members, "geometry" | "isAbsent" | "present" | "submit" | "settled" | "checkUsable">;

export interface StripeLogOptions {
  readonly members: LogDisks;
  /** Where the tail is durable. */
  readonly place: LogPlace;
  /** Where the next record goes. */
  readonly head: number;
  /** For each log disk, which of its two tail copies to write next. */
  readonly nextTailCopy: Map<Slot, 0 | 1>;
  readonly lost: LostBlocks;
  /** Their changes must be durable before the records that caused them are given up. */
  readonly checksums: ChecksumStore | null;
}

/**
 * As many disks as may be lost, and one: so that one is left. A mirror of pairs may lose more, but never both of a pair, and
 * the first two are one.
 */
export function logSlots(geometry: Geometry): Slot[] {
  return geometry.logBytes === 0 ? [] : Array.from({ length: geometry.tolerance + 1 }, (_, slot) => slot as Slot);
}

/** So many lost ranges at most are told apart: their list must fit a record beside a round's writes. */
export function lostCountMax(geometry: Geometry): number {
  return Math.floor(geometry.recordBytesMax / 4 / 16) - 4;
}

export function createStripeLog(options: StripeLogOptions): StripeLog {
  const { members, lost } = options;
  const { geometry } = members;
  const { logBytes, recordBytesMax } = geometry;
  const all = logSlots(geometry);
  const carriers = (): Slot[] => all.filter((slot) => !members.isAbsent(slot));
  let { head } = options;
  let durableTail = options.place.position;
  let applied = head;
  let appended: Promise<unknown> = Promise.resolve();
  let checkpointing: Promise<void> | null = null;
  const dataUntil = new Map<Cell, number>();
  const intentUntil = new Map<Cell, number>();

  const placeAt = (position: number): LogPlace => ({ ...options.place, position });
  /** What is left of the ring before its end; a record that does not fit there starts at the beginning. */
  const padBefore = (lengthBytes: number): number => {
    const left = logBytes - (head % logBytes);
    return left < lengthBytes ? left : 0;
  };
  // The list of lost blocks must always fit, without waiting for a checkpoint: a checkpoint and recovery append it.
  const reserveBytes = 2 * recordBytesMax;
  const hasRoom = (lengthBytes: number): boolean =>
    logBytes - (head - durableTail) >= padBefore(lengthBytes) + lengthBytes + reserveBytes;

  const writeAt = (position: number, from: Uint8Array): DiskOperation => ({
    kind: "write",
    offsetBytes: logOffsetBytes + (position % logBytes),
    from,
    durable: true,
  });

  const append = async (record: Buffer, content: LogContent): Promise<number> => {
    // Everything up to the submits is one synchronous step: places are taken in the order of the calls.
    const batch: DiskOperation[] = [];
    let lengthBytes = sealRecord(record, placeAt(head), content);
    const padBytes = padBefore(lengthBytes);
    if (padBytes > 0) {
      batch.push(writeAt(head, padRecord(placeAt(head), padBytes)));
      head += padBytes;
      lengthBytes = sealRecord(record, placeAt(head), content);
    }
    batch.push(writeAt(head, record.subarray(0, lengthBytes)));
    head += lengthBytes;
    assert(head - durableTail <= logBytes, "the stripe log overran its tail");
    const end = head;
    const writes = Promise.all(carriers().map((slot) => members.submit(slot, batch)));
    // Replay stops at the first gap: a record counts only when all before it are durable too.
    const previous = appended;
    const durable = writes.then(() => previous);
    appended = durable;
    await durable;
    members.checkUsable();
    return end;
  };

  const appendLost = async (): Promise<number> => {
    const { ranges } = lost;
    const record = Buffer.alloc(blockBytes + ranges.length * 16 + blockBytes);
    return append(record, { payloadEndBytes: recordHeaderBytes, entries: [{ kind: "lost", ranges }] });
  };

  const moveTail = async (position: number): Promise<void> => {
    const from = encodeTail(placeAt(position));
    const writeTail = async (slot: Slot): Promise<void> => {
      const copy = options.nextTailCopy.get(slot) ?? 0;
      const done = await members.submit(slot, [{ kind: "write", offsetBytes: tailOffsets[copy], from, durable: true }]);
      if (done) options.nextTailCopy.set(slot, copy === 0 ? 1 : 0);
    };
    await Promise.all(carriers().map(writeTail));
    members.checkUsable();
    durableTail = position;
    forgetBefore(dataUntil, position);
    forgetBefore(intentUntil, position);
  };

  const runCheckpoint = async (isRenewal = false): Promise<void> => {
    const target = applied;
    if (target === durableTail && !isRenewal) return;
    await options.checksums?.flush();
    // One after the other: they may take long, and the log's own writes need the thread pool meanwhile.
    for (const slot of members.present()) await members.submit(slot, [{ kind: "sync" }]);
    // A disk that failed its sync must be known as stale before the records that could repair it are given up.
    await members.settled();
    members.checkUsable();
    if (lost.ranges.length > 0) await appendLost();
    await moveTail(target);
  };

  const checkpoint = async (): Promise<void> => {
    checkpointing ??= runCheckpoint().finally(() => (checkpointing = null));
    await checkpointing;
  };

  const ensureRoom = async (lengthBytes: number): Promise<void> => {
    // The first may have started before the last records were applied; the second frees all of it.
    for (let attempt = 0; !hasRoom(lengthBytes); attempt++) {
      assert(attempt < 3, "the stripe log has no room for a record after checkpoints");
      await checkpoint();
    }
  };

  return {
    ensureRoom,
    append,
    markApplied(position) {
      applied = position;
      // Half full: make room in the background, so that appends rarely wait for it. Its failures eject disks.
      if (head - durableTail > logBytes / 2) checkpoint().catch(() => {});
    },
    noteData: (cells) => cells.forEach((cell) => dataUntil.set(cell, head)),
    noteIntents: (cells) => cells.forEach((cell) => intentUntil.set(cell, head)),
    hasData: (cell) => dataUntil.has(cell),
    hasIntent: (cell) => intentUntil.has(cell),
    async checkpoint() {
      // Two, because one that is under way may have begun before the caller's records were applied.
      if (checkpointing !== null) await checkpoint();
      await checkpoint();
    },
    async renewTail() {
      while (checkpointing !== null) await checkpointing;
      // Lists of lost blocks have nothing to apply.
      applied = head;
      checkpointing = runCheckpoint(true).finally(() => (checkpointing = null));
      await checkpointing;
    },
    async recordLost() {
      await ensureRoom(recordBytesMax);
      applied = await appendLost();
    },
  };
}

function forgetBefore(until: Map<Cell, number>, position: number): void {
  for (const [cell, end] of until) if (end <= position) until.delete(cell);
}
