/**
 * What a takeover tells the operator: why it refused and what to do, and what was lost as exactly as it is known.
 * "Nothing" is said only when it is proven (PROTOCOL 6.5): the relay was fenced and everything it stamped arrived.
 */
import { noSequence } from "@waystation/contracts/ids";
import { stateOf } from "./coordination.js";
import type { CouncilAnswers } from "./council.js";
import { membersOf, type Membership } from "./membership.js";
import type { Decision } from "./messages.js";
import type { TakeoverResult } from "./status.js";
import type { TakeoverLook } from "./takeover-look.js";
import type { Epoch, NodeName } from "./vocabulary.js";

/** Each refusal's text; `about` is a node's name or the figure in question. Rows of docs/errors.md. */
export const refusalTexts = {
  TAKEOVER_RUNNING: (about) => `a takeover is running already, coordinated by ${about}: wait for its end`,
  NOT_A_PEER: (about) =>
    `${about} is not another secondary of this group: --without names secondaries to go on without`,
  NODE_IS_PRESENT: (about) => `${about} answers: --without is for secondaries that are lost; take it off the command`,
  NEEDS_RESYNC: (about) =>
    `${about} lost its data or was left out of an earlier takeover, and can follow no more without a full copy: go on without it, with --without ${about}`,
  RELAY_UNREACHABLE: (about) =>
    `the relay ${about} cannot be fenced, so that a single writer is not guaranteed and its last writes may be missing: bring it back, or repeat with --force if it and the primaries are down for certain`,
  WOULD_LOSE_WRITES: (about) =>
    `acknowledged writes would be left out without ${about}: bring the node back, or repeat with --without NODE (keeps all writes; the node needs a resync) or with --force (keeps the node, loses these writes)`,
  OTHER_TERM: (about) => `${about} has not begun the newest term yet: run it again in a moment, or at another node`,
  COPY_RUNNING: (about) =>
    `a copy run is not over, and ${about} is alive to end it: wait for its end (if a half-done takeover has stopped the group: 'wayctl group return' first), or repeat with --force (goes back to the image that it began with)`,
  GROUP_SUSPENDED: (about) =>
    `the group is suspended, and what hosts wrote since is at ${about} and other primaries only: resync first, or repeat with --force (gives it up)`,
  PARTICIPANT_LOST: (about) => `${about} stopped answering before the takeover was settled: run it again`,
  RIVAL_TAKEOVER: (about) => `${about} follows another takeover: run it again, from one node only`,
  CANNOT_FOLLOW: (about) =>
    `${about} cannot go to the sequence that was decided: see its log; run it again with --without ${about}, which then needs a resync`,
  DRAIN_STALLED: (about) =>
    `the relay is fenced, but its journal stopped arriving (${about}): run it again, or with --force to go on with what has arrived`,
  ROLL_FORWARD_STALLED: (about) =>
    `decided, but ${about} makes no progress towards it: look at its log; it opens by itself when it has caught up`,
} satisfies Record<string, (about: string) => string>;

export type TakeoverRefusal = keyof typeof refusalTexts;

export interface Loss {
  readonly lost: "nothing" | "known" | "unknown";
  readonly lostDetail: string;
}

export function describeLoss(
  { sequence, fenced, stamped }: Pick<Decision, "sequence" | "fenced" | "stamped">,
  relay: NodeName,
): Loss {
  if (!fenced)
    return {
      lost: "unknown",
      lostDetail: `unknown from ${sequence + 1}: ${relay} could not be asked what it had stamped`,
    };
  if (sequence >= stamped)
    return { lost: "nothing", lostDetail: `${relay} was fenced at ${stamped}, and everything up to it is here` };
  return { lost: "known", lostDetail: `${sequence + 1}..${stamped}: acknowledged at ${relay}, not in this image` };
}

/** Why what is lost is not known, although the relay could be asked. */
const aloneText =
  "the group was suspended before, and primaries may have acknowledged writes on their own since: what they are is in their region logs only";

/** What is lost if the relay was never sent all that primaries have acknowledged. */
export function withoutTheirs({ lostDetail }: Loss): Loss {
  return { lost: "unknown", lostDetail: `${lostDetail}; ${aloneText}` };
}

/** What a dry run tells (E6): whom it would contact, what it would decide, what would be lost, or why it would refuse. */
export function foretell(
  membership: Membership,
  now: {
    readonly seen: TakeoverLook;
    readonly settled: Decision | null;
    readonly answers: CouncilAnswers;
    readonly epoch: Epoch;
  },
): TakeoverResult {
  const { seen, settled, answers, epoch } = now;
  const { absent, risks } = seen;
  const reached = membersOf(membership).filter((node) => stateOf(answers, node) !== null);
  const contact = `would contact ${reached.join(", ")}${absent.length === 0 ? "" : `; ${absent.join(", ")} does not answer`}`;
  if (settled !== null) {
    const { participants, sequence } = settled;
    const message = `${contact}; a takeover is decided already: sequence ${sequence} on ${participants.join(", ")}`;
    return {
      ...plannedResult,
      message,
      epoch,
      participants,
      absent,
      risks,
      sequence,
      ...describeLoss(settled, membership.relay),
    };
  }
  const { participants, stamped, refusal } = seen;
  // With the relay there everything that it has stamped is drained first, unless the volumes have to go back.
  const canDrain = stamped !== null && absent.length === 0 && !seen.risks.some((risk) => risk.startsWith("a copy run"));
  const sequence = canDrain ? stamped : seen.sequence;
  const asDecided = { sequence, fenced: stamped !== null, stamped: stamped ?? noSequence };
  const known = describeLoss(asDecided, membership.relay);
  const loss: Loss = seen.mayHaveGoneOnAlone ? withoutTheirs(known) : known;
  const common = { epoch, participants, absent, risks, sequence, ...loss };
  if (refusal !== null) {
    const [code, about] = refusal;
    return { outcome: "refused", code, message: `${contact}; would refuse: ${refusalTexts[code](about)}`, ...common };
  }
  const message = `${contact}; would fence ${membership.relay} and the primaries that answer, and open ${participants.join(", ")} at sequence ${sequence}`;
  return { ...plannedResult, message, ...common };
}

const plannedResult = { outcome: "planned", code: "" } as const;
