/**
 * The heads of a node's volumes, from the last settled point on: fed with records in order, it gives the heads at any
 * number between that point and the last record, since nobody knows yet which of them the next point will be.
 * Bounded: it keeps a head per record, forgets what lies at or below a settled point, and takes no more when it is full.
 * What it did not take is fed to it again, from the journal; the same after a restart.
 *
 *     settled                             through
 *        |  head  head  head  anchor  head  |          <- one entry per record, and one per anchor of all volumes
 */
import assert from "node:assert/strict";
import { anchorHead, foldRecord, type Anchor } from "./chain.js";
import type { Heads } from "./commitment.js";
import { digestBytes } from "./digest.js";
import type { JournalRecord, Sequence } from "../vocabulary.js";

/** Records of some volumes: all of them above `after`, up to `through`, ascending. */
export interface RecordSpan {
  readonly after: Sequence;
  readonly through: Sequence;
  readonly records: readonly JournalRecord[];
}

/** The heads at a number. */
export interface HeadsAt {
  readonly sequence: Sequence;
  readonly heads: Heads;
}

export interface HeadHistory {
  settled(): Sequence;
  /** Every record up to here is in the heads. */
  through(): Sequence;
  isFull(): boolean;
  /** Takes what follows `through()`, as far as there is room: what is known already and what leaves a gap is left out. */
  take(span: RecordSpan): void;
  /** All chains begin anew with the first number above the anchor's, which is `through()` or higher. */
  anchor(anchor: Anchor): void;
  /** At a number from `settled()` to `through()`. */
  at(sequence: Sequence): Heads;
  /** How many records were taken up to there, from those below `settled()` on. */
  recordsAt(sequence: Sequence): number;
  /** No number below `sequence` is asked for any more. */
  settle(sequence: Sequence): void;
}

export interface HeadHistoryOptions {
  /** What was settled last. */
  readonly from: HeadsAt;
  /** How many records came before. */
  readonly records: number;
  readonly entriesMax: number;
}

/** The place of an anchor's heads in an entry: it has none, they are computed from the anchor. */
const anchorEntry = -1;
const firstCapacity = 256;

export function createHeadHistory({ from, records: before, entriesMax }: HeadHistoryOptions): HeadHistory {
  const names = [...from.heads.keys()];
  const places = new Map(names.map((name, index) => [name, index * digestBytes]));
  const settledHeads = Buffer.concat([...from.heads.values()]);
  const newest = Buffer.from(settledHeads);
  let settled = from.sequence;
  let settledRecords = before;
  let through = from.sequence;
  let ring = newRing(firstCapacity);
  /** Entries ever added and ever forgotten: the ring holds those between. */
  let [added, forgotten] = [0, 0];
  /** Anchors in the ring, and those that the chains have not passed; ascending both. */
  let placed: { readonly entry: number; readonly anchor: Anchor }[] = [];
  const ahead: Anchor[] = [];

  /** A slot for one more entry. */
  const reserve = (): number => {
    if (added - forgotten === ring.capacity) {
      const larger = newRing(ring.capacity * 2);
      for (let entry = forgotten; entry < added; entry++) copyEntry(ring, larger, entry);
      ring = larger;
    }
    added += 1;
    return (added - 1) % ring.capacity;
  };

  const add = (record: JournalRecord): void => {
    const place = places.get(record.volume);
    assert(place !== undefined, `a record of ${record.volume}, which is not among the volumes of this chain`);
    foldRecord(newest, place, record);
    const slot = reserve();
    ring.sequences[slot] = record.sequence;
    ring.places[slot] = place;
    newest.copy(ring.heads, slot * digestBytes, place, place + digestBytes);
  };

  const writeAnchors = (target: Buffer, anchor: Anchor): void => {
    for (const [name, place] of places) anchorHead(anchor, name).copy(target, place);
  };

  /** Goes on to `sequence`, past the anchors below it. */
  const advance = (sequence: Sequence): void => {
    for (let next = ahead[0]; next !== undefined && next.sequence < sequence; next = ahead[0]) {
      ahead.shift();
      const slot = reserve();
      ring.sequences[slot] = next.sequence + 1;
      ring.places[slot] = anchorEntry;
      placed.push({ entry: added - 1, anchor: next });
      writeAnchors(newest, next);
    }
    if (sequence > through) through = sequence;
  };

  /** Brings heads from `settled` up to `sequence`; returns the first entry above. */
  const replay = (heads: Buffer, sequence: Sequence): number => {
    let entry = forgotten;
    for (; entry < added; entry++) {
      const slot = entry % ring.capacity;
      if ((ring.sequences[slot] ?? 0) > sequence) break;
      const place = ring.places[slot] ?? 0;
      if (place !== anchorEntry) ring.heads.copy(heads, place, slot * digestBytes, (slot + 1) * digestBytes);
      else for (const other of placed) if (other.entry === entry) writeAnchors(heads, other.anchor);
    }
    return entry;
  };

  const recordsBefore = (end: number): number =>
    settledRecords + end - forgotten - placed.filter(({ entry }) => entry < end).length;

  return {
    settled: () => settled,
    through: () => through,
    isFull: () => added - forgotten >= entriesMax,
    take(span) {
      if (span.after > through) return;
      for (const record of span.records) {
        if (record.sequence <= through) continue;
        if (added - forgotten >= entriesMax) return;
        advance(record.sequence);
        add(record);
      }
      advance(span.through);
    },
    anchor(anchor) {
      assert(anchor.sequence >= through, `an anchor at ${anchor.sequence}, but the chains have come to ${through}`);
      ahead.push(anchor);
    },
    at(sequence) {
      assert(settled <= sequence && sequence <= through, `the heads at ${sequence} are not known`);
      const found = Buffer.from(settledHeads);
      replay(found, sequence);
      return new Map([...places].map(([name, place]) => [name, found.subarray(place, place + digestBytes)]));
    },
    recordsAt(sequence) {
      assert(settled <= sequence && sequence <= through, `the records at ${sequence} are not known`);
      let end = forgotten;
      while (end < added && (ring.sequences[end % ring.capacity] ?? 0) <= sequence) end += 1;
      return recordsBefore(end);
    },
    settle(sequence) {
      assert(sequence <= through, `a point at ${sequence}, but the chains have come to ${through}`);
      if (sequence <= settled) return;
      const end = replay(settledHeads, sequence);
      settledRecords = recordsBefore(end);
      forgotten = end;
      settled = sequence;
      placed = placed.filter(({ entry }) => entry >= forgotten);
    },
  };
}

interface Ring {
  readonly capacity: number;
  readonly sequences: Float64Array;
  readonly places: Int32Array;
  readonly heads: Buffer;
}

function newRing(capacity: number): Ring {
  return {
    capacity,
    sequences: new Float64Array(capacity),
    places: new Int32Array(capacity),
    heads: Buffer.allocUnsafe(capacity * digestBytes),
  };
}

function copyEntry(from: Ring, to: Ring, entry: number): void {
  const [source, target] = [entry % from.capacity, entry % to.capacity];
  to.sequences[target] = from.sequences[source] ?? 0;
  to.places[target] = from.places[source] ?? 0;
  from.heads.copy(to.heads, target * digestBytes, source * digestBytes, (source + 1) * digestBytes);
}
