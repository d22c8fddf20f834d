/**
 * The chains at the relay (E4, PROTOCOL 8): what the group commits to at each point, and where its chains begin anew.
 *
 * An anchor is durable with the run that it is set for, and told with each point until every secondary has validated one
 * above it: whoever was away when the run began learns of it there. Dying before the anchor is durable, there is no run;
 * after it, points carry it.
 */
import assert from "node:assert/strict";
import { anchorMarks, readAnchors } from "./chain-marks.js";
import type { ChainLedger } from "./chain-ledger.js";
import { anchorsMax, commitTo, type Commitments, type PointCommitment } from "./commitment.js";
import type { Marks } from "../marks.js";
import type { MarkValue, Sequence, VolumeName } from "../vocabulary.js";

export interface ChainAuthor {
  /** A copy run begins above `sequence`, the last number stamped: so do the chains. What to commit with the run. */
  beginRun(sequence: Sequence): readonly [string, MarkValue];
  /** For the secondary with these volumes. */
  commitmentAt(sequence: Sequence, volumes: Iterable<VolumeName>): PointCommitment;
  /** The point is prepared everywhere: what to commit with the valid counter. `gate`: validated by everybody. */
  settle(sequence: Sequence, gate: Sequence): ReadonlyMap<string, MarkValue>;
}

export function createChainAuthor(options: { readonly ledger: ChainLedger; readonly marks: Marks }): ChainAuthor {
  const { ledger } = options;
  let anchors = readAnchors(options.marks);
  let made: { readonly sequence: Sequence; readonly commitments: Commitments } | null = null;

  const setAnchors = (sequences: readonly Sequence[]): void => {
    anchors = sequences.slice(-anchorsMax);
    ledger.anchorAt(anchors);
  };
  setAnchors(anchors);
  // A journal from before there were chains: they begin where its last point was.
  if (!ledger.isKnown()) setAnchors([ledger.settled()]);

  const at = (sequence: Sequence): Commitments => {
    if (made?.sequence !== sequence) made = { sequence, commitments: commitTo(ledger.at(sequence)) };
    return made.commitments;
  };

  return {
    beginRun(sequence) {
      const last = anchors.at(-1) ?? -1;
      assert(sequence >= last, `a run above ${sequence}, after one above ${last}`);
      if (sequence > last) setAnchors([...anchors, sequence]);
      return anchorMarks(anchors);
    },
    commitmentAt: (sequence, volumes) => ({
      ...at(sequence).of(volumes),
      anchors: anchors.filter((anchor) => anchor < sequence),
    }),
    settle(sequence, gate) {
      const { root } = at(sequence);
      const needed = anchors.filter((anchor) => anchor >= gate);
      const marks = ledger.settle(sequence, root);
      if (needed.length === anchors.length) return marks;
      anchors = needed;
      return new Map([...marks, anchorMarks(needed)]);
    },
  };
}
