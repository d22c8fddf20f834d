/**
 * Makes rounds of writes durable, one after the other: plan, form parity, log, write in place, and only then complete.
 *
 * What a crash finds, for each durable step (the log's own are in `stripe-log.ts`):
 * - before the record is durable: the disks as they were; nothing of the round has touched a stripe.
 * - after it, before or amid the writes in place: replay puts logged cells right; for a cell with an intent every block
 *   was being written: each sector is old or new, and opening forms its parity again (a mirror: makes its copies
 *   equal) before anything is served.
 * - after the writes in place: the same replay, to the same bytes.
 *
 * Of a round that need not be durable before the next `sync`, only the record is: what goes past the log is written
 * without a sync, and a crash finds each sector old or new as it would amid the writes in place. Checkpoints sync all
 * disks before the log forgets the intent.
 */
import { Failure } from "@waystation/contracts/errors";
import type { CellUpdate } from "../core/cell-update.js";
import type { Cell } from "../core/geometry.js";
import type { LogEntry } from "../core/log-record.js";
import type { ArrayReader } from "./array-reader.js";
import type { CellLocks } from "./cell-locks.js";
import type { ChecksumStore } from "./checksum-store.js";
import type { DiskBatches, DiskOperation } from "./block-disk.js";
import type { PlannedCell } from "./draft.js";
import type { IoCounters } from "./io-counters.js";
import type { Members } from "./members.js";
import type { RowRepair } from "./row-repair.js";
import { resetRow } from "./row-reset.js";
import { countFitting, createStage, planRound, type PlannedRound, type Stage, type StagedRound } from "./staging.js";
import { logSlots, type LostBlocks, type StripeLog } from "./stripe-log.js";
import { runsOf } from "./verified-reads.js";
import { widenRound, type WidenedRound } from "./widening.js";
import { createWrittenChecksums } from "./written-checksums.js";

const attemptsMax = 40;

/**
 * What a write promises when it has completed: `durable`, that it survives power loss; `flushed`, that it does once
 * `Committer.sync` has completed, and that each of its blocks is old or new until then.
 */
export type Promised = "durable" | "flushed";

export interface Committer {
  /** Resolves when all of the updates are done as promised; rejects with `IO_ERROR`. Not to be called again before that. */
  commit(updates: readonly CellUpdate[], promised: Promised): Promise<void>;
  /** Makes everything committed before durable. */
  sync(): Promise<void>;
  /** True while something that was committed waits for a sync. */
  isUnsynced(): boolean;
}

export interface CommitterOptions {
  readonly members: Members;
  /** Null for an array that has nothing which could disagree after a crash. */
  readonly log: StripeLog | null;
  /** Null for an array without checksums. One that has them has a log. */
  readonly checksums: ChecksumStore | null;
  readonly repair: RowRepair;
  readonly reader: ArrayReader;
  readonly locks: CellLocks;
  readonly lost: LostBlocks;
  readonly counters: IoCounters;
}

/** So often one round may find something corrupt and have it repaired: a disk that keeps nothing must not hold it up. */
const repairsMax = 16;

