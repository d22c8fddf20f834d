/**
 * What opening does before anything is served: replays the stripe log, then sees to the cells that were being written
 * past it. Safe to be interrupted anywhere and run again: until the tail of the new session is durable, the old log
 * stays as it was and replays to the same bytes.
 */
import { blockBytes, logOffsetBytes, tailOffsets } from "../core/disk-layout.js";
import type { Slot } from "../core/level.js";
import { isReplayable } from "../core/log-check.js";
import {
  peekRecord,
  readRecord,
  recordHeaderBytes,
  sealRecord,
  type LogEntry,
  type LogPlace,
} from "../core/log-record.js";
import { decodeTail, encodeTail, laterTail } from "../core/log-tail.js";
import { addRange, coarsen, type RangeSet } from "../core/range-set.js";
import { raidFailure } from "../errors.js";
import type { DiskBatches, DiskOperation } from "./block-disk.js";
import type { ChecksumStore } from "./checksum-store.js";
import type { Members } from "./members.js";
import type { RowRepair } from "./row-repair.js";
import { createIntentSettler, type Intent } from "./settle-intents.js";
import { logSlots, lostCountMax, type StripeLogOptions } from "./stripe-log.js";
import { runsOf } from "./verified-reads.js";
import { verifyIntent } from "./verify-intent.js";
import { createWrittenChecksums } from "./written-checksums.js";

type Redo = Extract<LogEntry, { readonly kind: "redo" }>;

export interface RecoveryReport {
  readonly recordsReplayed: number;
  readonly cellsReformed: number;
}

export interface RecoveryOptions {
  readonly members: Members;
  readonly arrayId: string;
  readonly checksums: ChecksumStore | null;
  readonly repair: RowRepair;
}

/** Replays the log of the last session, and starts a new one (numbered by the generation, which has been raised). */
export async function recoverLog(
  options: RecoveryOptions,
): Promise<{ readonly log: StripeLogOptions; readonly report: RecoveryReport }> {
  const { members, arrayId, checksums } = options;
  const tails = await readTails(members, arrayId);
  const replayed = await replay(members, tails.place, checksums);
  let ranges = replayed.lost;
  const settle = createIntentSettler(members);
  for (const cell of replayed.cells.values()) {
    const verified = checksums === null || cell.isMixed ? null : await verifyCell(options, cell, ranges);
    if (verified !== null) {
      ranges = verified;
      continue;
    }
    if (checksums !== null) await repairTorn(options, cell.intents[0] as Intent);
    ranges = await settle(cell.intents, ranges);
    if (checksums !== null) await renewChecksums(members, checksums, cell.intents[0] as Intent);
  }
  // Where copies of checksums still differ, no write was under way: it is damage, or a repair that was cut short.
  for (const { offsetBytes } of checksums?.doubts() ?? []) await options.repair.settle(offsetBytes);
  await checksums?.flush();
  for (const slot of members.present()) await members.submit(slot, [{ kind: "sync" }]);
  // A disk that failed up to here must be known as stale before the log that could repair it is given up.
  await members.settled();
  members.checkUsable();
  const lost = { ranges: coarsen(ranges, lostCountMax(members.geometry)) };
  const { nextTailCopy } = tails;
  const session = await startSession(members, { arrayId, position: replayed.end, nextTailCopy }, lost);
  return {
    log: { members, ...session, nextTailCopy, lost, checksums },
    report: { recordsReplayed: replayed.count, cellsReformed: replayed.cells.size },
  };
}

interface Tails {
  readonly place: LogPlace;
  readonly nextTailCopy: Map<Slot, 0 | 1>;
}

async function readTails(members: Members, arrayId: string): Promise<Tails> {
  const nextTailCopy = new Map<Slot, 0 | 1>();
  let newest: LogPlace | null = null;
  for (const slot of logSlots(members.geometry)) {
    const copies = tailOffsets.map(() => Buffer.alloc(blockBytes));
    const batch = tailOffsets.map((offsetBytes, copy): DiskOperation => {
      return { kind: "read", offsetBytes, into: copies[copy] as Buffer };
    });
    if (!(await members.submit(slot, batch))) continue;
    const [first, second] = copies.map((copy) => decodeTail(copy, arrayId)) as [LogPlace | null, LogPlace | null];
    const later = laterTail(first, second);
    // The older copy is overwritten next, so that a torn write leaves the newer.
    nextTailCopy.set(slot, later === null || later === second ? 0 : 1);
    newest = laterTail(newest, later);
  }
  members.checkUsable();
  if (newest === null) {
    const files = logSlots(members.geometry).map((slot) => members.list()[slot]?.file ?? `slot ${slot}`);
    throw raidFailure("ARRAY_LOG_UNREADABLE", `No copy of the stripe log can be read on ${files.join(", ")}.`);
  }
  return { place: newest, nextTailCopy };
}

