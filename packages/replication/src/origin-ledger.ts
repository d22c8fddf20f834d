/**
 * What a relay keeps of one volume's origin numbers: which were stamped, which are durable, and up to which group
 * sequence number everything of the volume is also durable on its primary's array, so that the relay may forget it.
 */
import { compareOrigin, noOrigin, noSequence } from "@waystation/contracts/ids";
import type { NodeName, OriginNumber, Sequence, VolumeName } from "./vocabulary.js";

export interface OriginLedger {
  readonly volume: VolumeName;
  readonly primary: NodeName;
  /** The highest number stamped, durable or not; and durable. */
  stamped: OriginNumber;
  durable: OriginNumber;
  stamp(origin: OriginNumber, sequence: Sequence): void;
  madeDurable(origin: OriginNumber): void;
  /** As far as the primary has ever reported `localComplete` since this start. */
  reportedComplete(): OriginNumber;
  /** The primary has everything up to here durably on its array. */
  localComplete(origin: OriginNumber): void;
  /** The group sequence up to which this volume needs no record of the relay any more. */
  completeThrough(groupStamped: Sequence): Sequence;
}

/** How a number stands to the last one stamped. Each incarnation begins with 1. */
export function orderAfter(last: OriginNumber, origin: OriginNumber): "next" | "duplicate" | "gap" {
  if (compareOrigin(origin, last) <= 0) return "duplicate";
  const expected = origin.incarnation === last.incarnation ? last.n + 1 : 1;
  return origin.n === expected ? "next" : "gap";
}

export interface LedgerOptions {
  readonly volume: VolumeName;
  readonly primary: NodeName;
  /** As recovered. */
  readonly high: OriginNumber;
  readonly journalFirst: Sequence;
}

export function createOriginLedger(options: LedgerOptions): OriginLedger {
  // After a restart the sequence numbers of the volume's records are not known one by one: nothing recovered counts
  // as complete until the primary reports the last of them.
  const incomplete: { readonly origin: OriginNumber; readonly sequence: Sequence }[] = [];
  if (options.journalFirst !== noSequence && compareOrigin(options.high, noOrigin) > 0)
    incomplete.push({ origin: options.high, sequence: options.journalFirst });
  /** As the primary last reported. It may be ahead of what was stamped: the local leg does not wait for the other. */
  let complete = noOrigin;

  const self: OriginLedger = {
    volume: options.volume,
    primary: options.primary,
    stamped: options.high,
    durable: options.high,
    stamp(origin, sequence) {
      self.stamped = origin;
      if (compareOrigin(origin, complete) > 0) incomplete.push({ origin, sequence });
    },
    madeDurable(origin) {
      self.durable = origin;
    },
    reportedComplete: () => complete,
    localComplete(origin) {
      if (compareOrigin(origin, complete) > 0) complete = origin;
      let done = 0;
      for (let entry = incomplete[done]; entry !== undefined; entry = incomplete[done]) {
        if (compareOrigin(entry.origin, origin) > 0) break;
        done += 1;
      }
      incomplete.splice(0, done);
    },
    completeThrough(groupStamped) {
      const first = incomplete[0];
      return first === undefined ? groupStamped : ((first.sequence - 1) as Sequence);
    },
  };
  return self;
}
