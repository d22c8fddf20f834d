/**
 * One pair at run time: its phase, the marks of its regions, and the write intent of what goes to both sides.
 *
 * A region that is written on both sides is marked as differing before either write starts, and stays marked until both
 * sides have been flushed after the last write to it. So after a crash the marks say which few regions may differ. While
 * it runs, such a region is in `intents` and counts as equal; a region that differs and is not there is *pending*.
 * Copied regions join `intents` too: neither may lose its mark on disk before both sides are durable, because a side
 * that lost what it had only cached would differ from the other unmarked.
 */
import type { DurableBlockStore } from "@waystation/contracts/block-device";
import type { Clock } from "@waystation/contracts/clock";
import { reasonOf } from "@waystation/contracts/errors";
import type { Log } from "@waystation/contracts/log";
import type { PairRecord } from "../core/pair-record.js";
import {
  describePhase,
  pairTable,
  phaseAfter,
  type PairEvent,
  type PairPhase,
  type PhaseRules,
} from "../core/pair-phase.js";
import type { RegionMarks, RegionRun } from "../core/region-marks.js";
import type { MarksStore } from "./marks-store.js";

/** Idle intents beyond this number are flushed and cleared; so many regions a crash leaves to copy, and few more. */
const intentsMax = 2048;
/** Of which so many, the last used, stay: a hot region costs no mark per write. */
const intentsKept = 1536;
/** After no write for so long, none stays. */
const idleSettleMs = 1000;
/** Marked with the next region of a run, so that a host that writes in sequence waits for one mark in so many. */
const regionsAhead = 8;

interface Intent {
  active: number;
  lastUse: number;
}

/** A write that is under way on both sides. */
export interface IntentTicket {
  readonly entries: readonly (readonly [region: number, intent: Intent])[];
}

export interface Mirror {
  /** For messages: "primary/secondary". */
  readonly name: string;
  /** What an operator types for it: "primary secondary". */
  readonly volumes: string;
  readonly id: string;
  readonly secondaryName: string;
  readonly secondary: DurableBlockStore;
  /** What is to be kept over restarts, as it is now. */
  record(): PairRecord;
  phase(): PairPhase;
  readonly rules: () => PhaseRules;
  /** Raised by each change of phase: what began in another turn decides nothing in this one. */
  turn(): number;
  readonly pending: (region: number) => boolean;
  readonly owed: (region: number) => boolean;
  /** Written on both sides, or copied, and not known durable on both yet. */
  isIntent(region: number): boolean;
  marks(): RegionMarks;
  /** Null when the marks cannot be kept. */
  kept(): MarksStore | null;
  /** Marks regions durably as written on one side; what was owed there has been copied, and is so no more. */
  recordWrite(runs: readonly RegionRun[], side: "primary" | "secondary"): Promise<void>;
  /** Null when all of it has still to be copied, so that the secondary need not have it now. */
  enter(runs: readonly RegionRun[]): Promise<IntentTicket | null>;
  exit(ticket: IntentTicket, primaryFailed: boolean): void;
  /** These regions, which were pending or owed, are the same on both sides now. */
  copied(regions: readonly number[]): void;
  intentCount(): number;
  /** Flushes both sides, and clears what is known durable on both. False when the primary could not be flushed. */
  settle(keep?: number): Promise<boolean>;
  /** An event of the table that needs no answer before it is durable. */
  happened(event: Exclude<PairEvent, "failed" | "marks-lost">): void;
  /** The other side failed: resolves when that is durable. */
  suspend(reason: string): Promise<void>;
  /** Resolves when a suspension, if any, is durable. */
  ensureSaved(): Promise<void>;
  /** Takes a new record, and marks if they are new, after it was saved. */
  adopt(record: PairRecord, kept?: MarksStore): void;
  /** Calls back at each change of phase and of what is left to copy. */
  onChange(listener: () => void): () => void;
  /** Stops its timer; settles no more by itself. */
  close(): void;
}

