/**
 * Which records a journal holds: sequence, size, checksum and place of each, in 24 bytes. It makes `first`, `last` and
 * `usage` exact at once, and tells a read what it must find, so that a record that vanished cannot go unnoticed.
 *
 *     base              live                    end
 *      | trimmed, still  | held                  |
 *      | in the medium   |                       |
 *
 * Sequences ascend from base to end. An 8 GiB journal full of 4 KiB records takes 48 MiB here.
 */
import assert from "node:assert/strict";

export interface IndexedRecord {
  readonly sequence: number;
  readonly bytes: number;
  readonly crc: number;
  /** Its position in the ring; `inDatabase` when it is there, or not stored yet. */
  readonly place: number;
}

export const inDatabase = -1;

export interface RecordIndex {
  push(sequence: number, bytes: number, crc: number): void;
  /** Some records lie in the ring: ascending sequences, of which some may have been forgotten, and their positions. */
  place(sequences: readonly number[], positions: readonly number[]): void;
  /** Forgets all records above `sequence`; returns the sequences of those that may be in the database, trimmed or not. */
  cutAfter(sequence: number): number[];
  /** Stops holding records up to `sequence`; they wait to be deleted. */
  trimThrough(sequence: number): void;
  /**
   * Forgets up to `max` trimmed records, none above `limit`, for good; returns the sequences of those that are now to be
   * deleted from the database.
   */
  takeTrimmed(max: number, limit: number): number[];
  /** The trimmed records that wait to be deleted. */
  trimmedCount(): number;
  /** The lowest and highest sequence held, 0 when there is none. */
  first(): number;
  last(): number;
  /** The lowest sequence that is still in the medium, Infinity when there is none. */
  oldestStored(): number;
  /** The highest one, 0 when there is none. */
  newestStored(): number;
  usedBytes(): number;
  /** Held records from `from` to `through`, up to `maxCount`, ending with the one that reaches `maxBytes`. */
  page(options: PageOptions): IndexedRecord[];
}

interface PageOptions {
  readonly from: number;
  readonly through: number;
  readonly maxBytes: number;
  readonly maxCount: number;
}

export function createRecordIndex(): RecordIndex {
  let sequences = new Float64Array(1024);
  let sizes = new Uint32Array(1024);
  let crcs = new Uint32Array(1024);
  let places = new Float64Array(1024);
  let [base, live, end] = [0, 0, 0];
  let usedBytes = 0;

  const sequenceAt = (position: number): number => sequences[position] ?? 0;
  const sizeAt = (position: number): number => sizes[position] ?? 0;

  /** Moves what is left to the front, into arrays twice as large if they are more than half full. */
  const makeRoom = (): void => {
    const capacity = (end - base) * 2 > sequences.length ? sequences.length * 2 : sequences.length;
    const move = <T extends Float64Array | Uint32Array>(from: T, to: T): T => {
      to.set(from.subarray(base, end));
      return to;
    };
    sequences = move(sequences, new Float64Array(capacity));
    sizes = move(sizes, new Uint32Array(capacity));
    crcs = move(crcs, new Uint32Array(capacity));
    places = move(places, new Float64Array(capacity));
    [base, live, end] = [0, live - base, end - base];
  };

  /** The first position at or after `low` whose sequence is at least `sequence`. */
  const search = (sequence: number, start: number): number => {
    let [low, high] = [start, end];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sequenceAt(middle) < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  const inDatabaseFrom = (start: number, stop: number): number[] => {
    const found: number[] = [];
    for (let position = start; position < stop; position++) {
      if (places[position] === inDatabase) found.push(sequenceAt(position));
    }
    return found;
  };

  return {
    push(sequence, bytes, crc) {
      assert(end === base || sequence > sequenceAt(end - 1), "sequences ascend");
      if (end === sequences.length) makeRoom();
      sequences[end] = sequence;
      sizes[end] = bytes;
      crcs[end] = crc;
      places[end] = inDatabase;
      end += 1;
      usedBytes += bytes;
    },
    place(wanted, positions) {
      let at = search(wanted[0] ?? 0, base);
      wanted.forEach((sequence, order) => {
        if (at >= end || sequenceAt(at) !== sequence) at = search(sequence, base);
        if (at < end && sequenceAt(at) === sequence) places[at++] = positions[order] ?? inDatabase;
      });
    },
    cutAfter(sequence) {
      const keep = search(sequence + 1, base);
      for (let position = Math.max(keep, live); position < end; position++) usedBytes -= sizeAt(position);
      const cut = inDatabaseFrom(keep, end);
      end = keep;
      live = Math.min(live, end);
      return cut;
    },
    trimThrough(sequence) {
      for (; live < end && sequenceAt(live) <= sequence; live++) usedBytes -= sizeAt(live);
    },
    takeTrimmed(max, limit) {
      const stop = Math.min(live, base + max, search(limit + 1, base));
      const taken = inDatabaseFrom(base, stop);
      base = stop;
      return taken;
    },
    trimmedCount: () => live - base,
    first: () => (live < end ? sequenceAt(live) : 0),
    last: () => (live < end ? sequenceAt(end - 1) : 0),
    oldestStored: () => (base < end ? sequenceAt(base) : Infinity),
    newestStored: () => (base < end ? sequenceAt(end - 1) : 0),
    usedBytes: () => usedBytes,
    page({ from, through, maxBytes, maxCount }) {
      const page: IndexedRecord[] = [];
      let bytes = 0;
      for (let position = search(from, live); position < end; position++) {
        const sequence = sequenceAt(position);
        if (sequence > through || page.length === maxCount || bytes >= maxBytes) break;
        const [crc, place] = [crcs[position] ?? 0, places[position] ?? inDatabase];
        page.push({ sequence, bytes: sizeAt(position), crc, place });
        bytes += sizeAt(position);
      }
      return page;
    },
  };
}
