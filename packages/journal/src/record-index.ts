/**
 * Which records a journal holds: sequence, size and checksum of each, in 16 bytes. It makes `first`, `last` and
 * `usage` exact at once, and tells a read what it must find, so that a record that vanished cannot go unnoticed.
 *
 *     base              live                    end
 *      | trimmed, still  | held                  |
 *      | in the medium   |                       |
 *
 * Sequences ascend from base to end. An 8 GiB journal full of 4 KiB records takes 32 MiB here.
 */
import assert from "node:assert/strict";

export interface IndexedRecord {
  readonly sequence: number;
  readonly bytes: number;
  readonly crc: number;
}

export interface RecordIndex {
  push(sequence: number, bytes: number, crc: number): void;
  /** Forgets all records above `sequence`; returns their sequences, trimmed ones that are still in the medium too. */
  cutAfter(sequence: number): number[];
  /** Stops holding records up to `sequence`; they wait to be deleted. */
  trimThrough(sequence: number): void;
  /** Up to `max` trimmed sequences, none above `limit`, that are now to be deleted from the medium. */
  takeTrimmed(max: number, limit: number): number[];
  /** The trimmed records that wait to be deleted. */
  trimmedCount(): number;
  /** The lowest and highest sequence held, 0 when there is none. */
  first(): number;
  last(): number;
  /** The lowest sequence that is still in the medium, Infinity when there is none. */
  oldestStored(): number;
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

  return {
    push(sequence, bytes, crc) {
      assert(end === base || sequence > sequenceAt(end - 1), "sequences ascend");
      if (end === sequences.length) makeRoom();
      sequences[end] = sequence;
      sizes[end] = bytes;
      crcs[end] = crc;
      end += 1;
      usedBytes += bytes;
    },
    cutAfter(sequence) {
      const keep = search(sequence + 1, base);
      for (let position = Math.max(keep, live); position < end; position++) usedBytes -= sizeAt(position);
      const cut = Array.from(sequences.subarray(keep, end));
      end = keep;
      live = Math.min(live, end);
      return cut;
    },
    trimThrough(sequence) {
      for (; live < end && sequenceAt(live) <= sequence; live++) usedBytes -= sizeAt(live);
    },
    takeTrimmed(max, limit) {
      const stop = Math.min(live, base + max, search(limit + 1, base));
      const taken = Array.from(sequences.subarray(base, stop));
      base = stop;
      return taken;
    },
    trimmedCount: () => live - base,
    first: () => (live < end ? sequenceAt(live) : 0),
    last: () => (live < end ? sequenceAt(end - 1) : 0),
    oldestStored: () => (base < end ? sequenceAt(base) : Infinity),
    usedBytes: () => usedBytes,
    page({ from, through, maxBytes, maxCount }) {
      const page: IndexedRecord[] = [];
      let bytes = 0;
      for (let position = search(from, live); position < end; position++) {
        const sequence = sequenceAt(position);
        if (sequence > through || page.length === maxCount || bytes >= maxBytes) break;
        page.push({ sequence, bytes: sizeAt(position), crc: crcs[position] ?? 0 });
        bytes += sizeAt(position);
      }
      return page;
    },
  };
}
