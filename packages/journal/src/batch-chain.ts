/**
 * The chain of batches of a LevelDB journal: the number and checksum that the next batch must carry, and for each
 * batch whose index is kept, the highest record that it or an earlier one added. A batch's index may be deleted once
 * that record is gone; the newest is always kept, as the end that the state points at.
 */
import type { JournalState } from "./level-layout.js";

export interface BatchChain {
  lastNumber(): number;
  lastCrc(): number;
  firstNumber(): number;
  /** A batch was written; `lastSequence` is the highest record that it added, null if it added none. */
  append(crc: number, lastSequence: number | null): void;
  /** A batch was found on opening: as `append`, but the state knows the end already. */
  noteBatch(lastSequence: number | null): void;
  /** Records above `sequence` were cut. */
  cutAfter(sequence: number): void;
  /** Takes up to `max` batches that hold nothing from `oldestStored` on; their indexes are now to be deleted. */
  takeEmpty(oldestStored: number, max: number): number[];
}

export function createBatchChain(state: JournalState): BatchChain {
  let { lastBatch, lastBatchCrc, firstBatch } = state;
  /** Ascending; the item at `head` belongs to `firstBatch`. */
  let highestByBatch: number[] = [];
  let head = 0;
  let highest = 0;

  const noteBatch = (lastSequence: number | null): void => {
    highest = lastSequence ?? highest;
    highestByBatch.push(highest);
  };

  return {
    lastNumber: () => lastBatch,
    lastCrc: () => lastBatchCrc,
    firstNumber: () => firstBatch,
    append(crc, lastSequence) {
      lastBatch += 1;
      lastBatchCrc = crc;
      noteBatch(lastSequence);
    },
    noteBatch,
    cutAfter(sequence) {
      highest = Math.min(highest, sequence);
      for (let at = highestByBatch.length - 1; at >= head && (highestByBatch[at] ?? 0) > sequence; at--) {
        highestByBatch[at] = sequence;
      }
    },
    takeEmpty(oldestStored, max) {
      const empty: number[] = [];
      while (firstBatch < lastBatch && empty.length < max && (highestByBatch[head] ?? Infinity) < oldestStored) {
        empty.push(firstBatch);
        firstBatch += 1;
        head += 1;
      }
      if (head >= 1024 && head * 2 >= highestByBatch.length) {
        highestByBatch = highestByBatch.slice(head);
        head = 0;
      }
      return empty;
    },
  };
}
