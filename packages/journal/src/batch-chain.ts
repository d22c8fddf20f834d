/**
 * The chain of batches of a journal: the number and checksum that the next batch must carry, and for each batch whose
 * index is kept, the highest record that it or an earlier one added, and where in the ring it starts. A batch's index may
 * be deleted, and its place in the ring used again, once that record is gone; the newest is always kept, as the end that
 * the state points at.
 */
import type { JournalState } from "./level-state.js";

interface NotedBatch {
  /** The highest record that the batch added, null if it added none. */
  readonly lastSequence: number | null;
  readonly ringStart: number;
}

export interface BatchChain {
  lastNumber(): number;
  lastCrc(): number;
  firstNumber(): number;
  /** A batch was written. */
  append(crc: number, batch: NotedBatch): void;
  /** A batch was found on opening: as `append`, but the state knows the end already. */
  noteBatch(batch: NotedBatch): void;
  /** Records above `sequence` were cut. */
  cutAfter(sequence: number): void;
  /** Takes up to `max` batches that hold nothing from `oldestStored` on; their indexes are now to be deleted. */
  takeEmpty(oldestStored: number, max: number): number[];
  /** Where in the ring the first batch starts whose index is kept; null when there is none. */
  firstRingStart(): number | null;
  /** Where in the ring the newest batch starts; null when there is none. */
  lastRingStart(): number | null;
  /** Where in the ring the first batch starts that holds anything from `sequence` on; null when there is none. */
  ringStartHolding(sequence: number): number | null;
}

export function createBatchChain(state: Pick<JournalState, "lastBatch" | "lastBatchCrc" | "firstBatch">): BatchChain {
  let { lastBatch, lastBatchCrc, firstBatch } = state;
  /** Ascending both; the items at `head` belong to `firstBatch`. */
  let highestByBatch: number[] = [];
  let startByBatch: number[] = [];
  let head = 0;
  let highest = 0;

  const noteBatch = ({ lastSequence, ringStart }: NotedBatch): void => {
    highest = lastSequence ?? highest;
    highestByBatch.push(highest);
    startByBatch.push(ringStart);
  };

  return {
    lastNumber: () => lastBatch,
    lastCrc: () => lastBatchCrc,
    firstNumber: () => firstBatch,
    append(crc, batch) {
      lastBatch += 1;
      lastBatchCrc = crc;
      noteBatch(batch);
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
        startByBatch = startByBatch.slice(head);
        head = 0;
      }
      return empty;
    },
    firstRingStart: () => startByBatch[head] ?? null,
    lastRingStart: () => startByBatch.at(-1) ?? null,
    ringStartHolding(sequence) {
      let [low, high] = [head, highestByBatch.length];
      while (low < high) {
        const middle = (low + high) >>> 1;
        if ((highestByBatch[middle] ?? Infinity) < sequence) low = middle + 1;
        else high = middle;
      }
      return startByBatch[low] ?? null;
    },
  };
}
