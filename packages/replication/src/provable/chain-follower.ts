/**
 * The chains at a secondary (E4, PROTOCOL 8): a point is prepared only if the heads that its own records make are leaves
 * of the root that the relay committed to. So what it validates is the prefix that the relay stamped, and nothing else:
 * no record of its volumes missing, changed, doubled or in another order.
 */
import assert from "node:assert/strict";
import { isCommittedTo, type PointCommitment } from "./commitment.js";
import type { ChainLedger } from "./chain-ledger.js";
import type { SettledRoot } from "./chain-marks.js";
import type { MarkValue, Sequence } from "../vocabulary.js";

/** `wait`: records up to the point have to be read again first; ask again after `ledger.catchUp`. */
export type Verdict = "verified" | "mismatch" | "wait";

export interface ChainFollower {
  /** Whether the records up to `sequence`, all of which are durable here, are what the relay committed to. */
  verify(sequence: Sequence, commitment: PointCommitment): Verdict;
  /** True when `sequence` was verified since this start: only then it may be validated. */
  isVerified(sequence: Sequence): boolean;
  /** The verified point is validated: what to commit with the counter. */
  settle(sequence: Sequence): ReadonlyMap<string, MarkValue>;
}

export function createChainFollower(ledger: ChainLedger): ChainFollower {
  /** One point at a time is between prepare and validate. */
  let verified: Omit<SettledRoot, "records"> | null = null;
  return {
    verify(sequence, commitment) {
      ledger.anchorAt(commitment.anchors);
      if (ledger.through() < sequence) return "wait";
      if (!ledger.isKnown() || !isCommittedTo(commitment, ledger.at(sequence))) return "mismatch";
      verified = { sequence, root: commitment.root };
      return "verified";
    },
    isVerified: (sequence) => verified?.sequence === sequence,
    settle(sequence) {
      assert(verified !== null && verified.sequence === sequence, `the point ${sequence} was not verified`);
      return ledger.settle(sequence, verified.root);
    },
  };
}
