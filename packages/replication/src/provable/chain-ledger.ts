/**
 * The chains of a group at one node (E4, PROTOCOL 8): its volumes' heads, the points that were settled, and what of both
 * is durable. The relay's holds all volumes and commits to them at each point; a secondary's holds its own and checks
 * that they are what the relay committed to (chain-follower.ts).
 *
 * Records come in as they become durable. What the history has no room for, and what lies above the last point after a
 * restart, is read from the journal again: so a record that the journal lost makes another head, and is noticed.
 */
import { createHeadHistory, type HeadsAt, type RecordSpan } from "./head-history.js";
import { anchorOf, readPoint, storePoint, type ChainOrigin, type SettledRoot } from "./chain-marks.js";
import type { Digest } from "./digest.js";
import type { JournalDesk } from "../effects.js";
import type { Marks } from "../marks.js";
import type { MarkValue, Sequence, VolumeName } from "../vocabulary.js";

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
  /** Durable records, as they come. */
  take(span: RecordSpan): void;
  /** Reads what is missing up to `durable`, one read at a time. */
  catchUp(durable: Sequence): void;
  /** A copy run begins above `sequence`: so do the chains. Repeated, it changes nothing. */
  beginRun(sequence: Sequence): void;
  at(sequence: Sequence): HeadsAt;
  /** The point is settled: what to commit with the counter that says so. */
  settle(sequence: Sequence, root: Digest): ReadonlyMap<string, MarkValue>;
  /** The points that are still known, the oldest first. */
  roots(): readonly SettledRoot[];
}

export interface ChainLedgerOptions {
  readonly desk: Pick<JournalDesk, "readJournal">;
  readonly marks: Marks;
  readonly origin: ChainOrigin;
  readonly volumes: readonly VolumeName[];
  /** Told of each span that was read again, before its records are taken. */
  readonly inspect?: (span: RecordSpan) => void;
}

export function createChainLedger({ desk, marks, origin, volumes, inspect }: ChainLedgerOptions): ChainLedger {
  let stored = readPoint(marks, origin, volumes);
  const history = createHeadHistory({ from: stored.from, entriesMax: recordsMax });
  let reading = false;

  return {
    through: () => history.through(),
    settled: () => history.settled(),
    take: (span) => history.take(span),
    catchUp(durable) {
      if (reading || history.isFull() || history.through() >= durable) return;
      reading = true;
      const after = history.through();
      const from = (after + 1) as Sequence;
      desk.readJournal({ from, through: durable, maxBytes: readBytesMax }, ({ records, completeThrough }) => {
        reading = false;
        const span = { after, through: completeThrough, records };
        inspect?.(span);
        history.take(span);
      });
    },
    beginRun: (sequence) => history.anchor(anchorOf(origin, "copy-run", sequence)),
    at: (sequence) => history.at(sequence),
    settle(sequence, root) {
      const point = storePoint(stored, history.at(sequence), root);
      stored = point.stored;
      history.settle(sequence);
      return point.marks;
    },
    roots: () => stored.roots,
  };
}
