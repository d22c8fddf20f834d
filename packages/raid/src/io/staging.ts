/**
 * Forms the content of one round in memory: new data and parity of every cell, placed so that the log record is one
 * contiguous write. Old data that parity needs is read straight into the arena, many cells per batch.
 *
 *   arena:  | record: header, payloads, directory | parity of cells written past the log | scratch: old data |
 */
import assert from "node:assert";
import { checksumOf } from "../core/checksum.js";
import { coversCell, updateBytes, type CellUpdate, type Segment } from "../core/cell-update.js";
import { arrayOffsetOfCell, diskOffsetOfCell, stripeOfCell, type Geometry } from "../core/geometry.js";
import type { Slot, StripeLayout } from "../core/level.js";
import { recordHeaderBytes, type LogEntry } from "../core/log-record.js";
import { chooseWritePath, planCellWrite, presentCopy, type BandPlan, type WritePath } from "../core/plan.js";
import { coarsen, removeRange, type RangeSet } from "../core/range-set.js";
import { createParityArena, type ParityArena } from "../parity/parity-arena.js";
import type { DiskOperation } from "./block-disk.js";
import type { Members } from "./members.js";
import { lostCountMax, type StripeLog } from "./stripe-log.js";

/** Below this, writing twice into the log costs less than a second sync. */
const intentBytesMin = 64 * 1024;

export interface PlannedCell {
  readonly update: CellUpdate;
  readonly path: WritePath;
  readonly bands: readonly BandPlan[];
}

/** Writes by disk. */
export type DiskWrites = Map<Slot, DiskOperation[]>;

interface StagedRound {
  readonly entries: readonly LogEntry[];
  readonly payloadEndBytes: number;
  /** In place, once the record is durable. Those past the log are durable writes. */
  readonly writes: DiskWrites;
}

/** Decides the path of each cell, and how its parity is formed. Throws `IO_ERROR` when the array cannot do it. */
export function planRound(members: Members, log: StripeLog | null, updates: readonly CellUpdate[]): PlannedCell[] {
  const { geometry } = members;
  const whole = new Set(updates.filter((update) => coversCell(update, geometry.windowBytes)));
  const wholeBytes = whole.size * geometry.windowBytes * geometry.dataUnits;
  const isLargeRound = wholeBytes >= Math.min(intentBytesMin, geometry.recordBytesMax / 8);
  return updates.map((update) => {
    const layout = geometry.layoutOf(stripeOfCell(geometry, update.cell));
    const path = chooseWritePath({
      hasRedundancy: log !== null,
      isDegraded: members.isDegraded(),
      coversCell: whole.has(update),
      isLargeRound,
      hasLoggedData: log?.hasData(update.cell) ?? false,
    });
    const bands = planCellWrite(layout, members.isAbsent, update);
    if (bands === null) members.checkUsable();
    assert(bands !== null, "a usable array has a plan for every write");
    return { update, path, bands };
  });
}

export interface Stage {
  readonly record: Buffer;
  /** Null when a disk failed meanwhile: plan again. */
  stage(cells: readonly PlannedCell[], lost: RangeSet): Promise<{ staged: StagedRound; lost: RangeSet } | null>;
}

/** Parity of a band still to be formed: `target` becomes the XOR of itself, or of `first`, and of `sources`. */
interface ParityJob {
  readonly targetBytes: number;
  readonly lengthBytes: number;
  /** Null when the target holds the old parity by then. */
  readonly first: number | null;
  readonly sources: readonly number[];
}

/** What is put together for a round that is being staged. */
interface Draft {
  readonly entries: LogEntry[];
  readonly writes: DiskWrites;
  readonly reads: DiskWrites;
  jobs: ParityJob[];
  /** Run once the parity jobs before them have: checksums of what they formed. */
  afterwards: (() => void)[];
  recordEnd: number;
  parityEnd: number;
  scratchEnd: number;
}

export function createStage(members: Members): Stage {
  const { geometry } = members;
  const { recordBytesMax, windowBytes } = geometry;
  const parityStart = recordBytesMax;
  const scratchStart = parityStart + recordBytesMax / 2;
  const arena: ParityArena = createParityArena(scratchStart + recordBytesMax);
  const zeros = Buffer.alloc(windowBytes);

  const runReads = async (draft: Draft): Promise<boolean> => {
    const reads = [...draft.reads].map(([slot, batch]) => members.submit(slot, batch));
    draft.reads.clear();
    if (reads.length > 0 && (await Promise.all(reads)).includes(false)) return false;
    for (const job of draft.jobs) runJob(arena, job);
    for (const action of draft.afterwards) action();
    draft.jobs = [];
    draft.afterwards = [];
    draft.scratchEnd = scratchStart;
    return true;
  };

  return {
    record: arena.bytes.subarray(0, recordBytesMax),
    async stage(cells, lost) {
      const draft: Draft = {
        entries: [],
        writes: new Map(),
        reads: new Map(),
        jobs: [],
        afterwards: [],
        recordEnd: recordHeaderBytes,
        parityEnd: parityStart,
        scratchEnd: scratchStart,
      };
      let lostAfter = lost;
      for (const cell of cells) {
        if (draft.scratchEnd + scratchNeeded(geometry, cell) > arena.bytes.length && !(await runReads(draft)))
          return null;
        const target = { members, arena, draft, zeros };
        if (cell.path === "logged") stageLogged(target, cell);
        else stageInPlace(target, cell);
        if (lost.length > 0) lostAfter = removeWritten(geometry, lostAfter, cell.update);
      }
      if (!(await runReads(draft))) return null;
      if (lostAfter !== lost) {
        lostAfter = coarsen(lostAfter, lostCountMax(geometry));
        draft.entries.push({ kind: "lost", ranges: lostAfter });
      }
      assert(draft.recordEnd <= parityStart && draft.parityEnd <= scratchStart, "a round outgrew its arena");
      return {
        staged: { entries: draft.entries, payloadEndBytes: draft.recordEnd, writes: draft.writes },
        lost: lostAfter,
      };
    },
  };
}

