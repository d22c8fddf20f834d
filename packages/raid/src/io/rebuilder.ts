/**
 * Rebuilds disks that came in, on-line, one at a time: stripe by stripe, each worked out of the other disks while no
 * write is on its way there, and from then on kept up by the writes themselves.
 *
 * What a crash finds, for each durable step:
 * - before anything is rebuilt the log is emptied: a record from the time of the disk that had the slot before would be
 *   replayed over what was rebuilt from later ones, which were written without any disk in the slot.
 * - nothing above the durable cursor is ever read from the disk, and what lies below it was synced before the cursor was.
 *   The records of a stripe are of two kinds then: those without this disk, which it was rebuilt from, and later ones that
 *   are replayed to it as to all others.
 * - when the whole disk is synced the log's tail moves on, durably on it too, so that it can stand for the other disks of
 *   the log; then the superblocks call it active.
 */
import type { Clock } from "@waystation/contracts/clock";
import { isFailure } from "@waystation/contracts/errors";
import type { Log } from "@waystation/contracts/log";
import { diskOffsetOfStripe } from "../core/geometry.js";
import { cellsOfStripes, type StripeRange } from "../core/stripe-range.js";
import type { Slot } from "../core/level.js";
import type { CellLocks } from "./cell-locks.js";
import type { ChecksumStore } from "./checksum-store.js";
import type { Member, Members } from "./members.js";
import { createRateMeter, type Progress } from "./rate-meter.js";
import type { RowRepair } from "./row-repair.js";
import { createSlotReader, type DiskRange } from "./slot-reader.js";
import type { StripeLog } from "./stripe-log.js";
import { writeSlot } from "./slot-writer.js";
import { repairRows, rescueRange, type LostKeeper } from "./stripe-rescue.js";
import type { Throttle } from "./throttle.js";

export interface Rebuilder {
  /** Begins, or goes on, with what is to be rebuilt. */
  wake(): void;
  /** Null for a disk that is not being rebuilt. */
  progressOf(member: Member): Progress | null;
  isBusy(): boolean;
  /** Resolves when nothing is being rebuilt any more: all is whole, or it went, or the array failed. */
  idle(): Promise<void>;
  /** Ends at the next piece, with the cursor durable. */
  stop(): Promise<void>;
}

export interface RebuilderOptions {
  readonly members: Members;
  readonly stripeLog: StripeLog;
  readonly locks: CellLocks;
  readonly checksums: ChecksumStore | null;
  readonly repair: RowRepair;
  readonly lost: LostKeeper;
  readonly throttle: Throttle;
  readonly clock: Clock;
  readonly log: Log;
  /** The cursor becomes durable whenever so much has been rebuilt. */
  readonly cursorBytes?: number;
}

const cursorBytesDefault = 256 * 1024 * 1024;
/** How much is written before the medium is set to work on it. */
const flushBytes = 16 * 1024 * 1024;
const attemptsMax = 16;

type Rebuilding = Member & { readonly disk: NonNullable<Member["disk"]> };

