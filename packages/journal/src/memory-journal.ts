/**
 * A journal in memory, for tests and simulations. Its medium behaves like a disk at its worst: commits become durable
 * only when a sync ends, what waits together shares one, and a crash keeps what had resolved and, of the rest, a prefix
 * of the call order. Time is the injected clock's, so a run is as deterministic as its clock and its random numbers.
 */
import type { Clock } from "@waystation/contracts/clock";
import type { Failure } from "@waystation/contracts/errors";
import { noSequence, type GroupName } from "@waystation/contracts/ids";
import {
  recordBytes,
  type Journal,
  type JournalCommit,
  type JournalReadOptions,
  type JournalRecord,
  type MarkValue,
} from "@waystation/contracts/journal";
import type { Random } from "@waystation/contracts/random";
import { assertCommit, highestAfter } from "./commit-rules.js";
import { journalFailure } from "./errors.js";
import { createGathering } from "./reading.js";
import { createRecordList, type RecordList } from "./record-list.js";

export interface MemoryJournalOptions {
  readonly group: GroupName;
  readonly clock: Pick<Clock, "setTimer">;
  readonly capacityBytes?: number;
  /** How long a sync of so many bytes of records takes; 0 when left out. */
  readonly syncMs?: (bytes: number) => number;
  /** How long a read takes; 0 when left out. */
  readonly readMs?: () => number;
}

/** What outlives a crash. */
export interface MemoryJournalMedium {
  /** Rejects with `JOURNAL_LOCKED` while it is open. */
  open(): Promise<Journal>;
  /**
   * Power loss. The open journal is dead: none of its promises settles any more. Commits that had not been synced
   * are dropped; with `random`, a random prefix of them survives, and so may the last trim.
   */
  crash(random?: Random): void;
}

/** One state of the journal: the durable one, or the one that the user sees. */
interface Contents {
  readonly records: RecordList<JournalRecord>;
  /** Marks as JSON: what is durable must not change with the caller's object. */
  readonly marks: Map<string, string>;
  trimmedThrough: number;
  /** The number that the next record must exceed (`assertCommit`). */
  highest: number;
}

interface Waiting {
  readonly change: JournalCommit;
  readonly marks: readonly (readonly [string, string | undefined])[];
  readonly bytes: number;
  readonly resolve: () => void;
}

const defaultCapacityBytes = 8 * 2 ** 30;

export function createMemoryJournal(options: MemoryJournalOptions): MemoryJournalMedium {
  const durable: Contents = { records: createRecordList(recordBytes), marks: new Map(), trimmedThrough: 0, highest: 0 };
  let user: { readonly waiting: Waiting[]; readonly seen: Contents } | null = null;

  const persist = (entries: readonly Waiting[]): void => {
    for (const { change, marks } of entries) {
      applyRecords(durable, change);
      for (const [name, text] of marks) {
        if (text === undefined) durable.marks.delete(name);
        else durable.marks.set(name, text);
      }
    }
  };

  /** A trim is not applied ahead of the commits before it: it may speak of numbers that a waiting cut frees. */
  const persistTrim = ({ waiting, seen }: NonNullable<typeof user>): void => {
    if (waiting.some((entry) => entry.change.cutAfter !== undefined)) return;
    applyTrim(durable, Math.min(seen.trimmedThrough, durable.highest));
  };

  return {
    open() {
      if (user !== null) {
        return Promise.reject(journalFailure("JOURNAL_LOCKED", `the journal of ${options.group} is already open`));
      }
      const seen: Contents = { ...durable, records: durable.records.copy(), marks: new Map(durable.marks) };
      const self = { waiting: [] as Waiting[], seen };
      user = self;
      return Promise.resolve(
        openContents(options, self, {
          alive: () => user === self,
          persist(entries) {
            persist(entries);
            persistTrim(self);
          },
          release: () => (user = null),
        }),
      );
    },
    crash(random) {
      if (user !== null && random !== undefined) {
        persist(user.waiting.splice(0, random.below(user.waiting.length + 1)));
        if (random.chance(0.5)) persistTrim(user);
      }
      user = null;
    },
  };
}