interface Target {
  readonly members: Members;
  readonly arena: ParityArena;
  readonly draft: Draft;
  readonly zeros: Buffer;
}

/** New data and parity as payloads of the record, and the same bytes as writes in place. */
function stageLogged(target: Target, { update, bands }: PlannedCell): void {
  const { members, arena, draft } = target;
  const layout = layoutOfCell(members.geometry, update);
  // For each unit, where each of its segments was put in the arena.
  const placed = update.units.map((segments, unit) => {
    const present = (layout.data[unit] as readonly Slot[]).filter((slot) => !members.isAbsent(slot));
    return segments.map((segment) => {
      const lengthBytes = segment.endBytes - segment.startBytes;
      // Data of an absent disk goes into parity alone: it lives in the others from now on.
      const at = present.length > 0 ? takeRecord(draft, lengthBytes) : takeScratch(draft, lengthBytes);
      copySegment(arena.bytes, at, segment);
      if (present.length > 0)
        addRedo(target, update, { slots: present, at, startBytes: segment.startBytes, lengthBytes });
      return { segment, at };
    });
  });
  const newAt = (unit: number, column: number): number => {
    const found = placed[unit]?.find(({ segment }) => segment.startBytes <= column && column < segment.endBytes);
    assert(found !== undefined, "a band that no segment covers");
    return found.at + column - found.segment.startBytes;
  };
  const parity = layout.parity.filter((slot) => !members.isAbsent(slot));
  if (parity.length > 0) stageLoggedParity(target, { update, layout, bands, parity, newAt });
}

interface ParityStaging {
  readonly update: CellUpdate;
  readonly layout: StripeLayout;
  readonly bands: readonly BandPlan[];
  readonly parity: readonly Slot[];
  readonly newAt: (unit: number, column: number) => number;
}

function stageLoggedParity(target: Target, { update, layout, bands, parity, newAt }: ParityStaging): void {
  const { members, arena, draft } = target;
  const cellOffset = diskOffsetOfCell(members.geometry, update.cell);
  // Parity of bands side by side lies side by side: one entry, one write.
  let run: { at: number; startBytes: number; lengthBytes: number } | null = null;
  for (const band of bands) {
    const lengthBytes = band.endBytes - band.startBytes;
    const at = takeRecord(draft, lengthBytes);
    if (run !== null && run.startBytes + run.lengthBytes === band.startBytes) run.lengthBytes += lengthBytes;
    else {
      if (run !== null) addRedo(target, update, { slots: parity, ...run });
      run = { at, startBytes: band.startBytes, lengthBytes };
    }
    const readInto = (slot: Slot, into: number): void => {
      const bytes = arena.bytes.subarray(into, into + lengthBytes);
      addOperation(draft.reads, slot, { kind: "read", offsetBytes: cellOffset + band.startBytes, into: bytes });
    };
    const old = band.readUnits.map((unit) => {
      const into = takeScratch(draft, lengthBytes);
      readInto(presentCopy(layout, members.isAbsent, unit) as Slot, into);
      return into;
    });
    const fresh = band.written.map((unit) => newAt(unit, band.startBytes));
    if (band.method === "read-modify-write") {
      readInto(parity[0] as Slot, at);
      draft.jobs.push({ targetBytes: at, lengthBytes, first: null, sources: [...old, ...fresh] });
    } else {
      const [first, ...sources] = [...fresh, ...old];
      draft.jobs.push({ targetBytes: at, lengthBytes, first: first as number, sources });
    }
  }
  if (run !== null) addRedo(target, update, { slots: parity, ...run });
}

interface RedoPlace {
  readonly slots: readonly Slot[];
  readonly at: number;
  readonly startBytes: number;
  readonly lengthBytes: number;
}

