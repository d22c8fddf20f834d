/**
 * A round of writes as it is put together in the arena of its stage: what goes into the log's record, what is read first,
 * the arithmetic on that, and what is written in place.
 *
 *   arena:  | record: header, payloads, directory | parity of cells written past the log | scratch: old data |
 */
import type { CellUpdate, Segment } from "../core/cell-update.js";
import type { Absent } from "../core/erasure.js";
import type { Slot, StripeLayout } from "../core/level.js";
import { recordHeaderBytes, type LogEntry } from "../core/log-record.js";
import type { BandPlan, WritePath } from "../core/plan.js";
import type { ParityArena } from "../parity/parity-arena.js";
import type { DiskBatches, DiskOperation } from "./block-disk.js";
import type { IoCounters, IoPurpose } from "./io-counters.js";
import type { Members } from "./members.js";
import type { WrittenChecksums } from "./written-checksums.js";

/** A cell of a round: how it becomes durable, and how its parity is formed in the state that the disks are in. */
export interface PlannedCell {
  readonly update: CellUpdate;
  readonly path: WritePath;
  readonly bands: readonly BandPlan[];
  readonly layout: StripeLayout;
  readonly absent: Absent;
}

export interface Draft {
  readonly entries: LogEntry[];
  /** In place, once the record is durable. Those past the log are durable writes. */
  readonly writes: DiskBatches;
  readonly reads: DiskBatches;
  /** What is formed of what was read, in order. */
  jobs: (() => void)[];
  recordEnd: number;
  parityEnd: number;
  scratchEnd: number;
}

/** Where the staging of cells puts things. */
export interface StagingTarget {
  readonly members: Members;
  readonly counters: IoCounters;
  readonly arena: ParityArena;
  readonly draft: Draft;
  /** A window of zeros. */
  readonly zeros: Buffer;
  /** Null for an array without checksums. */
  readonly written: WrittenChecksums | null;
}

export function createDraft(starts: { readonly parityStart: number; readonly scratchStart: number }): Draft {
  return {
    entries: [],
    writes: new Map(),
    reads: new Map(),
    jobs: [],
    recordEnd: recordHeaderBytes,
    parityEnd: starts.parityStart,
    scratchEnd: starts.scratchStart,
  };
}

export function takeRecord(draft: Draft, lengthBytes: number): number {
  const at = draft.recordEnd;
  draft.recordEnd += lengthBytes;
  return at;
}

export function takeScratch(draft: Draft, lengthBytes: number): number {
  const at = draft.scratchEnd;
  draft.scratchEnd += lengthBytes;
  return at;
}

interface DiskIo {
  readonly slot: Slot;
  readonly purpose: IoPurpose;
  readonly operation: Exclude<DiskOperation, { readonly kind: "sync" }>;
}

/** Adds an operation to the batch of its disk, and counts it. */
export function addIo({ draft, counters }: StagingTarget, { slot, purpose, operation }: DiskIo): void {
  const batches = operation.kind === "read" ? draft.reads : draft.writes;
  const batch = batches.get(slot);
  if (batch === undefined) batches.set(slot, [operation]);
  else batch.push(operation);
  counters.count(purpose, operation.kind === "read" ? operation.into.length : operation.from.length);
}

/** Puts the new bytes of a segment into the arena. */
export function copySegment(bytes: Buffer, at: number, segment: Segment): void {
  const lengthBytes = segment.endBytes - segment.startBytes;
  if (segment.source === null) bytes.fill(0, at, at + lengthBytes);
  else bytes.set(segment.source.subarray(segment.sourceBytes, segment.sourceBytes + lengthBytes), at);
}

/** The new bytes of a segment, where they are. */
export function bytesOf(segment: Segment, zeros: Buffer): Uint8Array {
  const lengthBytes = segment.endBytes - segment.startBytes;
  if (segment.source === null) return zeros.subarray(0, lengthBytes);
  return segment.source.subarray(segment.sourceBytes, segment.sourceBytes + lengthBytes);
}