export interface MirrorOptions {
  readonly record: PairRecord;
  readonly primary: DurableBlockStore;
  readonly secondary: DurableBlockStore;
  readonly marks: RegionMarks;
  readonly kept: MarksStore | null;
  /** Saves a record atomically; saves take effect in the order of the calls. */
  readonly save: (record: PairRecord) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

export function createMirror(options: MirrorOptions): Mirror {
  const { primary, secondary, save, clock, log } = options;
  let { record, marks, kept } = options;
  const name = `${record.primary}/${record.secondary}`;
  let turn = 0;
  let uses = 0;
  let isUnsaved = false;
  let settling: Promise<boolean> | null = null;
  let isClosed = false;
  let cancelTimer: (() => void) | null = null;
  const intents = new Map<number, Intent>();
  const listeners = new Set<() => void>();

  const current = (): PairRecord => ({ ...record, differsPlane: marks.differsPlane });
  const announce = (): void => {
    for (const listener of [...listeners]) listener();
  };
  const enterPhase = (next: Partial<PairRecord>): void => {
    turn++;
    record = { ...record, ...next };
    // What was an intent is marked on disk, and is judged by its mark from now on.
    intents.clear();
  };
  const ensureSaved = async (): Promise<void> => {
    if (!isUnsaved) return;
    const savedTurn = turn;
    await save(current());
    if (turn === savedTurn) isUnsaved = false;
  };
  const fail = async (reason: string, lost: boolean): Promise<void> => {
    const phase = phaseAfter(record.phase, "failed");
    if (phase !== record.phase || (lost && !record.marksLost)) {
      enterPhase({ phase, reason, marksLost: record.marksLost || lost });
      isUnsaved = true;
      log.warn({ pair: name, phase, reason }, `pair ${name} is ${describePhase(phase)}: ${reason}`);
      announce();
    }
    await ensureSaved();
  };
  const loseMarks = (error: unknown): Promise<void> => {
    kept = null;
    const done = fail(`the marks of its regions cannot be kept (${reasonOf(error)}): all of it will be copied`, true);
    // What is still owed to P lies on S alone: that knowledge is all that keeps P from showing other bytes.
    if (record.phase !== "restore-suspended") marks.fill("differs");
    return done;
  };
  const storeRuns = async (runs: readonly RegionRun[]): Promise<void> => {
    try {
      for (const run of runs) if (kept?.isStored(run) === false) await kept.store(run);
    } catch (error) {
      await loseMarks(error);
    }
  };
  /** Changes marks where they are not so yet. */
  const remark = (runs: readonly RegionRun[], change: (region: number) => void): void => {
    for (const { first, end } of runs) {
      for (let region = first; region < end; region++) {
        const before = marks.markOf(region);
        change(region);
        if (marks.markOf(region) !== before) kept?.changed({ first: region, end: region + 1 });
      }
    }
  };

  const clearIdle = (lastUse: number, keep: number): void => {
    let excess = intents.size - keep;
    for (const [region, intent] of intents) {
      if (excess <= 0) break;
      if (intent.active > 0 || intent.lastUse > lastUse) continue;
      intents.delete(region);
      remark([{ first: region, end: region + 1 }], (index) => marks.clear(index));
      excess--;
    }
  };
  const settleOnce = async (keep: number): Promise<boolean> => {
    const [began, lastUse] = [turn, uses];
    const [own, other] = await Promise.allSettled([primary.flush(), secondary.flush()]);
    if (other.status === "rejected") {
      await fail(`the secondary volume failed: ${reasonOf(other.reason)}`, false);
      return false;
    }
    if (turn !== began) return false;
    // The primary's own failure is its hosts' to hear of, at their next flush; the marks stay.
    if (own.status === "rejected") return false;
    clearIdle(lastUse, keep);
    try {
      await kept?.storeAll();
    } catch (error) {
      if (turn === began) await loseMarks(error);
      return false;
    }
    return true;
  };
  const settle = async (keep = 0): Promise<boolean> => {
    if (settling !== null) await settling;
    settling ??= settleOnce(keep).finally(() => {
      settling = null;
    });
    return settling;
  };
  const settleBehind = (keep: number): void => {
    if (settling !== null) return;
    settle(keep).catch((error: unknown) => {
      log.warn({ pair: name, reason: reasonOf(error) }, "a pair's state could not be saved");
    });
  };
  const afterUse = (): void => {
    if (intents.size > intentsMax) settleBehind(intentsKept);
    else if (intents.size > 0 && !isClosed) cancelTimer ??= clock.setTimer(idleSettleMs, settleIfIdle(uses));
  };
  const settleIfIdle = (usesThen: number) => (): void => {
    cancelTimer = null;
    if (uses === usesThen) settleBehind(0);
    else afterUse();
  };
  /** Last used last: `clearIdle` starts with the one that was used longest ago. */
  const touch = (region: number): Intent => {
    const intent = intents.get(region) ?? { active: 0, lastUse: 0 };
    intents.delete(region);
    intents.set(region, intent);
    intent.lastUse = ++uses;
    return intent;
  };
  const happened: Mirror["happened"] = (event) => {
    const phase = phaseAfter(record.phase, event);
    if (phase === record.phase) return;
    const isDone = event === "copied";
    turn++;
    record = { ...record, phase, reason: isDone ? null : record.reason };
    log.info({ pair: name, phase }, `pair ${name} is ${describePhase(phase)}`);
    // The record may be behind: what it says then is only more to copy, and the marks say how little that is.
    save(current()).catch((error: unknown) => {
      log.warn({ pair: name, reason: reasonOf(error) }, "a pair's state could not be saved");
    });
    announce();
  };
  /** The regions after one that continues a run of writes; they are the same on both sides, and marked for what comes. */
  const runAhead = (region: number): RegionRun[] => {
    if (intents.has(region) || !intents.has(region - 1)) return [];
    const runs: RegionRun[] = [];
    for (let next = region + 1; next < Math.min(region + regionsAhead, marks.regionCount); next++) {
      if (marks.markOf(next) !== 0) break;
      touch(next);
      runs.push({ first: next, end: next + 1 });
    }
    return runs;
  };
  const pending = (region: number): boolean => marks.differs(region) && !intents.has(region);

  return {
    name,
    volumes: `${record.primary} ${record.secondary}`,
    id: record.id,
    secondaryName: record.secondary,
    secondary,
    record: current,
    phase: () => record.phase,
    rules: () => pairTable[record.phase],
    turn: () => turn,
    pending,
    owed: (region) => marks.owed(region),
    isIntent: (region) => intents.has(region),
    marks: () => marks,
    kept: () => kept,
    async recordWrite(runs, side) {
      remark(runs, (region) => {
        marks.clearOwed(region);
        if (side === "primary") marks.setDiffers(region);
        else marks.setWrittenOnSecondary(region);
      });
      await storeRuns(runs);
    },
    async enter(runs) {
      const entries: [number, Intent][] = [];
      const joining: RegionRun[] = [];
      for (const { first, end } of runs) {
        for (let region = first; region < end; region++) {
          if (!pending(region)) joining.push({ first: region, end: region + 1 });
        }
      }
      if (joining.length === 0) return null;
      const ahead = joining.flatMap(({ first }) => runAhead(first));
      for (const { first: region } of joining) {
        const intent = touch(region);
        intent.active++;
        entries.push([region, intent]);
      }
      const marked = [...joining, ...ahead];
      remark(marked, (region) => marks.setDiffers(region));
      await storeRuns(joining);
      return { entries };
    },
    exit({ entries }, primaryFailed) {
      for (const [region, intent] of entries) {
        intent.active--;
        intent.lastUse = ++uses;
        // The secondary may have what the primary has not: to be copied again.
        if (primaryFailed && intents.get(region) === intent) intents.delete(region);
      }
      if (primaryFailed) happened("diverged");
      afterUse();
    },
    intentCount: () => intents.size,
    copied(regions) {
      for (const region of regions) {
        if (marks.owed(region)) remark([{ first: region, end: region + 1 }], (index) => marks.clearOwed(index));
        else touch(region);
      }
      if (intents.size > intentsMax) settleBehind(intentsKept);
      announce();
    },
    settle,
    happened,
    suspend: (reason) => fail(reason, false),
    ensureSaved,
    adopt(next, keptNow) {
      enterPhase(next);
      isUnsaved = false;
      if (keptNow !== undefined) {
        kept = keptNow;
        marks = keptNow.marks;
      }
      if (marks.differsPlane !== next.differsPlane) marks.swapPlanes();
      announce();
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      isClosed = true;
      cancelTimer?.();
    },
  };
}