function addRedo({ members, arena, draft }: Target, update: CellUpdate, place: RedoPlace): void {
  const { slots, at, startBytes, lengthBytes } = place;
  const diskOffsetBytes = diskOffsetOfCell(members.geometry, update.cell) + startBytes;
  const slotMask = slots.reduce((mask, slot) => (mask | (1 << slot)) >>> 0, 0);
  draft.entries.push({ kind: "redo", slotMask, diskOffsetBytes, lengthBytes, payloadOffsetBytes: at });
  const from = arena.bytes.subarray(at, at + lengthBytes);
  for (const slot of slots) {
    addOperation(draft.writes, slot, { kind: "write", offsetBytes: diskOffsetBytes, from, durable: false });
  }
}

/** A whole new cell, or any write of a level without redundancy: data goes to the disks from where it is. */
function stageInPlace(target: Target, { update, path }: PlannedCell): void {
  const { members, arena, draft, zeros } = target;
  const { geometry } = members;
  const layout = layoutOfCell(geometry, update);
  const cellOffset = diskOffsetOfCell(geometry, update.cell);
  const { windowBytes } = geometry;
  const checksums = new Array<number>(layout.parity.length > 0 ? geometry.diskCount : 0).fill(0);
  for (const [unit, segments] of update.units.entries()) {
    const parts = segments.map((segment) => ({ segment, from: bytesOf(segment, zeros) }));
    for (const slot of layout.data[unit] as readonly Slot[]) {
      for (const { segment, from } of parts) {
        const offsetBytes = cellOffset + segment.startBytes;
        addOperation(draft.writes, slot, { kind: "write", offsetBytes, from, durable: true });
      }
      if (checksums.length > 0) checksums[slot] = checksumOf(parts.map(({ from }) => from));
    }
  }
  if (path === "direct") return;
  for (const slot of layout.parity) {
    const at = draft.parityEnd;
    draft.parityEnd += windowBytes;
    const from = arena.bytes.subarray(at, at + windowBytes);
    formParityOfNew(target, update, at);
    checksums[slot] = checksumOf([from]);
    addOperation(draft.writes, slot, { kind: "write", offsetBytes: cellOffset, from, durable: true });
  }
  draft.entries.push({ kind: "intent", diskOffsetBytes: cellOffset, lengthBytes: windowBytes, checksums });
}

function formParityOfNew({ arena, draft }: Target, update: CellUpdate, at: number): void {
  // Scratch past what is taken: used up before anything else is put there.
  const scratch = draft.scratchEnd;
  for (const [unit, segments] of update.units.entries()) {
    for (const segment of segments) {
      const [to, lengthBytes] = [at + segment.startBytes, segment.endBytes - segment.startBytes];
      if (unit === 0) copySegment(arena.bytes, to, segment);
      else if (segment.source !== null) {
        copySegment(arena.bytes, scratch, segment);
        arena.xor(to, scratch, lengthBytes);
      }
    }
  }
}

/** What staging a cell takes of the scratch area. */
function scratchNeeded(geometry: Geometry, { update, path, bands }: PlannedCell): number {
  if (path !== "logged") return geometry.windowBytes;
  let total = updateBytes(update);
  for (const band of bands) total += band.readUnits.length * (band.endBytes - band.startBytes);
  return total;
}

function removeWritten(geometry: Geometry, lost: RangeSet, update: CellUpdate): RangeSet {
  let left = lost;
  for (const [unit, segments] of update.units.entries()) {
    const start = arrayOffsetOfCell(geometry, update.cell, unit);
    for (const segment of segments) {
      const lengthBytes = segment.endBytes - segment.startBytes;
      left = removeRange(left, { offsetBytes: start + segment.startBytes, lengthBytes });
    }
  }
  return left;
}

function runJob(arena: ParityArena, { targetBytes, lengthBytes, first, sources }: ParityJob): void {
  if (first !== null) arena.bytes.copyWithin(targetBytes, first, first + lengthBytes);
  for (const source of sources) arena.xor(targetBytes, source, lengthBytes);
}

function layoutOfCell(geometry: Geometry, update: CellUpdate): StripeLayout {
  return geometry.layoutOf(stripeOfCell(geometry, update.cell));
}

function takeRecord(draft: Draft, lengthBytes: number): number {
  const at = draft.recordEnd;
  draft.recordEnd += lengthBytes;
  return at;
}

function takeScratch(draft: Draft, lengthBytes: number): number {
  const at = draft.scratchEnd;
  draft.scratchEnd += lengthBytes;
  return at;
}

function addOperation(batches: DiskWrites, slot: Slot, operation: DiskOperation): void {
  const batch = batches.get(slot);
  if (batch === undefined) batches.set(slot, [operation]);
  else batch.push(operation);
}

function copySegment(bytes: Buffer, at: number, segment: Segment): void {
  const lengthBytes = segment.endBytes - segment.startBytes;
  if (segment.source === null) bytes.fill(0, at, at + lengthBytes);
  else bytes.set(segment.source.subarray(segment.sourceBytes, segment.sourceBytes + lengthBytes), at);
}

function bytesOf(segment: Segment, zeros: Buffer): Uint8Array {
  const lengthBytes = segment.endBytes - segment.startBytes;
  if (segment.source === null) return zeros.subarray(0, lengthBytes);
  return segment.source.subarray(segment.sourceBytes, segment.sourceBytes + lengthBytes);
}
