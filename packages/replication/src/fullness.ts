/**
 * How full the relay's journal is, and what follows (B9): from a share of its capacity on the group is shown as PFUL; when
 * it has been full for as long as the policy lets hosts be held, the group is to be suspended (PFUS). Nothing of the journal
 * is dropped by that: it goes on to the secondaries, and what the primaries write meanwhile is in their region logs.
 */
import { recordOverheadBytes, type JournalUsage } from "@waystation/contracts/journal";
import { limits } from "./limits.js";
import type { JournalFullPolicy } from "./membership.js";
import type { Sequence } from "./vocabulary.js";

export interface Fullness {
  isFilling(): boolean;
  /** Why hosts are held now; empty while there is room. */
  detail(): string;
  /**
   * To be asked at every tick: true once it has been full for too long. In a copy run it is full all the time, because the
   * copy goes as fast as there is room: there only a journal of which nothing is trimmed counts as full.
   */
  isFullForTooLong(at: { readonly nowMs: number; readonly trimmed: Sequence; readonly copying: boolean }): boolean;
}

export function createFullness(usage: () => JournalUsage, policy: JournalFullPolicy): Fullness {
  let fullSinceMs: number | null = null;
  let trimmedThen: Sequence | null = null;
  const isFull = (): boolean => {
    const { usedBytes, capacityBytes } = usage();
    const unitBytes = Math.min(recordOverheadBytes + limits.intentUnitBytes, capacityBytes / 8);
    return capacityBytes - usedBytes < unitBytes;
  };
  return {
    isFilling: () => isFull() || usage().usedBytes >= policy.warnShare * usage().capacityBytes,
    detail() {
      if (!isFull()) return "";
      const { usedBytes, capacityBytes } = usage();
      return `the journal is full (${usedBytes} of ${capacityBytes} bytes): host writes are held until the far side takes more`;
    },
    isFullForTooLong({ nowMs, trimmed, copying }) {
      const moves = copying && trimmed !== trimmedThen;
      if (!isFull() || moves) fullSinceMs = null;
      else fullSinceMs ??= nowMs;
      trimmedThen = trimmed;
      return fullSinceMs !== null && nowMs - fullSinceMs >= policy.holdMs;
    },
  };
}