interface Medium {
  alive(): boolean;
  persist(entries: readonly Waiting[]): void;
  release(): void;
}

function openContents(
  options: MemoryJournalOptions,
  { waiting, seen }: { readonly waiting: Waiting[]; readonly seen: Contents },
  medium: Medium,
): Journal {
  const marks = new Map([...seen.marks].map(([name, text]) => [name, JSON.parse(text) as MarkValue]));
  let syncing = false;
  let closed = false;
  let closing: (() => void) | null = null;

  const later = (delayMs: number, callback: () => void): void => {
    options.clock.setTimer(delayMs, () => {
      if (medium.alive()) callback();
    });
  };

  const sync = (): void => {
    if (syncing) return;
    if (waiting.length === 0) {
      closing?.();
      return;
    }
    syncing = true;
    const covered = waiting.length;
    const bytes = waiting.reduce((sum, entry) => sum + entry.bytes, 0);
    later(options.syncMs?.(bytes) ?? 0, () => {
      syncing = false;
      const done = waiting.splice(0, covered);
      medium.persist(done);
      for (const entry of done) entry.resolve();
      sync();
    });
  };

  return {
    group: options.group,
    first: () => seen.records.first()?.sequence ?? noSequence,
    last: () => seen.records.last()?.sequence ?? noSequence,
    usage: () => ({
      usedBytes: seen.records.bytes(),
      capacityBytes: options.capacityBytes ?? defaultCapacityBytes,
    }),
    marks: () => marks,
    commit(change) {
      if (closed) return Promise.reject(closedFailure(options.group));
      if (!medium.alive()) return new Promise(() => {});
      assertCommit(change, seen.highest);
      applyRecords(seen, change);
      const texts = [...(change.marks ?? [])].map(([name, value]) => {
        if (value === undefined) marks.delete(name);
        else marks.set(name, value);
        return [name, value === undefined ? undefined : JSON.stringify(value)] as const;
      });
      const bytes = (change.records ?? []).reduce((sum, record) => sum + recordBytes(record), 0);
      return new Promise((resolve) => {
        waiting.push({ change, marks: texts, bytes, resolve });
        sync();
      });
    },
    read(wanted) {
      if (closed) return Promise.reject(closedFailure(options.group));
      const result = readRecords(seen.records, wanted);
      return new Promise((resolve) => {
        later(options.readMs?.() ?? 0, () => resolve(result));
      });
    },
    trimThrough(sequence) {
      applyTrim(seen, Math.min(sequence, seen.highest));
    },
    async close() {
      if (closed || !medium.alive()) return;
      closed = true;
      await new Promise<void>((resolve) => {
        closing = resolve;
        sync();
      });
      medium.release();
    },
  };
}

function closedFailure(group: GroupName): Failure {
  return journalFailure("JOURNAL_FAILED", `the journal of ${group} is closed`);
}

function applyRecords(contents: Contents, change: JournalCommit): void {
  if (change.cutAfter !== undefined) {
    contents.records.cutAfter(change.cutAfter);
    contents.trimmedThrough = Math.min(contents.trimmedThrough, change.cutAfter);
  }
  for (const record of change.records ?? []) contents.records.push(record);
  contents.highest = highestAfter(change, contents.highest);
}

function applyTrim(contents: Contents, sequence: number): void {
  contents.trimmedThrough = Math.max(contents.trimmedThrough, sequence);
  contents.records.dropThrough(contents.trimmedThrough);
}

function readRecords(records: RecordList<JournalRecord>, options: JournalReadOptions) {
  const gathering = createGathering(options);
  for (const record of records.from(options.from)) {
    if (record.sequence > options.through || gathering.add(record)) break;
  }
  return gathering.result();
}