interface Replayed {
  /** The position behind the last record. */
  readonly end: number;
  readonly count: number;
  /** By disk offset. */
  readonly cells: ReadonlyMap<number, IntendedCell>;
  readonly lost: RangeSet;
}

/** A cell that was being written in place past the log. */
interface IntendedCell {
  /** All that were logged for it. */
  readonly intents: Intent[];
  /** Its last write may not have reached all disks: no later round is known to have begun, or nobody waited for them. */
  isOpen: boolean;
  /** It was logged too: a disk was lost amid a round, and what the disks hold may be of several writes. */
  isMixed: boolean;
}

async function replay(members: Members, start: LogPlace, checksums: ChecksumStore | null): Promise<Replayed> {
  const { dataOffsetBytes, windowBytes } = members.geometry;
  const cells = new Map<number, IntendedCell>();
  /** Where cells begin that were logged. */
  const mixed = new Set<number>();
  let ofLastRound: IntendedCell[] = [];
  let lost: RangeSet = [];
  let [position, count] = [start.position, 0];
  for (;;) {
    const record = await readRecordAt(members, { ...start, position });
    if (record === null) break;
    // A list of lost blocks may be logged while a round is on its way.
    if (record.entries.some(({ kind }) => kind !== "lost")) {
      for (const cell of ofLastRound) cell.isOpen = false;
      ofLastRound = [];
    }
    for (const entry of record.entries) {
      if (entry.kind === "lost") lost = entry.ranges;
      else if (entry.kind === "redo") {
        await redo(members, { entry, record: record.bytes, checksums });
        const inData = entry.diskOffsetBytes - dataOffsetBytes;
        mixed.add(entry.diskOffsetBytes - (inData % windowBytes));
      } else {
        const cell = cells.get(entry.diskOffsetBytes) ?? { intents: [], isOpen: true, isMixed: false };
        cells.set(entry.diskOffsetBytes, cell);
        cell.intents.push(entry);
        cell.isOpen = true;
        if (entry.isUnsynced !== true) ofLastRound.push(cell);
      }
    }
    position += record.lengthBytes;
    count++;
  }
  for (const [offsetBytes, cell] of cells) cell.isMixed = mixed.has(offsetBytes);
  members.checkUsable();
  return { end: position, count, cells, lost };
}

interface ReadRecord {
  readonly bytes: Buffer;
  readonly entries: readonly LogEntry[];
  readonly lengthBytes: number;
}

/** From whichever log disk has it whole: one that was not yet durable everywhere may be on one of them only. */
async function readRecordAt(members: Members, place: LogPlace): Promise<ReadRecord | null> {
  const { geometry } = members;
  const { logBytes } = geometry;
  const offsetBytes = logOffsetBytes + (place.position % logBytes);
  const senseless: string[] = [];
  for (const slot of logSlots(members.geometry)) {
    const header = Buffer.alloc(recordHeaderBytes);
    if (!(await members.submit(slot, [{ kind: "read", offsetBytes, into: header }]))) continue;
    const claim = peekRecord(header, place);
    if (claim === null || (place.position % logBytes) + claim.lengthBytes > logBytes) continue;
    if (claim.usedBytes > geometry.recordBytesMax) continue;
    const bytes = Buffer.alloc(claim.usedBytes);
    if (!(await members.submit(slot, [{ kind: "read", offsetBytes, into: bytes }]))) continue;
    const entries = readRecord(bytes);
    if (entries === null) continue;
    const isSound = entries !== "senseless" && entries.every((entry) => isReplayable(entry, geometry, bytes.length));
    if (isSound) return { bytes, entries, lengthBytes: claim.lengthBytes };
    senseless.push(members.list()[slot]?.file ?? `slot ${slot}`);
  }
  if (senseless.length > 0) throw senselessRecord(senseless, place);
  return null;
}

/** Whole, and yet nothing that this version logs: to end the log before it would forget what was acknowledged. */
function senselessRecord(files: readonly string[], { position }: LogPlace): Error {
  const message = `The record at ${position} of the stripe log makes no sense on ${files.join(", ")}: use the version that wrote it.`;
  return raidFailure("ARRAY_LOG_UNREADABLE", message);
}

interface RedoStep {
  readonly entry: Redo;
  readonly record: Buffer;
  readonly checksums: ChecksumStore | null;
}

