/**
 * The chains of a group at one node (E4, PROTOCOL 8): its volumes' heads, the points that were settled, and what of both
 * is durable. The relay's holds all volumes and commits to them at each point (chain-author.ts); a secondary's holds its
 * own and checks that they are what the relay committed to (chain-follower.ts).
 *
 * Records come in as they become durable. What the history has no room for, and what lies above the last point after a
 * restart, is read from the journal again: so a record that the journal lost makes another head, and is noticed.
 */
import {
  anchorOf,
  jumpedTo,
  readPoint,
  storePoint,
  type ChainOrigin,
  type SettledRoot,
  type StoredPoint,
} from "./chain-marks.js";
import type { Heads } from "./commitment.js";
import type { Digest } from "./digest.js";
import { createHeadHistory, type HeadHistory, type RecordSpan } from "./head-history.js";
import type { JournalDesk } from "../effects.js";
import type { Marks } from "../marks.js";
import type { JournalRecord, MarkValue, Sequence, VolumeName } from "../vocabulary.js";

/**
 * Records between the last settled point and the next: 44 bytes each. No point is further from the one before, and a
 * secondary, which has a share of the records, has room for its share.
 */
const recordsMax = 65_536;
/** What is read from the journal at once, to catch up. */
const readBytesMax = 1024 * 1024;

export interface ChainLedger {
  /** Every durable record up to here is in the heads: no point may lie beyond. */
  through(): Sequence;
  /** The last settled point, or where the chains began. */
  settled(): Sequence;
  /** False when the heads there are not known, and no anchor has been named since. */
  isKnown(): boolean;
  /** Durable records, as they come. */
  take(span: RecordSpan): void;
  /** Reads what is missing up to `durable`, one read at a time. */
  catchUp(durable: Sequence): void;
  /**
   * The chains begin anew above these numbers, ascending; those below the last settled point are past. Where the heads
   * went another way already, everything from the last point on is read again.
   */
  anchorAt(sequences: readonly Sequence[]): void;
  /** The node goes on above `sequence` without the records below: heads are known again once anchors are named. */
  jumpTo(sequence: Sequence): void;
  at(sequence: Sequence): Heads;
  /** The point is settled: what to commit with the counter that says so. */
  settle(sequence: Sequence, root: Digest): ReadonlyMap<string, MarkValue>;
  /** How many records lie above one point and up to another; null when one of them is not known any more. */
  recordsBetween(after: Sequence, through: Sequence): number | null;
  /** The points that are still known, the oldest first. */
  roots(): readonly SettledRoot[];
}

export interface ChainLedgerOptions {
  readonly desk: Pick<JournalDesk, "readJournal">;
  readonly marks: Marks;
  readonly origin: ChainOrigin;
  readonly volumes: readonly VolumeName[];
  /** The durable counter that points are settled with: `valid` or `validated`. */
  readonly counter: Sequence;
  /** Where every number has its record: told of the first one that was not found where it was read again. */
  readonly onMissing?: (sequence: Sequence) => void;
}

export function createChainLedger(options: ChainLedgerOptions): ChainLedger {
  const { desk, origin } = options;
  let stored = readPoint(options);
  let anchors: readonly Sequence[] = [];
  /** Replaced, never rewound: what is read for an older one is dropped with it. */
  const historyFrom = ({ from, roots }: StoredPoint): HeadHistory =>
    createHeadHistory({ from, records: roots.at(-1)?.records ?? 0, entriesMax: recordsMax });
  let history = historyFrom(stored);
  let reading = false;

  const ahead = (sequences: readonly Sequence[]): Sequence[] =>
    sequences.filter((sequence) => sequence >= stored.from.sequence);

  const noteMissing = (records: readonly JournalRecord[], after: Sequence, through: Sequence): void => {
    let next = after + 1;
    for (const { sequence } of records) if (sequence === next) next += 1;
    if (next <= through) options.onMissing?.(next as Sequence);
  };

  return {
    through: () => history.through(),
    settled: () => stored.from.sequence,
    isKnown: () => stored.known || anchors.length > 0,
    take: (span) => history.take(span),
    catchUp(durable) {
      if (reading || history.isFull() || history.through() >= durable) return;
      reading = true;
      const target = history;
      const after = target.through();
      const from = (after + 1) as Sequence;
      desk.readJournal({ from, through: durable, maxBytes: readBytesMax }, ({ records, completeThrough }) => {
        reading = false;
        noteMissing(records, after, completeThrough);
        target.take({ after, through: completeThrough, records });
      });
    },
    anchorAt(sequences) {
      const [known, wanted] = [ahead(anchors), ahead(sequences)];
      anchors = wanted;
      const fresh = wanted.slice(known.length);
      const goesOn = known.every((sequence, index) => sequence === wanted[index]);
      const inTime = goesOn && fresh.every((sequence) => sequence >= history.through());
      if (!inTime) history = historyFrom(stored);
      for (const sequence of inTime ? fresh : wanted) history.anchor(anchorOf(origin, "resync", sequence));
    },
    jumpTo(sequence) {
      stored = jumpedTo(sequence, stored);
      anchors = [];
      history = historyFrom(stored);
    },
    at: (sequence) => history.at(sequence),
    settle(sequence, root) {
      const point = storePoint(stored, {
        ...{ sequence, root, origin },
        heads: history.at(sequence),
        records: history.recordsAt(sequence),
      });
      stored = point.stored;
      history.settle(sequence);
      return point.marks;
    },
    recordsBetween(after, through) {
      const [low, high] = [after, through].map((at) => stored.roots.find(({ sequence }) => sequence === at));
      return low === undefined || high === undefined ? null : high.records - low.records;
    },
    roots: () => stored.roots,
  };
}