export function createRebuilder(options: RebuilderOptions): Rebuilder {
  const { members, stripeLog, locks, checksums, repair, lost, throttle, log } = options;
  const { geometry } = members;
  const { unitBytes, stripeCount } = geometry;
  const reader = createSlotReader(options);
  const meter = createRateMeter(options.clock);
  const cursorStripes = Math.max(1, Math.floor((options.cursorBytes ?? cursorBytesDefault) / unitBytes));
  const flushStripes = Math.max(1, Math.floor(flushBytes / unitBytes));
  const stepStripes = Math.max(1, Math.floor(reader.rangeBytesMax / unitBytes));
  let running: Promise<void> | null = null;
  let isStopping = false;

  const next = (): Rebuilding | null => {
    if (isStopping || members.isFailed()) return null;
    return members.list().find(isBeingRebuilt) ?? null;
  };
  const isStill = ({ slot, disk }: Rebuilding): boolean => !members.isFailed() && members.list()[slot]?.disk === disk;

  /** Its stripes as they must be. The cells are held. False when the disk, or too many others, failed. */
  const writeStripes = async (target: Rebuilding, { from, to }: StripeRange): Promise<boolean> => {
    const [start, end] = [diskOffsetOfStripe(geometry, from), diskOffsetOfStripe(geometry, to)];
    for (let offsetBytes = start; offsetBytes < end; offsetBytes += reader.rangeBytesMax) {
      const range = { offsetBytes, lengthBytes: Math.min(reader.rangeBytesMax, end - offsetBytes) };
      if (!(await writeRange(target, range))) return false;
    }
    return true;
  };

  const writeRange = async (target: Rebuilding, range: DiskRange): Promise<boolean> => {
    const { slot } = target;
    for (let attempt = 0; attempt < attemptsMax && isStill(target); attempt++) {
      const reading = await reader.read(slot, range);
      if (reading.kind === "impossible") break;
      if (reading.kind === "wrong") await repairRows(options, reading.rows);
      if (reading.kind !== "bytes") continue;
      return writeSlot(options, { slot, offsetBytes: range.offsetBytes, bytes: reading.bytes, durable: false });
    }
    return isStill(target) && rescueRange({ ...options, reader }, slot, range);
  };

  /**
   * The medium works while the next stripes are read: the sync that the cursor waits for finds little left to do. One at a
   * time; whether it was done is nothing to rely on.
   */
  let flushing: Promise<unknown> | null = null;
  const flushBehind = ({ slot }: Rebuilding): void => {
    flushing ??= members.submit(slot, [{ kind: "sync" }]).finally(() => (flushing = null));
  };

  const makeDurable = async (target: Rebuilding, stripes: number): Promise<void> => {
    await checksums?.flush();
    // All of them: other disks carry its checksums.
    const syncs = members.present().map((slot) => members.submit(slot, [{ kind: "sync" }]));
    await Promise.all(syncs);
    if (isStill(target)) await members.recordCursor(target.slot, stripes);
  };

  const emptyLog = async (): Promise<void> => {
    // Most of the work, while writes go on; then the rest, without any.
    await stripeLog.checkpoint();
    const release = await locks.lockOutRounds();
    try {
      await stripeLog.renewTail();
    } finally {
      release();
    }
  };

  /** Those of other disks that this one carries. */
  const copyChecksums = async (slot: Slot): Promise<void> => {
    if (checksums === null) return;
    await checksums.copyTo(slot);
    for (const { offsetBytes } of checksums.doubts()) await repair.settle(offsetBytes);
    await checksums.flush();
  };

  const finish = async (target: Rebuilding): Promise<void> => {
    await copyChecksums(target.slot);
    // Syncs all disks before it moves the tail.
    await emptyLog();
    if (isStill(target)) await members.complete(target.slot);
  };

  const rebuild = async (target: Rebuilding): Promise<void> => {
    const { slot } = target;
    let cursor = target.wholeStripes;
    let durable = cursor;
    let flushed = cursor;
    log.info({ array: lost.arrayName, slot, file: target.file, stripe: cursor, of: stripeCount }, "rebuild runs");
    meter.start(cursor * unitBytes);
    if (cursor === 0) await emptyLog();
    while (cursor < stripeCount && isStill(target)) {
      const range = { from: cursor, to: Math.min(cursor + stepStripes, stripeCount) };
      const release = await locks.lockForRepair(cellsOfStripes(geometry, range));
      try {
        if (!isStill(target) || !(await writeStripes(target, range)) || !isStill(target)) continue;
        // Under the lock: the next round to come here finds the disk present, and writes to it.
        members.advance(slot, range.to);
        cursor = range.to;
      } finally {
        release();
      }
      meter.note(cursor * unitBytes);
      if (cursor - flushed >= flushStripes) {
        flushBehind(target);
        flushed = cursor;
      }
      if (isStopping || cursor - durable >= cursorStripes) await makeDurable(target, (durable = cursor));
      if (isStopping) return;
      await throttle.pause();
    }
    if (isStill(target)) await finish(target);
  };

  const run = async (): Promise<void> => {
    for (let target = next(); target !== null; target = next()) await rebuild(target);
  };

  return {
    wake() {
      running ??= run()
        .catch((error: unknown) => {
          if (!isFailure(error, "IO_ERROR")) throw error;
          log.error({ array: lost.arrayName, reason: error.message }, "rebuild stopped");
        })
        .finally(() => (running = null));
    },
    progressOf({ record, wholeStripes, disk }) {
      if (disk === null || record.state === "ejected" || wholeStripes === Infinity) return null;
      const [doneBytes, totalBytes] = [wholeStripes * unitBytes, stripeCount * unitBytes];
      return meter.progress(doneBytes, totalBytes);
    },
    isBusy: () => running !== null,
    async idle() {
      while (running !== null) await running;
    },
    async stop() {
      isStopping = true;
      while (running !== null) await running;
    },
  };
}

function isBeingRebuilt(member: Member): member is Rebuilding {
  return member.disk !== null && member.wholeStripes !== Infinity;
}
