/**
 * Which writes of a stream have ended: numbers end in any order, and are told as a prefix and what lies above it, each
 * once. Pure: the stream feeds it and sends what it gives.
 */
import type { WriteAcks } from "./generated/waystation/v1/WriteAcks.js";
import type { WriteFailure } from "./generated/waystation/v1/WriteFailure.js";

export interface WriteAckTracker {
  /** A write has ended; each number once, from 1, without gaps in the long run. */
  settle(number: number, failure?: { readonly reason: string; readonly message: string }): void;
  /** What is new since the last call, or null. */
  take(): WriteAcks | null;
}

export function createWriteAckTracker(): WriteAckTracker {
  const beyond = new Set<number>();
  let settledThrough = 0;
  let told: number[] = [];
  let failures: WriteFailure[] = [];
  let changed = false;

  return {
    settle(number, failure) {
      changed = true;
      if (failure !== undefined) failures.push({ number, ...failure });
      if (number !== settledThrough + 1) {
        beyond.add(number);
        told.push(number);
        return;
      }
      settledThrough = number;
      while (beyond.delete(settledThrough + 1)) settledThrough += 1;
    },
    take() {
      if (!changed) return null;
      const acks = { settledThrough, settledBeyond: told.filter((number) => number > settledThrough), failures };
      told = [];
      failures = [];
      changed = false;
      return acks;
    },
  };
}
