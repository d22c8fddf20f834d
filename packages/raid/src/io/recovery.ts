/**
 * What opening does before anything is served: replays the stripe log, then sees to the cells that were being written
 * past it. Safe to be interrupted anywhere and run again: until the tail of the new session is durable, the old log
 * stays as it was and replays to the same bytes.
 */
import { crc32c } from "@node-rs/crc32";
import { blockBytes, logOffsetBytes, tailOffsets } from "../core/disk-layout.js";
import type { Slot, StripeLayout } from "../core/level.js";
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
import { createParityArena, type ParityArena } from "../parity/parity-arena.js";
import type { DiskOperation } from "./block-disk.js";
import type { Members } from "./members.js";
import { logSlots, lostCountMax, type StripeLogOptions } from "./stripe-log.js";

type Intent = Extract<LogEntry, { readonly kind: "intent" }>;
type Redo = Extract<LogEntry, { readonly kind: "redo" }>;

export interface RecoveryReport {
  readonly recordsReplayed: number;
  readonly cellsReformed: number;
}

/** Replays the log of the last session, and starts a new one (numbered by the generation, which has been raised). */
export async function recoverLog(
  members: Members,
  arrayId: string,
): Promise<{ readonly log: StripeLogOptions; readonly report: RecoveryReport }> {
  const tails = await readTails(members, arrayId);
  const replayed = await replay(members, tails.place);
  let ranges = replayed.lost;
  const reform = createReformer(members);
  for (const intents of replayed.intents.values()) ranges = await settleIntents({ members, reform }, intents, ranges);
  for (const slot of members.present()) await members.submit(slot, [{ kind: "sync" }]);
  members.checkUsable();
  // A disk that failed up to here must be known as stale before the log that could repair it is given up.
  await members.settled();
  const lost = { ranges: coarsen(ranges, lostCountMax(members.geometry)) };
  const { nextTailCopy } = tails;
  const session = await startSession(members, { arrayId, position: replayed.end, nextTailCopy }, lost);
  return {
    log: { members, ...session, nextTailCopy, lost },
    report: { recordsReplayed: replayed.count, cellsReformed: replayed.intents.size },
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
  /** By disk offset: all that were logged for one cell. */
  readonly intents: ReadonlyMap<number, readonly Intent[]>;
  readonly lost: RangeSet;
}

async function replay(members: Members, start: LogPlace): Promise<Replayed> {
  const intents = new Map<number, Intent[]>();
  let lost: RangeSet = [];
  let [position, count] = [start.position, 0];
  for (;;) {
    const record = await readRecordAt(members, { ...start, position });
    if (record === null) break;
    for (const entry of record.entries) {
      if (entry.kind === "lost") lost = entry.ranges;
      else if (entry.kind === "redo") await redo(members, entry, record.bytes);
      else intents.set(entry.diskOffsetBytes, [...(intents.get(entry.diskOffsetBytes) ?? []), entry]);
    }
    position += record.lengthBytes;
    count++;
  }
  members.checkUsable();
  return { end: position, count, intents, lost };
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

async function redo(members: Members, entry: Redo, record: Buffer): Promise<void> {
  const from = record.subarray(entry.payloadOffsetBytes, entry.payloadOffsetBytes + entry.lengthBytes);
  const write: DiskOperation = { kind: "write", offsetBytes: entry.diskOffsetBytes, from, durable: false };
  const slots = members.present().filter((slot) => (entry.slotMask >>> slot) % 2 === 1);
  await Promise.all(slots.map((slot) => members.submit(slot, [write])));
}

/**
 * A cell that was being written in place as a whole: any sector may be old or new.
 * - Copies are made equal to the first one.
 * - With all disks there, parity is formed from whatever the data is.
 * - With a data disk gone, its block is the XOR of the others only if these are all of one write; their checksums tell.
 *   If they are not, the block is neither old nor new, and is unreadable until it is written again.
 */
async function settleIntents(settler: Settler, intents: readonly Intent[], lost: RangeSet): Promise<RangeSet> {
  const { members, reform } = settler;
  const { geometry } = members;
  const { diskOffsetBytes, lengthBytes } = intents[0] as Intent;
  const inData = diskOffsetBytes - geometry.dataOffsetBytes;
  const stripe = Math.floor(inData / geometry.unitBytes);
  const layout = geometry.layoutOf(stripe);
  const range = { diskOffsetBytes, lengthBytes };
  if (layout.parity.length === 0) {
    for (const copies of layout.data) await equalise(members, copies, range);
    return lost;
  }
  if (layout.parity.every(members.isAbsent)) return lost;
  const gone = layout.data.findIndex((copies) => copies.every(members.isAbsent));
  if (gone < 0) {
    if (await reform(layout, range)) return lost;
    // A disk failed meanwhile: the array is degraded now, and the question is another one.
    members.checkUsable();
    return settleIntents(settler, intents, lost);
  }
  if (await isOfOneWrite(members, intents)) return lost;
  const offsetBytes = stripe * geometry.stripeBytes + gone * geometry.unitBytes + (inData % geometry.unitBytes);
  return addRange(lost, { offsetBytes, lengthBytes });
}

interface DiskRange {
  readonly diskOffsetBytes: number;
  readonly lengthBytes: number;
}

async function equalise(members: Members, copies: readonly Slot[], range: DiskRange): Promise<void> {
  const [source, ...others] = copies.filter((slot) => !members.isAbsent(slot));
  if (source === undefined) return;
  const from = Buffer.alloc(range.lengthBytes);
  if (!(await readRange(members, source, range, from))) return equalise(members, copies, range);
  for (const slot of others) await writeRange(members, slot, range, from);
}

/** Forms the parity of a range from its data. False when a data disk could not be read. */
type Reform = (layout: StripeLayout, range: DiskRange) => Promise<boolean>;

interface Settler {
  readonly members: Members;
  readonly reform: Reform;
}

/** All ranges go through one arena: there may be thousands of them, and each arena reserves address space of its own. */
function createReformer(members: Members): Reform {
  let arena: ParityArena | null = null;
  return async (layout, range) => {
    const { lengthBytes } = range;
    if (arena === null || arena.bytes.length < 2 * lengthBytes) arena = createParityArena(2 * lengthBytes);
    const parity = arena.bytes.subarray(0, lengthBytes);
    const scratch = arena.bytes.subarray(lengthBytes, 2 * lengthBytes);
    parity.fill(0);
    for (const [slot] of layout.data as readonly (readonly [Slot])[]) {
      if (!(await readRange(members, slot, range, scratch))) return false;
      arena.xor(0, lengthBytes, lengthBytes);
    }
    for (const slot of layout.parity) await writeRange(members, slot, range, parity);
    return true;
  };
}

async function isOfOneWrite(members: Members, intents: readonly Intent[]): Promise<boolean> {
  const actual = new Map<Slot, number>();
  for (const slot of members.present()) {
    const into = Buffer.alloc((intents[0] as Intent).lengthBytes);
    if (!(await readRange(members, slot, intents[0] as Intent, into))) return false;
    actual.set(slot, crc32c(into));
  }
  return intents.some(({ checksums }) => [...actual].every(([slot, checksum]) => checksums[slot] === checksum));
}

function readRange(members: Members, slot: Slot, range: DiskRange, into: Buffer): Promise<boolean> {
  return members.submit(slot, [{ kind: "read", offsetBytes: range.diskOffsetBytes, into }]);
}

function writeRange(members: Members, slot: Slot, range: DiskRange, from: Uint8Array): Promise<boolean> {
  return members.submit(slot, [{ kind: "write", offsetBytes: range.diskOffsetBytes, from, durable: false }]);
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
