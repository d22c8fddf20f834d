/**
 * The points of a secondary (PROTOCOL 3.2, 8; B5, E4): what the relay asks it to prepare and to validate. A point is
 * prepared when every record up to it is durable here and makes what the relay committed to; root and heads are stored
 * with the validated mark, in one commit. Where they do not match, nothing is prepared any more: the relay is refused, and
 * says so of the group, until the volumes of this node are copied anew.
 */
import type { Desk } from "./effects.js";
import { markNames, readSequence, type Marks } from "./marks.js";
import type { RefusalReason, ShipBody } from "./messages.js";
import { createChainFollower } from "./provable/chain-follower.js";
import { createChainLedger } from "./provable/chain-ledger.js";
import type { ChainOrigin } from "./provable/chain-marks.js";
import type { PointCommitment } from "./provable/commitment.js";
import type { RecordSpan } from "./provable/head-history.js";
import type { MarkValue, NodeName, Sequence, VolumeName } from "./vocabulary.js";

export interface SecondaryPoints {
  validated(): Sequence;
  /** Why no point is prepared any more; empty while all is well. */
  trouble(): string;
  /** Records are durable. */
  received(span: RecordSpan): void;
  prepare(sequence: Sequence, commitment: PointCommitment): void;
  validate(sequence: Sequence): void;
  /** Looks whether what was asked can be answered now. */
  drain(): void;
  /** A new session with the relay: it asks again. */
  newSession(): void;
  /** How many records lie above one point and up to another; null when that is not known. */
  recordsBetween(after: Sequence, through: Sequence): number | null;
  /** All stages are here now, durably. */
  movedTo(sequence: Sequence): void;
}

export interface SecondaryPointsOptions {
  readonly desk: Desk;
  readonly self: NodeName;
  readonly marks: Marks;
  readonly origin: ChainOrigin;
  readonly volumes: readonly VolumeName[];
  /** Complete up to here, durably. */
  readonly complete: () => Sequence;
  /** False while a takeover counts: a point settled behind its back could pass what it decides. */
  readonly isOpen: () => boolean;
  readonly tell: (body: ShipBody) => void;
  readonly refuse: (reason: RefusalReason, why: string) => void;
}

export function createSecondaryPoints(options: SecondaryPointsOptions): SecondaryPoints {
  const { desk, self, marks, origin, volumes, complete, isOpen, tell, refuse } = options;
  let validated = readSequence(marks, markNames.validated);
  /** Its mark may be on its way to the disk. */
  let validating = validated;
  const ledger = createChainLedger({ desk, marks, origin, volumes, counter: validated });
  const follower = createChainFollower(ledger);
  let asked: { readonly sequence: Sequence; readonly commitment: PointCommitment } | null = null;
  let trouble = "";

  const answer = (): void => {
    if (asked === null || !isOpen() || complete() < asked.sequence) return;
    const { sequence, commitment } = asked;
    const verdict = sequence <= validating ? "verified" : follower.verify(sequence, commitment);
    if (verdict === "wait") return ledger.catchUp(complete());
    asked = null;
    if (verdict === "verified") {
      trouble = "";
      return tell({ kind: "prepared", sequence });
    }
    trouble =
      `the records of ${volumes.join(", ")} at ${self} up to ${sequence} are not what the relay of ${origin.group} committed ` +
      `to: one of the two lost or changed some. The volumes stay as validated at ${validated}; wayctl group resync ${origin.group} copies them anew`;
    desk.log("error", trouble);
    refuse("order-mismatch", trouble);
  };

  return {
    validated: () => validated,
    trouble: () => trouble,
    received(span) {
      ledger.take(span);
      answer();
    },
    prepare(sequence, commitment) {
      asked = { sequence, commitment };
      answer();
    },
    validate(sequence) {
      if (sequence > complete()) return refuse("gap", `validate ${sequence}, but complete only up to ${complete()}`);
      let changed: ReadonlyMap<string, MarkValue> = new Map();
      if (sequence > validating) {
        if (!follower.isVerified(sequence)) return refuse("gap", `validate ${sequence}, which was not prepared here`);
        changed = follower.settle(sequence);
        validating = sequence;
      }
      const reached = validating;
      // Dying before this commit the point is asked for again, and verified again; after it the chains go on from here.
      desk.commit({ marks: new Map([...changed, [markNames.validated, reached]]) }, () => {
        if (reached > validated) validated = reached;
        tell({ kind: "validated", sequence: reached });
      });
    },
    drain: answer,
    newSession() {
      asked = null;
    },
    recordsBetween: (after, through) => ledger.recordsBetween(after, through),
    movedTo(sequence) {
      validated = sequence;
      validating = sequence;
      trouble = "";
      ledger.jumpTo(sequence);
    },
  };
}
