/**
 * What a takeover would do, from where the members stand before anything is promised: pure, so that a dry run (E6) says
 * what the real one would do, and the real one refuses before it has changed anything.
 */
import { noSequence, type Sequence } from "@waystation/contracts/ids";
import { highestValidated, lowestReceived, stateOf, unfinishedBase } from "./coordination.js";
import type { CouncilAnswers } from "./council.js";
import { primariesOf, secondariesOf, volumesOn, type Membership } from "./membership.js";
import type { TakeoverRefusal } from "./takeover-outcome.js";
import type { NodeName } from "./vocabulary.js";

export interface TakeoverLook {
  readonly participants: readonly NodeName[];
  readonly absent: readonly NodeName[];
  readonly risks: readonly string[];
  readonly refusal: readonly [TakeoverRefusal, string] | null;
  /** The number that would be decided if nothing more arrived. */
  readonly sequence: Sequence;
  /** The relay's last number; null when it cannot be asked. */
  readonly stamped: Sequence | null;
  /**
   * Primaries may have acknowledged what no relay stamped: the group is suspended, so that they go on alone by their fence
   * level. What is lost then nobody here knows (PROTOCOL 6.5).
   */
  readonly mayHaveGoneOnAlone: boolean;
}

export interface TakeoverCircumstances {
  readonly membership: Membership;
  readonly answers: CouncilAnswers;
  readonly force: boolean;
  readonly excluded: readonly NodeName[];
}

export function lookBeforeTakeover(now: TakeoverCircumstances): TakeoverLook {
  const { membership, answers, excluded } = now;
  const secondaries = secondariesOf(membership);
  const absent = secondaries.filter((node) => stateOf(answers, node) === null);
  const participants = secondaries.filter((node) => !absent.includes(node) && !excluded.includes(node));
  const risks: string[] = [];
  for (const node of excluded) {
    const volumes = volumesOn(membership, node, "secondary").map(({ name }) => name);
    risks.push(`${volumes.join(", ")} cannot be used at the far side: ${node} is left out until it got a full copy`);
  }
  const relayState = stateOf(answers, membership.relay);
  const isAsked = relayState !== null && relayState.relayPhase !== "journal-lost";
  const view = { ...now, participants, absent, stamped: isAsked ? relayState.stamped : null };
  const mayHaveGoneOnAlone = relayState?.bypassed === true;
  const refusal = refusalOf({ ...view, mayHaveGoneOnAlone }, risks);
  const { stamped } = view;
  return { participants, absent, risks, refusal, sequence: sequenceOf(view), stamped, mayHaveGoneOnAlone };
}

interface View extends TakeoverCircumstances {
  readonly participants: readonly NodeName[];
  readonly absent: readonly NodeName[];
  readonly stamped: Sequence | null;
}

/** Which C (PROTOCOL 6.3): in a copy run that has not ended only its base is an image of the whole group. */
export function sequenceOf({
  answers,
  participants,
  membership,
  excluded,
}: Omit<View, "absent" | "stamped">): Sequence {
  if (participants.length === 0) return noSequence;
  const isAll = secondariesOf(membership).every((node) => participants.includes(node) || excluded.includes(node));
  const reached = isAll ? lowestReceived(answers, participants) : highestValidated(answers, participants);
  return unfinishedBase(answers, participants, reached) ?? reached;
}

function refusalOf(view: View & { mayHaveGoneOnAlone: boolean }, risks: string[]): TakeoverLook["refusal"] {
  const { membership, answers, force, excluded, participants, absent, stamped } = view;
  const { relay } = membership;
  // One that needs a resync is of no use to this takeover, there or not: it may be left out.
  const present = excluded.find((node) => !isUseless(answers, node) && stateOf(answers, node) !== null);
  if (present !== undefined) return ["NODE_IS_PRESENT", present];
  const unready = participants.find((node) => isUseless(answers, node));
  if (unready !== undefined) return ["NEEDS_RESYNC", unready];
  if (stamped === null) {
    risks.push(
      `${relay} could not be fenced: if it and a primary are alive, hosts there may still be acknowledged (split brain)`,
    );
    // Neither survivor can know of the other's forced takeover, and no third one kept a promise: only people can.
    for (const node of absent.filter((name) => !excluded.includes(name))) {
      risks.push(
        `${node} does not answer: if a takeover was begun there and its end was not seen, run it there, not here (two images)`,
      );
    }
    return force ? null : ["RELAY_UNREACHABLE", relay];
  }
  const missing = absent.filter((node) => !excluded.includes(node));
  const point = highestValidated(answers, participants);
  if (missing.length > 0 && point < stamped) {
    risks.push(`acknowledged writes ${point + 1}..${stamped} cannot be settled without ${missing.join(", ")}`);
    return force ? null : ["WOULD_LOSE_WRITES", `${missing.join(", ")} (${point + 1}..${stamped})`];
  }
  return avoidableLoss(view, risks);
}

/** While primaries live, what only they have need not be given up: a copy run, or a resync, brings it over. */
function avoidableLoss(view: View & { mayHaveGoneOnAlone: boolean }, risks: string[]): TakeoverLook["refusal"] {
  const { membership, answers, force, participants, stamped } = view;
  const base = unfinishedBase(answers, participants, stamped ?? noSequence);
  const alive = primariesOf(membership).find((node) => stateOf(answers, node) !== null);
  if (base !== null) {
    risks.push(`a copy run is not over: the volumes go back to their image at ${base}`);
    if (alive !== undefined && !force) return ["COPY_RUNNING", alive];
  }
  if (stateOf(answers, membership.relay)?.relayPhase === "suspended") {
    risks.push(`the group is suspended: what hosts wrote since then is at the primaries only`);
    if (alive !== undefined && !force) return ["GROUP_SUSPENDED", alive];
  }
  return null;
}

/** It holds no image that a takeover could use. */
function isUseless(answers: CouncilAnswers, node: NodeName): boolean {
  const state = stateOf(answers, node);
  if (state === null) return false;
  return state.phase === "needs-resync" || (state.copy?.blank === true && state.copy.end === null);
}
