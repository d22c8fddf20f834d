/**
 * What a takeover tells the operator: why it refused and what to do, and what was lost as exactly as it is known.
 * "Nothing" is said only when it is proven (PROTOCOL 6.5): the relay was fenced and everything it stamped arrived.
 */
import type { Decision } from "./messages.js";
import type { NodeName } from "./vocabulary.js";

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

export function describeLoss({ sequence, fenced, stamped }: Decision, relay: NodeName): Loss {
  if (!fenced)
    return {
      lost: "unknown",
      lostDetail: `unknown from ${sequence + 1}: ${relay} could not be asked what it had stamped`,
    };
  if (sequence >= stamped)
    return { lost: "nothing", lostDetail: `${relay} was fenced at ${stamped}, and everything up to it is here` };
  return { lost: "known", lostDetail: `${sequence + 1}..${stamped}: acknowledged at ${relay}, not in this image` };
}