export function createCommitter(options: CommitterOptions): Committer {
  const { members, log, checksums, locks, lost, counters } = options;
  const written = checksums === null ? null : createWrittenChecksums(checksums);
  const stage = createStage({ ...options, written });

  /** Rounds that left something unsynced, and up to which of them all is synced. */
  let unsyncedRounds = 0;
  let syncedRounds = 0;
  const isUnsynced = (): boolean => syncedRounds < unsyncedRounds;
  const sync = async (): Promise<void> => {
    const target = unsyncedRounds;
    if (syncedRounds >= target) return;
    await Promise.all(members.present().map((slot) => members.submit(slot, [{ kind: "sync" }])));
    // A disk that failed is out, and what it missed is in the others.
    await members.settled();
    members.checkUsable();
    syncedRounds = Math.max(syncedRounds, target);
  };

  const writeInPlace = async (cells: readonly Cell[], writes: DiskBatches, promised: Promised): Promise<void> => {
    const release = await locks.lockForWriting(cells);
    try {
      // Together with the first bytes on the disks: whoever reads in between takes the slow way, and waits for the lock.
      written?.put(writes);
      const operations = (batch: readonly DiskOperation[]): readonly DiskOperation[] =>
        promised === "flushed" ? batch.map(withoutSync) : batch;
      await Promise.all([...writes].map(([slot, batch]) => members.submit(slot, operations(batch))));
    } finally {
      // What the log has is durable already. Only now: a sync that runs beside these writes does not cover them.
      if (promised === "flushed" && goPastLog(writes)) unsyncedRounds++;
      release();
    }
  };

  const countLogWrites = (recordBytes: number): void => {
    for (const slot of logSlots(members.geometry)) if (!members.isAbsent(slot)) counters.count("logWrite", recordBytes);
  };

  /** One attempt. Returns the updates that must be done again because a disk went meanwhile, or a block was repaired. */
  const attempt = async (
    updates: readonly CellUpdate[],
    widened: WidenedRound,
    promised: Promised,
  ): Promise<Attempt> => {
    members.checkUsable();
    // With a disk out, parity that does not match its data could not be formed again: the less there may be, the better.
    if (isUnsynced() && members.isDegraded()) await sync();
    const round = planRound(members, log, updates);
    const fitting = countFitting(members.geometry, round.cells);
    if (fitting < updates.length) {
      const first = await attempt(updates.slice(0, fitting), widened, promised);
      return { ...first, left: [...first.left, ...updates.slice(fitting)] };
    }
    if (log !== null) await prepareLog(log, stage, round.cells);
    const lostAfter = widened.lostAfter(lost.ranges, updates);
    const outcome = await stage.stage(round, lostAfter);
    if (outcome.kind === "overtaken") return { left: updates };
    if (outcome.kind === "corrupt") return { left: updates, corruptRows: outcome.rows };
    const { staged } = outcome;
    const hold = await checksums?.hold(runsOf(staged.writes), "update");
    try {
      if (members.changes() !== round.changes) return { left: updates };
      if (hold !== undefined && hold.doubts.length > 0) {
        return { left: updates, doubtfulRows: new Set(hold.doubts.map(({ offsetBytes }) => offsetBytes)) };
      }
      if (lostAfter !== null) lost.ranges = lostAfter;
      return { left: await carryOut(round, staged, promised) };
    } finally {
      hold?.release();
    }
  };

  /** Logs what was staged, and writes it in place. Returns the updates that must be done again. */
  const carryOut = async (
    { cells: planned, changes }: PlannedRound,
    staged: StagedRound,
    promised: Promised,
  ): Promise<CellUpdate[]> => {
    if (log === null) {
      await writeInPlace(cellsOf(planned), staged.writes, promised);
      return [];
    }
    let logged: readonly PlannedCell[] = planned;
    const entries = promised === "flushed" ? staged.entries.map(asUnsynced) : staged.entries;
    const appended = log.append(stage.record, { ...staged, entries });
    countLogWrites(staged.payloadEndBytes);
    note(log, planned);
    // While the record is on its way.
    written?.form(staged.writes);
    const end = await appended;
    if (members.changes() !== changes) {
      // Degraded now: only what was logged may go in place. Its entries for the lost disk do no harm.
      logged = planned.filter(({ path }) => path === "logged");
      dropDurable(staged.writes);
    }
    await writeInPlace(cellsOf(logged), staged.writes, promised);
    log.markApplied(end);
    return planned.filter((cell) => !logged.includes(cell)).map(({ update }) => update);
  };

  /** Repairs what an attempt met. What is beyond repair, and in the way, is given up. */
  const repairRows = async ({ corruptRows, doubtfulRows }: Attempt): Promise<void> => {
    for (const offsetBytes of doubtfulRows ?? []) await options.repair.settle(offsetBytes);
    for (const offsetBytes of corruptRows ?? []) {
      const { data } = await options.repair.settle(offsetBytes);
      if (log === null || checksums === null || !data.includes(null)) continue;
      await resetRow({ members, log, checksums, locks, lost }, offsetBytes, data);
    }
  };

  return {
    sync,
    isUnsynced,
    async commit(updates, promised) {
      const widened = await widenRound(options, updates);
      let left = updates;
      // Each further attempt follows the loss of a disk, of blocks of one that it needs and does not get, or a repair.
      let repairs = 0;
      for (let attempts = 0; left.length > 0; attempts++) {
        if (attempts - repairs > attemptsMax)
          throw new Failure("IO_ERROR", "blocks that the write needs cannot be read");
        // Attempt by attempt: what waits for the cells may be the very thing that the next attempt needs.
        const release = await locks.lockForRound(left.map(({ cell }) => cell));
        try {
          const outcome = await attempt(left, widened, promised);
          left = outcome.left;
          if (outcome.corruptRows === undefined && outcome.doubtfulRows === undefined) continue;
          if (++repairs > repairsMax)
            throw new Failure("IO_ERROR", "Blocks are corrupt again as often as they are repaired.");
          await repairRows(outcome);
        } finally {
          release();
        }
      }
      // Before anyone is told: a disk that missed this round must be known as stale.
      await members.settled();
      members.checkUsable();
    },
  };
}

interface Attempt {
  readonly left: readonly CellUpdate[];
  /** Rows of blocks in which old data or parity is not what its checksum says. */
  readonly corruptRows?: ReadonlySet<number>;
  /** Rows of blocks on whose checksums the disks do not agree. */
  readonly doubtfulRows?: ReadonlySet<number>;
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

function goPastLog(writes: DiskBatches): boolean {
  return [...writes.values()].some((batch) =>
    batch.some((operation) => operation.kind === "write" && operation.durable),
  );
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

function withoutSync(operation: DiskOperation): DiskOperation {
  return operation.kind === "write" && operation.durable ? { ...operation, durable: false } : operation;
}

function asUnsynced(entry: LogEntry): LogEntry {
  return entry.kind === "intent" ? { ...entry, isUnsynced: true } : entry;
}
