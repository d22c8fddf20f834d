/**
 * Makes rounds of writes durable, one after the other: plan, form parity, log, write in place, and only then complete.
 *
 * What a crash finds, for each durable step (the log's own are in `stripe-log.ts`):
 * - before the record is durable: the disks as they were; nothing of the round has touched a stripe.
 * - after it, before or amid the writes in place: replay puts logged cells right; for a cell with an intent every block
 *   was being written: each sector is old or new, and opening forms its parity again (a mirror: makes its copies
 *   equal) before anything is served.
 * - after the writes in place: the same replay, to the same bytes.
 */
import assert from "node:assert";
import type { CellUpdate } from "../core/cell-update.js";
import type { Cell } from "../core/geometry.js";
import type { CellLocks } from "./cell-locks.js";
import type { Members } from "./members.js";
import type { DiskBatches, PlannedCell } from "./draft.js";
import type { IoCounters } from "./io-counters.js";
import { createStage, planRound, type Stage } from "./staging.js";
import { logSlots, type LostBlocks, type StripeLog } from "./stripe-log.js";

export interface Committer {
  /** Resolves when all of the updates are durable; rejects with `IO_ERROR`. Not to be called again before that. */
  commit(updates: readonly CellUpdate[]): Promise<void>;
}

export interface CommitterOptions {
  readonly members: Members;
  /** Null for a level without redundancy. */
  readonly log: StripeLog | null;
  readonly locks: CellLocks;
  readonly lost: LostBlocks;
  readonly counters: IoCounters;
}

export function createCommitter(options: CommitterOptions): Committer {
  const { members, log, locks, lost, counters } = options;
  const stage = createStage(members, counters);

  const writeInPlace = async (cells: readonly Cell[], writes: DiskBatches): Promise<void> => {
    const release = await locks.lockForWriting(cells);
    try {
      await Promise.all([...writes].map(([slot, batch]) => members.submit(slot, batch)));
    } finally {
      release();
    }
  };

  const countLogWrites = (recordBytes: number): void => {
    for (const slot of logSlots(members.geometry)) if (!members.isAbsent(slot)) counters.count("logWrite", recordBytes);
  };

  /** One attempt. Returns the updates that must be done again because a disk went meanwhile. */
  const attempt = async (updates: readonly CellUpdate[]): Promise<readonly CellUpdate[]> => {
    members.checkUsable();
    const round = planRound(members, log, updates);
    const { cells: planned, changes } = round;
    if (log !== null) await prepareLog(log, stage, planned);
    const formed = await stage.stage(round, lost.ranges);
    if (formed === null) return updates;
    const { staged } = formed;
    let logged: readonly PlannedCell[] = planned;
    if (log !== null) {
      lost.ranges = formed.lost;
      const appended = log.append(stage.record, staged);
      countLogWrites(staged.payloadEndBytes);
      note(log, planned);
      const end = await appended;
      if (members.changes() !== changes) {
        // Degraded now: only what was logged may go in place. Its entries for the lost disk do no harm.
        logged = planned.filter(({ path }) => path === "logged");
        dropDurable(staged.writes);
      }
      await writeInPlace(cellsOf(logged), staged.writes);
      log.markApplied(end);
    } else {
      await writeInPlace(cellsOf(planned), staged.writes);
    }
    return planned.filter((cell) => !logged.includes(cell)).map(({ update }) => update);
  };

  return {
    async commit(updates) {
      let left = updates;
      // Each further attempt follows the loss of a disk, and there are only so many.
      for (let attempts = 0; left.length > 0; attempts++) {
        assert(attempts <= members.geometry.diskCount, "a round found no state in which it could be done");
        left = await attempt(left);
      }
      // Before anyone is told: a disk that missed this round must be known as stale.
      await members.settled();
      members.checkUsable();
    },
  };
}

/** Room for the record, and no logged write over a live intent: its checksums would no longer be those on disk. */
async function prepareLog(log: StripeLog, stage: Stage, planned: readonly PlannedCell[]): Promise<void> {
  if (planned.some(({ path, update }) => path === "logged" && log.hasIntent(update.cell))) await log.checkpoint();
  await log.ensureRoom(stage.record.length);
}

function note(log: StripeLog, planned: readonly PlannedCell[]): void {
  log.noteData(cellsOf(planned.filter(({ path }) => path === "logged")));
  log.noteIntents(cellsOf(planned.filter(({ path }) => path === "intent")));
}

function cellsOf(planned: readonly PlannedCell[]): Cell[] {
  return planned.map(({ update }) => update.cell);
}

/** Durable writes are those that go past the log. */
function dropDurable(writes: DiskBatches): void {
  for (const [slot, batch] of writes) {
    writes.set(
      slot,
      batch.filter((operation) => operation.kind !== "write" || !operation.durable),
    );
  }
}
