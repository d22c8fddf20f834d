/**
 * Saves what can be saved of stripes for which too much cannot be read, block by block: a disk is being rebuilt, and
 * another one does not give some sectors. The blocks that nobody can know are added to the array's list of lost blocks,
 * durably, before anything counts on it: they are I/O errors until they have been written again, and all others are right.
 */
import type { Log } from "@waystation/contracts/log";
import type { Absent } from "../core/erasure.js";
import { presentCopy } from "../core/erasure.js";
import { blockBytes } from "../core/disk-layout.js";
import { diskOffsetOfStripe } from "../core/geometry.js";
import { slots, type Slot } from "../core/level.js";
import { addRange, coarsen, type RangeSet } from "../core/range-set.js";
import { stripeAtDiskOffset } from "../core/stripe-range.js";
import type { CellLocks } from "./cell-locks.js";
import type { Members } from "./members.js";
import { resetRow } from "./row-reset.js";
import type { DiskRange, SlotReader } from "./slot-reader.js";
import { writeSlot, type SlotWriterOptions } from "./slot-writer.js";
import { lostCountMax, type LostBlocks, type StripeLog } from "./stripe-log.js";

export interface LostKeeper {
  readonly arrayName: string;
  readonly lost: LostBlocks;
  readonly stripeLog: StripeLog;
}

interface RowRescue extends SlotWriterOptions {
  readonly locks: CellLocks;
  readonly lost: LostKeeper;
}

export interface Rescue extends RowRescue {
  readonly reader: SlotReader;
  readonly log: Log;
}

/** Repairs rows in which checksums told that something is wrong; gives up what is beyond repair. The cells are held. */
export async function repairRows(rescue: RowRescue, rows: ReadonlySet<number>): Promise<void> {
  const { members, checksums, repair, locks, lost } = rescue;
  for (const offsetBytes of rows) {
    const { data } = await repair.settle(offsetBytes);
    if (checksums === null || !data.includes(null)) continue;
    const release = await locks.lockOutRounds();
    try {
      await resetRow({ members, log: lost.stripeLog, checksums, locks, lost: lost.lost }, offsetBytes, data);
    } finally {
      release();
    }
  }
}

/** Fills a range of the disk that is being rebuilt. The cells are held. False when that disk failed. */
export async function rescueRange(rescue: Rescue, slot: Slot, range: DiskRange): Promise<boolean> {
  const { members, lost, log } = rescue;
  let ranges: RangeSet = [];
  const end = range.offsetBytes + range.lengthBytes;
  for (let offsetBytes = range.offsetBytes; offsetBytes < end; offsetBytes += blockBytes) {
    const gone = await rescueBlock(rescue, slot, offsetBytes);
    if (gone === null) return false;
    for (const lostRange of gone) ranges = addRange(ranges, lostRange);
  }
  if (ranges.length === 0) return true;
  const lostBytes = ranges.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0);
  log.error(
    { array: lost.arrayName, slot, lostBytes },
    "blocks lost: they can be read again once they have been written",
  );
  await addLost(rescue, ranges);
  return !members.isFailed();
}

/** Each round takes the list as it finds it and leaves another: none may be on its way. */
async function addLost({ members, locks, lost }: Rescue, ranges: RangeSet): Promise<void> {
  const release = await locks.lockOutRounds();
  try {
    let all = lost.lost.ranges;
    for (const range of ranges) all = addRange(all, range);
    lost.lost.ranges = coarsen(all, lostCountMax(members.geometry));
    await lost.stripeLog.recordLost();
  } finally {
    release();
  }
}

/** What of the array is lost with one block; null when the disk itself failed. */
async function rescueBlock(rescue: Rescue, slot: Slot, offsetBytes: number): Promise<RangeSet | null> {
  const { members, reader } = rescue;
  const { geometry } = members;
  const stripe = stripeAtDiskOffset(geometry, offsetBytes);
  const absent = await absentAt(members, slot, offsetBytes);
  const range = { offsetBytes, lengthBytes: blockBytes };
  let reading = await reader.read(slot, range, () => absent);
  if (reading.kind === "wrong") {
    await repairRows(rescue, reading.rows);
    reading = await reader.read(slot, range, () => absent);
  }
  const bytes = reading.kind === "bytes" ? reading.bytes : Buffer.alloc(blockBytes);
  if (!(await writeSlot(rescue, { slot, offsetBytes, bytes, durable: false }))) return null;
  if (reading.kind === "bytes") return [];
  const layout = geometry.layoutOf(stripe);
  const inUnit = offsetBytes - diskOffsetOfStripe(geometry, stripe);
  return [...layout.data.keys()].flatMap((unit) => {
    if (presentCopy(layout, absent, unit) !== undefined) return [];
    const start = stripe * geometry.stripeBytes + unit * geometry.unitBytes + inUnit;
    return [{ offsetBytes: start, lengthBytes: blockBytes }];
  });
}

/** The disks that do not give this block, and the one that is to get it. */
async function absentAt(members: Members, slot: Slot, offsetBytes: number): Promise<Absent> {
  const { geometry } = members;
  const stripe = stripeAtDiskOffset(geometry, offsetBytes);
  const readable = new Set<Slot>();
  for (const other of slots(geometry.diskCount)) {
    const member = members.list()[other];
    if (other === slot || member === undefined || member.wholeStripes <= stripe) continue;
    const into = Buffer.alloc(blockBytes);
    if (await members.tryOut(other, [{ kind: "read", offsetBytes, into }])) readable.add(other);
  }
  return (other) => !readable.has(other);
}
