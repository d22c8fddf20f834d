/**
 * Stores in a secondary's volumes what lies below the apply gate (PROTOCOL 3.3), span by span:
 *
 *     applying = S, durable -> records up to S stored in order, array-durable -> applied = S, durable -> told, trimmed
 *
 * `applying` is durable before the first record above `applied` touches a volume: after a crash the volumes may hold any
 * part of that span, so it is applied to its end before anyone may read them. In a copy run each batch of records first
 * waits until what it overwrites is kept (pre-images.ts).
 */
import assert from "node:assert/strict";
import type { Failure } from "@waystation/contracts/errors";
import type { Desk } from "./effects.js";
import { limits } from "./limits.js";
import { markNames, readSequence, type Marks } from "./marks.js";
import { storeRecords } from "./store-records.js";
import type { JournalRecord, Sequence } from "./vocabulary.js";

export interface Applier {
  gate(): Sequence;
  /** How far the volumes may have come, as a crash would find them. */
  applying(): Sequence;
  applied(): Sequence;
  /** True once the array or what the pre-images need has failed: nothing is applied any more until a restart. */
  failed(): string;
  setGate(sequence: Sequence): void;
  drain(): void;
  /** Calls back once everything up to here is applied; the gate must be there, or come. */
  whenApplied(sequence: Sequence, then: () => void): void;
  /** Begins no further batch; calls back once none is under way. `goOn` or `resumeAt` lets it go on. */
  halt(then: () => void): void;
  goOn(): void;
  /** The volumes hold exactly this now, durably: the marks say so already. */
  resumeAt(sequence: Sequence): void;
}

export interface ApplierOptions {
  readonly desk: Desk;
  readonly marks: Marks;
  /** Lets what the records overwrite be kept first; then calls back. */
  readonly beforeStore: (records: readonly JournalRecord[], then: (failure: Failure | null) => void) => void;
  /** True while `beforeStore` waits for something that may never come: then nothing is under way. */
  readonly isStuck: () => boolean;
  readonly onApplied: (sequence: Sequence) => void;
  /** How many records the node had of a span when it validated it; null when nobody knows any more. */
  readonly expected: (after: Sequence, through: Sequence) => number | null;
  /** The journal lost some of them since: the volumes lack them, and are of no one number. */
  readonly onLost: (what: string) => void;
}

export function createApplier(options: ApplierOptions): Applier {
  const { desk } = options;
  let applied = readSequence(options.marks, markNames.applied);
  let applying = readSequence(options.marks, markNames.applying);
  let gate = applying;
  let busy = false;
  let failure = "";
  /** Nothing is applied any more until the volumes are copied anew. */
  let lost = "";
  let waiting: { readonly sequence: Sequence; readonly then: () => void }[] = [];
  let halting: (() => void) | null = null;
  let halted = false;

  const rest = (): void => {
    busy = false;
    const then = halting;
    halting = null;
    if (then === null) return applyMore();
    halted = true;
    then();
  };

  const fail = (what: string): void => {
    // `applied` stays where it is: what was stored is stored again once the array is repaired and the node starts.
    failure = what;
    desk.log("error", what);
  };

  const isIdle = (): boolean => !busy && !halted && lost === "";

  /** Stores the next span below the gate: names it durably, stores it in order, then says that it is done. */
  const applyMore = (): void => {
    if (!isIdle()) return;
    const reached = waiting.filter(({ sequence }) => applied >= sequence);
    waiting = waiting.filter(({ sequence }) => applied < sequence);
    for (const { then } of reached) then();
    if (!isIdle() || (applied >= gate && applying === applied)) return;
    busy = true;
    const target = applying > applied ? applying : gate;
    if (target === applying) return applySpan(applied, target, 0);
    desk.commit({ marks: new Map([[markNames.applying, target]]) }, () => {
      applying = target;
      applySpan(applied, target, 0);
    });
  };

  /** `before`: how many records of the span are stored. */
  const applySpan = (after: Sequence, target: Sequence, before: number): void => {
    if (halting !== null) return rest();
    const from = (after + 1) as Sequence;
    desk.readJournal({ from, through: target, maxBytes: limits.applyBatchBytes }, ({ records, completeThrough }) => {
      options.beforeStore(records, (unread) => {
        if (unread !== null) return fail(`what is to be overwritten could not be read: ${unread.message}`);
        storeRecords(desk, records, (unstored, volume) => {
          if (unstored !== null) return fail(`the array of ${volume ?? "?"} failed: ${unstored.message}`);
          const stored = before + records.length;
          if (completeThrough < target) return applySpan(completeThrough, target, stored);
          endSpan(target, stored);
        });
      });
    });
  };

  const endSpan = (target: Sequence, stored: number): void => {
    const expected = options.expected(applied, target);
    if (expected !== null && expected !== stored) {
      lost = `the journal gave back ${stored} of ${expected} records above ${applied} and up to ${target}, which were validated`;
      desk.log("error", lost);
      options.onLost(lost);
      return rest();
    }
    desk.commit({ marks: new Map([[markNames.applied, target]]) }, () => {
      applied = target;
      desk.trim(target);
      options.onApplied(target);
      rest();
    });
  };

  return {
    gate: () => gate,
    applying: () => applying,
    applied: () => applied,
    failed: () => failure || lost,
    setGate(sequence) {
      gate = sequence;
    },
    drain() {
      if (halting !== null && options.isStuck()) return rest();
      applyMore();
    },
    whenApplied(sequence, then) {
      waiting.push({ sequence, then });
      applyMore();
    },
    halt(then) {
      if (!busy) {
        halted = true;
        return then();
      }
      halting = then;
    },
    goOn() {
      halted = false;
    },
    resumeAt(sequence) {
      assert(halted && !busy, "volumes change under the applier's hands");
      halted = false;
      lost = "";
      applied = sequence;
      applying = sequence;
      gate = sequence;
      desk.trim(sequence);
    },
  };
}
