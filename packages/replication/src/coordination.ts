/**
 * What coordinators of takeovers and of changes of term have in common: one run at a time per node, its steps told as they
 * happen, its polls, and reading what the members answered.
 */
import type { Sequence } from "@waystation/contracts/ids";
import { noSequence } from "@waystation/contracts/ids";
import type { CouncilAnswers } from "./council.js";
import type { Desk } from "./effects.js";
import { limits } from "./limits.js";
import type { Decision, MemberState } from "./messages.js";
import type { TakeoverProgress, TakeoverResult } from "./status.js";
import type { Term } from "./term.js";
import type { NodeName } from "./vocabulary.js";

/** Where a run tells what it does; the last step has the result. */
export type TellStep = (step: TakeoverProgress) => void;

export interface Poll {
  /** Calls back at the first tick after the poll interval; replaces what waited. */
  later(then: () => void): void;
  clear(): void;
  tick(): void;
}

export function createPoll(desk: Desk): Poll {
  let waiting: { readonly atMs: number; readonly then: () => void } | null = null;
  return {
    later(then) {
      waiting = { atMs: desk.nowMs() + limits.takeoverPollMs, then };
    },
    clear() {
      waiting = null;
    },
    tick() {
      if (waiting === null || desk.nowMs() < waiting.atMs) return;
      const { then } = waiting;
      waiting = null;
      then();
    },
  };
}

/** Something that must not stand still for too long: a drain, a roll forward, members that begin a term. */
export interface Advance {
  readonly value: number;
  readonly atMs: number;
}

export function advanced(before: Advance, value: number, nowMs: number): Advance {
  return value > before.value ? { value, atMs: nowMs } : before;
}

export function isStalled({ atMs }: Advance, nowMs: number): boolean {
  return nowMs - atMs >= limits.drainStallMs;
}

export function stateOf(answers: CouncilAnswers, node: NodeName): MemberState | null {
  return answers.get(node)?.state ?? null;
}

export function statesOf(answers: CouncilAnswers): MemberState[] {
  return [...answers.values()].flatMap((answer) => (answer === null ? [] : [answer.state]));
}

export function highestPromised(answers: CouncilAnswers, own: number): number {
  return Math.max(own, ...statesOf(answers).map(({ promised }) => promised.number));
}

/** The newest takeover that was decided since the term began; null when there was none. */
export function newestTakeover(answers: CouncilAnswers, since: Term | null): Decision | null {
  return newestOf(answers, (decision) => decision.term === null && decision.epoch.number > (since?.epoch.number ?? 0));
}

/** The newest decision that begins a term, which may not have begun everywhere. */
export function newestTerm(answers: CouncilAnswers): Decision | null {
  return newestOf(answers, (decision) => decision.term !== null);
}

function newestOf(answers: CouncilAnswers, isWanted: (decision: Decision) => boolean): Decision | null {
  let newest: Decision | null = null;
  for (const { decision } of statesOf(answers)) {
    if (decision === null || !isWanted(decision)) continue;
    if (newest === null || decision.epoch.number > newest.epoch.number) newest = decision;
  }
  return newest;
}

export function lowestReceived(answers: CouncilAnswers, nodes: readonly NodeName[]): Sequence {
  return Math.min(...nodes.map((node) => stateOf(answers, node)?.received ?? noSequence)) as Sequence;
}

export function highestValidated(answers: CouncilAnswers, nodes: readonly NodeName[]): Sequence {
  return Math.max(...nodes.map((node) => stateOf(answers, node)?.validated ?? noSequence)) as Sequence;
}

/**
 * The base of a copy run that one of these is in and that has not ended by `sequence`: until it has, only the image at its
 * base is one of the whole group (PROTOCOL 9). Null when there is none.
 */
export function unfinishedBase(
  answers: CouncilAnswers,
  nodes: readonly NodeName[],
  sequence: Sequence,
): Sequence | null {
  for (const node of nodes) {
    const copy = stateOf(answers, node)?.copy ?? null;
    if (copy !== null && (copy.end === null || sequence < copy.end)) return copy.base;
  }
  return null;
}

/** The last step of a run that is refused. */
export function refusal(
  about: Pick<TakeoverResult, "code" | "message" | "epoch" | "participants" | "absent" | "risks">,
): TakeoverResult {
  return { outcome: "refused", sequence: noSequence, lost: "unknown", lostDetail: "", ...about };
}
