/**
 * How full the relay's journal is, and what follows (B9): from a share of its capacity on the group is shown as PFUL; when
 * hosts were held for lack of room for as long as the policy lets them, the group is to be suspended (PFUS). Nothing of
 * the journal is dropped by that, so that no bitmap is due for it: it goes on to the secondaries, and a takeover finds
 * all of it. What the primaries write meanwhile is in their region logs.
 */
import type { JournalUsage } from "@waystation/contracts/journal";
import type { JournalFullPolicy } from "./membership.js";
import type { Sequence } from "./vocabulary.js";

export interface Fullness {
  isFilling(): boolean;
  /** Why hosts are held now; empty while there is room. */
  detail(): string;
  /**
   * To be asked at every tick: true once hosts were held for too long by the far side. In a copy run there is hardly ever
   * room, because the copy goes as fast as there is: there only a far side that applies nothing counts. What it has applied
   * takes room only until the primaries' lazy marks let it be trimmed: to suspend would begin the copy again and again.
   */
  isFullForTooLong(at: FarProgress): boolean;
}

export interface FarProgress {
  readonly nowMs: number;
  readonly stamped: Sequence;
  readonly appliedEverywhere: Sequence;
  readonly copying: boolean;
}

export interface FullnessOptions {
  readonly usage: () => JournalUsage;
  readonly policy: JournalFullPolicy;
  /** The journal has no room for some primary's next write. */
  readonly isHoldingBack: () => boolean;
}

export function createFullness({ usage, policy, isHoldingBack }: FullnessOptions): Fullness {
  let fullSinceMs: number | null = null;
  let appliedThen: Sequence | null = null;
  return {
    isFilling: () => isHoldingBack() || usage().usedBytes >= policy.warnShare * usage().capacityBytes,
    detail() {
      if (!isHoldingBack()) return "";
      const { usedBytes, capacityBytes } = usage();
      return `the journal is full (${usedBytes} of ${capacityBytes} bytes): host writes are held until the far side takes more`;
    },
    isFullForTooLong({ nowMs, stamped, appliedEverywhere, copying }) {
      // The last number of a run is no point before its end is known.
      const moves = copying && (appliedEverywhere !== appliedThen || appliedEverywhere + 1 >= stamped);
      if (!isHoldingBack() || moves) fullSinceMs = null;
      else fullSinceMs ??= nowMs;
      appliedThen = appliedEverywhere;
      return fullSinceMs !== null && nowMs - fullSinceMs >= policy.holdMs;
    },
  };
}
