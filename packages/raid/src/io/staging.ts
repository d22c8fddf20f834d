/**
 * Forms the content of one round in memory: new data and parity of every cell, placed so that the log record is one
 * contiguous write. Old data that parity needs is read straight into the arena, many cells per batch.
 */
import assert from "node:assert";
import { Failure } from "@waystation/contracts/errors";
import { coversCell, updateBytes, type CellUpdate } from "../core/cell-update.js";
import { stripeOfCell, type Geometry } from "../core/geometry.js";
import { entryBytesMax, type LogEntry } from "../core/log-record.js";
import { chooseWritePath, planCellWrite } from "../core/plan.js";
import type { RangeSet } from "../core/range-set.js";
import { createParityArena, type ParityArena } from "../parity/parity-arena.js";
import type { ChecksumStore } from "./checksum-store.js";
import type { DiskBatches } from "./block-disk.js";
import { createDraft, type Draft, type PlannedCell } from "./draft.js";
import type { IoCounters } from "./io-counters.js";
import type { Members } from "./members.js";
import { stageInPlace } from "./stage-in-place.js";
import { stageLogged } from "./stage-logged.js";
import type { StripeLog } from "./stripe-log.js";
import { readVerified } from "./verified-reads.js";
import type { WrittenChecksums } from "./written-checksums.js";

/** Below this, writing twice into the log costs less than a second sync. */
const intentBytesMin = 64 * 1024;

export interface StagedRound {
  readonly entries: readonly LogEntry[];
  readonly payloadEndBytes: number;
  /** In place, once the record is durable. Those past the log are durable writes. */
  readonly writes: DiskBatches;
}

/** The cells of a round, planned in one state of the disks. */
export interface PlannedRound {
  readonly cells: readonly PlannedCell[];
  /** `Members.changes` of that state: when it moves, the plan no longer holds. */
  readonly changes: number;
}

/** Decides the path of each cell, and how its parity is formed. Throws `IO_ERROR` when the array cannot do it. */
export function planRound(members: Members, log: StripeLog | null, updates: readonly CellUpdate[]): PlannedRound {
  const { geometry } = members;
  const whole = new Set(updates.filter((update) => coversCell(update, geometry.windowBytes)));
  const wholeBytes = whole.size * geometry.windowBytes * geometry.dataUnits;
  const isLargeRound = wholeBytes >= Math.min(intentBytesMin, geometry.recordBytesMax / 8);
  const cells = updates.map((update) => {
    const stripe = stripeOfCell(geometry, update.cell);
    const [layout, absent] = [geometry.layoutOf(stripe), members.absentIn(stripe)];
    const path = chooseWritePath({
      hasRedundancy: log !== null,
      isDegraded: members.isDegraded(),
      coversCell: whole.has(update),
      isLargeRound,
      hasLoggedData: log?.hasData(update.cell) ?? false,
    });
    const bands = planCellWrite(layout, absent, update);
    if (bands === null) {
      members.checkUsable();
      throw new Failure(
        "IO_ERROR",
        `stripe ${stripe} cannot be written: blocks of it cannot be read from a disk that it needs`,
      );
    }
    return { update, path, bands, layout, absent };
  });
  return { cells, changes: members.changes() };
}

/**
 * How many of the cells, from the first on, fit one record: more only when whole cells that were to go past the log have to
 * go through it. At least one always does.
 */
export function countFitting(
  { recordBytesMax, windowBytes, parityUnits }: Geometry,
  cells: readonly PlannedCell[],
): number {
  // A quarter is kept for the list of lost blocks.
  let leftBytes = (recordBytesMax * 3) / 4;
  for (const [index, { update, path }] of cells.entries()) {
    if (path !== "logged") continue;
    const dataBytes = updateBytes(update);
    const segments = update.units.reduce((sum, list) => sum + list.length, 0);
    const entries = 2 * segments * (1 + parityUnits) * entryBytesMax;
    leftBytes -= dataBytes + parityUnits * Math.min(dataBytes, windowBytes) + entries;
    if (leftBytes < 0) return Math.max(1, index);
  }
  return cells.length;
}

export type StageOutcome =
  | { readonly kind: "staged"; readonly staged: StagedRound }
  /** A disk failed meanwhile: plan again. */
  | { readonly kind: "overtaken" }
  /** Old data or parity is not what its checksum says, in the rows at these offsets of the disks: repair them first. */
  | { readonly kind: "corrupt"; readonly rows: ReadonlySet<number> };

export interface StageOptions {
  readonly members: Members;
  readonly checksums: ChecksumStore | null;
  /** Those of the round that is staged; null without checksums. */
  readonly written: WrittenChecksums | null;
  readonly counters: IoCounters;
}

export interface Stage {
  readonly record: Buffer;
  /** `lost`: the list of lost blocks from this round on, if it changes it. */
  stage(round: PlannedRound, lost: RangeSet | null): Promise<StageOutcome>;
}

export function createStage({ members, checksums, written, counters }: StageOptions): Stage {
  const { geometry } = members;
  const { recordBytesMax, windowBytes } = geometry;
  const parityStart = recordBytesMax;
  const scratchStart = parityStart + recordBytesMax / 2;
  const arena: ParityArena = createParityArena(scratchStart + recordBytesMax);
  const zeros = Buffer.alloc(windowBytes);

  /** Null when all was read, and was what it should be. */
  const runReads = async (draft: Draft, changes: number): Promise<StageOutcome | null> => {
    const { failed, wrongRows } = await readVerified({ members, checksums }, draft.reads);
    draft.reads.clear();
    if (failed.size > 0 || members.changes() !== changes) return { kind: "overtaken" };
    // Formed of corrupt blocks, parity would agree with them: the last that could tell would be gone.
    if (wrongRows.size > 0) return { kind: "corrupt", rows: wrongRows };
    for (const job of draft.jobs) job();
    draft.jobs = [];
    draft.scratchEnd = scratchStart;
    return null;
  };

  return {
    record: arena.bytes.subarray(0, recordBytesMax),
    async stage({ cells, changes }, lost) {
      const draft = createDraft({ parityStart, scratchStart });
      const target = { members, counters, arena, draft, zeros, written };
      written?.begin();
      for (const cell of cells) {
        const isFull = draft.scratchEnd + scratchNeeded(geometry, cell) > arena.bytes.length;
        const ended = isFull ? await runReads(draft, changes) : null;
        if (ended !== null) return ended;
        if (members.changes() !== changes) return { kind: "overtaken" };
        if (cell.path === "logged") stageLogged(target, cell);
        else stageInPlace(target, cell);
      }
      const ended = await runReads(draft, changes);
      if (ended !== null) return ended;
      if (lost !== null) draft.entries.push({ kind: "lost", ranges: lost });
      assert(draft.recordEnd <= parityStart && draft.parityEnd <= scratchStart, "a round outgrew its arena");
      const { entries, recordEnd: payloadEndBytes, writes } = draft;
      return { kind: "staged", staged: { entries, payloadEndBytes, writes } };
    },
  };
}

/** What staging a cell takes of the scratch area, at most. */
function scratchNeeded(geometry: Geometry, { update, path, bands }: PlannedCell): number {
  if (path !== "logged") return geometry.windowBytes * geometry.dataUnits;
  let total = updateBytes(update);
  for (const { startBytes, endBytes, readUnits, readParity, solved } of bands) {
    total += (readUnits.length + readParity.length + solved.length) * (endBytes - startBytes);
  }
  return total;
}
