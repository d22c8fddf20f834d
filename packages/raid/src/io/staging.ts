/**
 * Forms the content of one round in memory: new data and parity of every cell, placed so that the log record is one
 * contiguous write. Old data that parity needs is read straight into the arena, many cells per batch.
 */
import assert from "node:assert";
import { coversCell, updateBytes, type CellUpdate } from "../core/cell-update.js";
import { arrayOffsetOfCell, stripeOfCell, type Geometry } from "../core/geometry.js";
import type { LogEntry } from "../core/log-record.js";
import { chooseWritePath, planCellWrite } from "../core/plan.js";
import { coarsen, removeRange, type RangeSet } from "../core/range-set.js";
import { createParityArena, type ParityArena } from "../parity/parity-arena.js";
import { createDraft, type DiskBatches, type Draft, type PlannedCell } from "./draft.js";
import type { IoCounters } from "./io-counters.js";
import type { Members } from "./members.js";
import { stageInPlace } from "./stage-in-place.js";
import { stageLogged } from "./stage-logged.js";
import { lostCountMax, type StripeLog } from "./stripe-log.js";

/** Below this, writing twice into the log costs less than a second sync. */
const intentBytesMin = 64 * 1024;

interface StagedRound {
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
    if (bands === null) members.checkUsable();
    assert(bands !== null, "a usable array has a plan for every write");
    return { update, path, bands, layout, absent };
  });
  return { cells, changes: members.changes() };
}

export interface Stage {
  readonly record: Buffer;
  /** Null when a disk failed meanwhile: plan again. */
  stage(round: PlannedRound, lost: RangeSet): Promise<{ staged: StagedRound; lost: RangeSet } | null>;
}

export function createStage(members: Members, counters: IoCounters): Stage {
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
    for (const job of draft.jobs) job();
    draft.jobs = [];
    draft.scratchEnd = scratchStart;
    return true;
  };

  return {
    record: arena.bytes.subarray(0, recordBytesMax),
    async stage({ cells, changes }, lost) {
      const draft = createDraft({ parityStart, scratchStart });
      const target = { members, counters, arena, draft, zeros };
      let lostAfter = lost;
      for (const cell of cells) {
        const isFull = draft.scratchEnd + scratchNeeded(geometry, cell) > arena.bytes.length;
        if (isFull && !(await runReads(draft))) return null;
        if (members.changes() !== changes) return null;
        if (cell.path === "logged") stageLogged(target, cell);
        else stageInPlace(target, cell);
        if (lost.length > 0) lostAfter = removeWritten(geometry, lostAfter, cell.update);
      }
      if (!(await runReads(draft)) || members.changes() !== changes) return null;
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

/** What staging a cell takes of the scratch area, at most. */
function scratchNeeded(geometry: Geometry, { update, path, bands }: PlannedCell): number {
  if (path !== "logged") return geometry.windowBytes * geometry.dataUnits;
  let total = updateBytes(update);
  for (const { startBytes, endBytes, readUnits, readParity, solved } of bands) {
    total += (readUnits.length + readParity.length + solved.length) * (endBytes - startBytes);
  }
  return total;
}

function removeWritten(geometry: Geometry, lost: RangeSet, update: CellUpdate): RangeSet {
  let left = lost;
  for (const [unit, segments] of update.units.entries()) {
    const start = arrayOffsetOfCell(geometry, update.cell, unit);
    for (const { startBytes, endBytes, isKnown } of segments) {
      if (isKnown === true) continue;
      left = removeRange(left, { offsetBytes: start + startBytes, lengthBytes: endBytes - startBytes });
    }
  }
  return left;
}