async function redo(members: Members, { entry, record, checksums }: RedoStep): Promise<void> {
  const from = record.subarray(entry.payloadOffsetBytes, entry.payloadOffsetBytes + entry.lengthBytes);
  const write: DiskOperation = { kind: "write", offsetBytes: entry.diskOffsetBytes, from, durable: false };
  const slots = members.present().filter((slot) => (entry.slotMask >>> slot) % 2 === 1);
  const writes: DiskBatches = new Map(slots.map((slot) => [slot, [write]]));
  await Promise.all(slots.map((slot) => members.submit(slot, [write])));
  if (checksums !== null) await putChecksums(checksums, writes);
}

/** Of what was just written, or found, there. */
async function putChecksums(checksums: ChecksumStore, writes: DiskBatches): Promise<void> {
  const hold = await checksums.hold(runsOf(writes), "update");
  try {
    const written = createWrittenChecksums(checksums);
    written.form(writes);
    written.put(writes);
  } finally {
    hold.release();
  }
}

/** Returns the unreadable ranges with those of this cell; null when it is a torn write. */
async function verifyCell(options: RecoveryOptions, cell: IntendedCell, lost: RangeSet): Promise<RangeSet | null> {
  const { members, checksums, repair } = options;
  const verified = await verifyIntent(members, cell.intents.at(-1) as Intent, cell.isOpen);
  if (verified === "torn") return null;
  if (verified === "failed") {
    members.checkUsable();
    return verifyCell(options, cell, lost);
  }
  // What may have been torn is no corruption that anybody could be told of.
  if (!cell.isOpen) repair.note(verified.found);
  if (checksums !== null) await putChecksums(checksums, verified.content);
  return verified.lost.reduce<RangeSet>(addRange, lost);
}

/**
 * Rows of a torn write that the write has hardly reached still have the checksums of what was there before, and it may be
 * left at that: so a block that was corrupt before is not taken for a torn one, as far as the others tell.
 */
async function repairTorn({ repair }: RecoveryOptions, { diskOffsetBytes, lengthBytes }: Intent): Promise<void> {
  for (let at = 0; at < lengthBytes; at += blockBytes) await repair.settle(diskOffsetBytes + at, { isQuiet: true });
}

/** A cell that was being written past the log: its checksums are those of whatever is there now. */
async function renewChecksums(members: Members, checksums: ChecksumStore, intent: Intent): Promise<void> {
  const { diskOffsetBytes: offsetBytes, lengthBytes } = intent;
  const { dataOffsetBytes, unitBytes } = members.geometry;
  const absent = members.absentIn(Math.floor((offsetBytes - dataOffsetBytes) / unitBytes));
  const found: DiskBatches = new Map();
  for (const slot of members.present()) {
    const into = Buffer.alloc(lengthBytes);
    if (absent(slot) || !(await members.submit(slot, [{ kind: "read", offsetBytes, into }]))) continue;
    found.set(slot, [{ kind: "write", offsetBytes, from: into, durable: false }]);
  }
  await putChecksums(checksums, found);
}

interface SessionStart {
  readonly arrayId: string;
  readonly position: number;
  readonly nextTailCopy: Map<Slot, 0 | 1>;
}

/**
 * The list of lost blocks first, then the tail that makes it count: never a moment in which neither log holds it. There
 * is always room behind the old records, which stay valid until the tail moves (`reserveBytes` in `stripe-log.ts`).
 */
async function startSession(
  members: Members,
  start: SessionStart,
  lost: { readonly ranges: RangeSet },
): Promise<{ readonly place: LogPlace; readonly head: number }> {
  const { logBytes } = members.geometry;
  const record = Buffer.alloc(2 * blockBytes + lost.ranges.length * 16);
  const left = logBytes - (start.position % logBytes);
  const position = left < record.length ? start.position + left : start.position;
  const place = { arrayId: start.arrayId, session: members.generation(), position };
  const carriers = logSlots(members.geometry).filter((slot) => !members.isAbsent(slot));
  let head = position;
  if (lost.ranges.length > 0) {
    const entries = [{ kind: "lost" as const, ranges: lost.ranges }];
    const lengthBytes = sealRecord(record, place, { payloadEndBytes: recordHeaderBytes, entries });
    const offsetBytes = logOffsetBytes + (position % logBytes);
    const from = record.subarray(0, lengthBytes);
    for (const slot of carriers) await members.submit(slot, [{ kind: "write", offsetBytes, from, durable: true }]);
    head += lengthBytes;
  }
  const from = encodeTail(place);
  for (const slot of carriers) {
    const copy = start.nextTailCopy.get(slot) ?? 0;
    const done = await members.submit(slot, [{ kind: "write", offsetBytes: tailOffsets[copy], from, durable: true }]);
    if (done) start.nextTailCopy.set(slot, copy === 0 ? 1 : 0);
  }
  members.checkUsable();
  await members.settled();
  return { place, head };
}
