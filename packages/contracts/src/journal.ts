/**
 * The journal port (PROTOCOL 7): for one group on one node, a durable, sequence-ordered list of records and a small
 * durable map of *marks* (watermarks, epochs, intents, cursors), both changed by one atomic commit.
 *
 * Rules every adapter keeps, checked by the conformance suite in `@waystation/journal`:
 * - `commit` resolves only when the change survives power loss (synced). Commits become durable in call order: when
 *   one has resolved, all earlier ones are durable. Commits that wait together share one sync (group commit).
 * - After a crash the journal holds every commit that had resolved, whole, and possibly later ones, each whole, as a
 *   prefix of the call order. A record or a mark is never seen without the rest of its commit.
 * - `read` sees every commit that was called before it, whether durable or not: callers that must act on durable
 *   records only (the relay's shipping) ask for no more than they know to be durable.
 */
import type { GroupName, OriginNumber, Sequence, VolumeName } from "./ids.js";

/**
 * What a record does to its volume. `discard` reads as zeros afterwards, at both ends (PROTOCOL 11). `copy` is what the
 * primary's array held when a copy or resync came by: no host wrote it (PROTOCOL 9).
 */
export type RecordKind = "write" | "zero" | "discard" | "copy";

/** Whether a record of this kind carries the bytes that it puts in place; the others make zeros. */
export function hasPayload(kind: RecordKind): boolean {
  return kind === "write" || kind === "copy";
}

/** One stamped write of a group. */
export interface JournalRecord {
  readonly sequence: Sequence;
  readonly volume: VolumeName;
  readonly origin: OriginNumber;
  /** The epoch number under which it was stamped. */
  readonly epoch: number;
  readonly kind: RecordKind;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** When the host issued it, by the primary's wall clock (ms since 1970). For showing only. */
  readonly hostTimeMs: number;
  /** `lengthBytes` bytes for `write` and `copy`, empty otherwise. Not to be changed by anyone. */
  readonly payload: Uint8Array;
}

/** Marks are small JSON values: they are read rarely and by people in trouble. */
export type MarkValue = string | number | boolean | null | readonly MarkValue[] | { readonly [key: string]: MarkValue };

/** One atomic, durable change. Empty parts may be left out. */
export interface JournalCommit {
  /** In ascending sequence, each above the last record that the journal holds. Gaps are legal (a secondary's share). */
  readonly records?: readonly JournalRecord[];
  /** Marks to set; `undefined` deletes the key. */
  readonly marks?: ReadonlyMap<string, MarkValue | undefined>;
  /** Deletes every record above this number, before `records` are added (a takeover's cut, PROTOCOL 3.3). */
  readonly cutAfter?: Sequence;
}

export interface JournalReadOptions {
  /** First sequence number wanted, inclusive. */
  readonly from: Sequence;
  /** Last sequence number wanted, inclusive. */
  readonly through: Sequence;
  /** Only records of these volumes; all when absent. */
  readonly volumes?: ReadonlySet<VolumeName>;
  /** Stop after the record that reaches this many payload bytes. At least one record is returned if there is one. */
  readonly maxBytes: number;
}

export interface JournalReadResult {
  readonly records: readonly JournalRecord[];
  /** Everything up to here, inclusive, was looked at: `through`, or less when `maxBytes` cut the read short. */
  readonly completeThrough: Sequence;
}

export interface JournalUsage {
  /** Bytes of records not yet trimmed, headers included: the figure that `capacityBytes` limits. */
  readonly usedBytes: number;
  readonly capacityBytes: number;
}

/** A journal, open. One user at a time: a second opener is refused with `JOURNAL_LOCKED`. */
export interface Journal {
  readonly group: GroupName;
  /** The lowest and highest sequence numbers held (`noSequence` when empty), as of the last commit called. */
  first(): Sequence;
  last(): Sequence;
  usage(): JournalUsage;
  /** All marks as of the last commit called. The map must not be changed. */
  marks(): ReadonlyMap<string, MarkValue>;
  /** See the rules above. Rejects with `JOURNAL_FAILED` when the medium fails; the journal is then dead for good. */
  commit(change: JournalCommit): Promise<void>;
  read(options: JournalReadOptions): Promise<JournalReadResult>;
  /**
   * Forgets records up to `sequence`, inclusive. Durable at some later time: after a crash trimmed records may be
   * back. `usage` goes down at once.
   */
  trimThrough(sequence: Sequence): void;
  close(): Promise<void>;
}

/** What one record counts for in `usage`: payload plus a fixed allowance for its header. */
export const recordOverheadBytes = 96;

export function recordBytes(record: JournalRecord): number {
  return recordOverheadBytes + record.payload.length;
}
