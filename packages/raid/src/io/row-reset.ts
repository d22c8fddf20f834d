/**
 * Gives up what cannot be known any more in a row of blocks, so that the rest of it can be written again: its unknown data
 * becomes zeros that are listed as lost, and parity is formed to match. Without it, no write of a neighbour could form
 * parity, since that would take the unknown block's old content.
 *
 * What a crash finds: before the record is durable, the row as it was. After it, replay writes the row and knows the list.
 */
import { addRange, coarsen } from "../core/range-set.js";
import { blockBytes, roundUp } from "../core/disk-layout.js";
import { cellAt } from "../core/geometry.js";
import { slots, type Slot } from "../core/level.js";
import { recordHeaderBytes, type LogEntry } from "../core/log-record.js";
import { parityOf, type RowVerdict } from "../core/row-verdict.js";
import type { DiskBatches } from "./block-disk.js";
import type { CellLocks } from "./cell-locks.js";
import type { ChecksumStore } from "./checksum-store.js";
import type { Members } from "./members.js";
import { lostCountMax, type LostBlocks, type StripeLog } from "./stripe-log.js";
import { createWrittenChecksums } from "./written-checksums.js";

export interface RowResetOptions {
  readonly members: Members;
  readonly log: StripeLog;
  readonly checksums: ChecksumStore;
  readonly locks: CellLocks;
  readonly lost: LostBlocks;
}

/** Only between rounds. `data`: by unit, null where it is unknown. */
export async function resetRow(
  { members, log, checksums, locks, lost }: RowResetOptions,
  offsetBytes: number,
  data: RowVerdict["data"],
): Promise<void> {
  const { geometry } = members;
  const inData = offsetBytes - geometry.dataOffsetBytes;
  const stripe = Math.floor(inData / geometry.unitBytes);
  const cell = cellAt(geometry, stripe, inData % geometry.unitBytes);
  const writes = rowWrites(members, stripe, { offsetBytes, data });
  let { ranges } = lost;
  for (const [unit, bytes] of data.entries()) {
    const start = stripe * geometry.stripeBytes + unit * geometry.unitBytes + (inData % geometry.unitBytes);
    if (bytes === null) ranges = addRange(ranges, { offsetBytes: start, lengthBytes: blockBytes });
  }
  ranges = coarsen(ranges, lostCountMax(geometry));
  const { record, entries, payloadEndBytes } = recordOf(writes, offsetBytes, 16 * ranges.length);
  // A record over a live intent would spoil the checksums in that.
  if (log.hasIntent(cell)) await log.checkpoint();
  await log.ensureRoom(record.length);
  const runs = [...writes.keys()].map((slot) => ({ slot, offsetBytes, lengthBytes: blockBytes }));
  const hold = await checksums.hold(runs, "update");
  try {
    lost.ranges = ranges;
    const appended = log.append(record, { payloadEndBytes, entries: [...entries, { kind: "lost", ranges }] });
    log.noteData([cell]);
    const end = await appended;
    const release = await locks.lockForWriting([cell]);
    const written = createWrittenChecksums(checksums);
    written.form(writes);
    written.put(writes);
    await Promise.all([...writes].map(([slot, batch]) => members.submit(slot, batch))).finally(release);
    log.markApplied(end);
  } finally {
    hold.release();
  }
}

interface WantedRow {
  readonly offsetBytes: number;
  readonly data: RowVerdict["data"];
}

/** Zeros for what is unknown, on the disks that are there, and the parity of that. */
function rowWrites(members: Members, stripe: number, { offsetBytes, data }: WantedRow): DiskBatches {
  const layout = members.geometry.layoutOf(stripe);
  const absent = members.absentIn(stripe);
  const writes: DiskBatches = new Map();
  const add = (slot: Slot, from: Uint8Array): void => {
    if (!absent(slot)) writes.set(slot, [{ kind: "write", offsetBytes, from, durable: false }]);
  };
  const content = data.map((bytes) => bytes ?? new Uint8Array(blockBytes));
  for (const [unit, bytes] of data.entries()) {
    for (const slot of bytes === null ? (layout.data[unit] ?? []) : []) add(slot, content[unit] as Uint8Array);
  }
  for (const [index, slot] of layout.parity.entries()) add(slot, parityOf(content, index));
  return writes;
}

/** A record with each of these blocks as a payload; with room behind them for `listBytes` more of entries. */
function recordOf(
  writes: DiskBatches,
  diskOffsetBytes: number,
  listBytes: number,
): { record: Buffer; entries: LogEntry[]; payloadEndBytes: number } {
  const payloadEndBytes = recordHeaderBytes + writes.size * blockBytes;
  const record = Buffer.alloc(roundUp(payloadEndBytes + writes.size * 32 + listBytes + 64, blockBytes));
  const entries: LogEntry[] = [];
  for (const slot of slots(32)) {
    const operation = writes.get(slot)?.[0];
    if (operation?.kind !== "write") continue;
    const payloadOffsetBytes = recordHeaderBytes + entries.length * blockBytes;
    record.set(operation.from, payloadOffsetBytes);
    const slotMask = (1 << slot) >>> 0;
    entries.push({ kind: "redo", slotMask, diskOffsetBytes, lengthBytes: blockBytes, payloadOffsetBytes });
  }
  return { record, entries, payloadEndBytes };
}
