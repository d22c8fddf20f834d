/**
 * Makes the checksums of a damaged journal right again, and the chain of its batches: as if the damage had been written so.
 * Whatever opens it then must not trust what it reads. Offsets as in `level-layout.ts`, `record-format.ts` and
 * `ring-layout.ts`; they are written down once more, so that a change there is noticed here.
 */
import { seal, unseal } from "@waystation/journal/level-layout";
import { createMarkSum } from "@waystation/journal/mark-sum";
import { checksumOf } from "@waystation/raid/core/checksum";
import { sealFront } from "./format-targets.js";
import type { Entries } from "./journal-media.js";

const batchHeaderBytes = 40;
const batchEntryBytes = 16;
const groupHeadBytes = 32;
const slotBeyondUsage = 32;

interface Chain {
  crc: number | null;
}

/** Entries, count and chain of a batch index that may lie; `crcOf` gives the checksum of its n-th record. */
function fixBatch(index: Buffer, chain: Chain, crcOf: (sequence: number, bytes: number) => number | null): void {
  const count = Math.min(index.readUInt32LE(20), Math.floor((index.length - batchHeaderBytes) / batchEntryBytes));
  for (let n = 0; n < count; n++) {
    const at = batchHeaderBytes + n * batchEntryBytes;
    const crc = crcOf(Number(index.readBigUInt64LE(at)), index.readUInt32LE(at + 8));
    if (crc !== null) index.writeUInt32LE(crc, at + 12);
  }
  if (chain.crc !== null) index.writeUInt32LE(chain.crc, 16);
  sealFront(index);
  chain.crc = index.readUInt32LE(0);
}

/** All of a journal's database. A state that was changed itself keeps what it says. */
export function resealDatabase(entries: Entries, isStateChanged: boolean): void {
  const chain: Chain = { crc: null };
  const markSum = createMarkSum();
  const crcByRecord = new Map<number, number>();
  const ofKind = (kind: string) => [...entries.values()].filter(([key]) => key.toString("latin1", 0, 1) === kind);
  for (const [key, value] of ofKind("r")) {
    sealFront(value);
    if (value.length >= 4) crcByRecord.set(Number(key.readBigUInt64BE(1)), value.readUInt32LE(0));
  }
  for (const [, value] of ofKind("b").sort(([a], [b]) => Buffer.compare(a, b))) {
    if (value.length >= batchHeaderBytes) fixBatch(value, chain, (sequence) => crcByRecord.get(sequence) ?? null);
  }
  for (const [key, value] of ofKind("m")) {
    sealFront(value);
    if (value.length >= 4) markSum.set(key.toString("utf8", 1), value);
  }
  for (const [key, value] of ofKind("s")) {
    sealFront(value);
    const state = unseal(value);
    if (isStateChanged || typeof state !== "object") continue;
    const sums = { lastBatchCrc: chain.crc ?? 0, markCount: markSum.count(), markSum: markSum.sum() };
    entries.set(key.toString("hex"), [key, seal({ ...state, ...sums })]);
  }
}

/** The groups of a ring, which lie at these places of the store. */
export function resealGroups(store: Buffer, groups: readonly { readonly at: number; readonly bytes: number }[]): void {
  const chain: Chain = { crc: null };
  for (const { at, bytes } of groups) fixGroup(store.subarray(at, at + bytes), chain);
}

/** Opening compares the newest batch of the database with its group in the ring: makes them the same. */
export function putNewestBatch(entries: Entries, store: Buffer, groups: readonly { readonly at: number }[]): void {
  const batches = [...entries.values()].filter(([key]) => key.toString("latin1", 0, 1) === "b");
  const newest = batches.sort(([a], [b]) => Buffer.compare(a, b)).at(-1)?.[1];
  // Before damage its number is right in one of the groups; a journal that crashed has newer ones behind it.
  if (newest === undefined || newest.length < batchHeaderBytes) return;
  const number = newest.subarray(8, 16);
  const at = groups.find((group) => number.equals(store.subarray(group.at + 40, group.at + 48)))?.at;
  if (at === undefined) return;
  newest.copy(store, at + groupHeadBytes);
  const head = store.subarray(at, at + groupHeadBytes + batchHeaderBytes);
  head.writeUInt32LE(checksumOf([head.subarray(4)]), 0);
}

function fixGroup(group: Buffer, chain: Chain): void {
  const countMax = Math.floor((group.length - groupHeadBytes - batchHeaderBytes) / batchEntryBytes);
  const count = Math.min(group.readUInt32LE(groupHeadBytes + 20), countMax);
  const indexEnd = groupHeadBytes + batchHeaderBytes + count * batchEntryBytes;
  let slot = indexEnd;
  fixBatch(group.subarray(groupHeadBytes, indexEnd), chain, (_, usageBytes) => {
    const start = slot;
    slot = Math.min(group.length, start + usageBytes + slotBeyondUsage);
    return fixRecord(group.subarray(start, slot));
  });
  const marks = group.subarray(slot, Math.min(group.length, slot + group.readUInt32LE(20)));
  group.writeUInt32LE(checksumOf([marks]), 24);
  group.writeUInt32LE(checksumOf([group.subarray(4, groupHeadBytes + batchHeaderBytes)]), 0);
}

function fixRecord(slot: Buffer): number | null {
  if (slot.length < 64) return null;
  const payloadBytes = slot[5] === 1 ? Number(slot.readBigUInt64LE(48)) : 0;
  const end = 64 + slot.readUInt16LE(6) + payloadBytes;
  if (end > slot.length) return null;
  sealFront(slot.subarray(0, end));
  return slot.readUInt32LE(0);
}
