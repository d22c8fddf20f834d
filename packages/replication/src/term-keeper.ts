/**
 * How a node comes to another term (term.ts). A decision that begins one is taken durably first; then the secondary role
 * is brought to the number that the old term ends with, as far as it can; then the term begins, in one commit.
 *
 *     decision durable -> volumes at its sequence -> term begun
 *
 * Dying before the first leaves a node that asks the others, as does any node that misses one it should speak to; dying
 * before the last, one that goes on from the durable decision. Both end in the same term, because nothing of it can be
 * undone: whoever coordinates another one first has promises of all who would write under this one.
 */
import { sameEpoch } from "@waystation/contracts/ids";
import type { Council, CouncilAnswers } from "./council.js";
import type { Desk } from "./effects.js";
import { limits } from "./limits.js";
import { decisionMark, epochMark, markNames, readDecision, type Marks } from "./marks.js";
import type { Decision } from "./messages.js";
import type { Term } from "./term.js";
import type { TermStanding } from "./term-marks.js";
import type { Epoch, NodeName } from "./vocabulary.js";

export interface TermKeeper {
  /** Takes up a decision that was durable before the node went down. */
  start(): void;
  tick(): void;
  /** There may be news: asks at the next tick. */
  askSoon(): void;
  /** Looks for a decision in what others said. */
  heard(answers: CouncilAnswers): void;
  /** Answers true once the decision is durable here: the term begins by itself then, whatever happens. */
  take(decision: Decision, answer: (granted: boolean) => void): void;
  /** The newest decision that begins or has begun a term, durable here. */
  decision(): Decision | null;
  isChanging(): boolean;
  /** Calls back once no term is about to begin here: at once, if none is. */
  afterChange(then: () => void): void;
}

export interface TermKeeperOptions {
  readonly desk: Desk;
  readonly marks: Marks;
  readonly council: Council;
  readonly term: () => Term | null;
  readonly promised: () => Epoch;
  /** The epoch's number of the takeover that is decided here; 0 when none is. */
  readonly takenOver: () => number;
  /** Everybody who was or is or may become a member. */
  readonly peers: () => readonly NodeName[];
  readonly isLonely: () => boolean;
  /** Follows the epoch from now on; it is being made durable. */
  readonly follow: (epoch: Epoch) => void;
  /** Brings the volumes of the secondary role to the decision's sequence, or says where they stand. */
  readonly settle: (decision: Decision, then: (standing: TermStanding) => void) => void;
  readonly begin: (decision: Decision, standing: TermStanding, whenBegun: () => void) => void;
}

export function createTermKeeper(options: TermKeeperOptions): TermKeeper {
  const { desk, council, promised } = options;
  let durable = termDecisionOf(options.marks);
  let taking: { readonly epoch: Epoch; readonly answers: ((granted: boolean) => void)[] } | null = null;
  const whenChanged: (() => void)[] = [];
  let nextInquiryMs: number | null = null;
  let inquiring = false;

  const isBehind = (epoch: Epoch): boolean =>
    epoch.number < promised().number || (epoch.number === promised().number && !mayJoin(epoch));

  /** A rival's decision of the number that is promised here is joined: what was promised is not decided here. */
  const mayJoin = (epoch: Epoch): boolean => {
    const begun = options.term()?.epoch;
    if (sameEpoch(epoch, promised())) return true;
    return options.takenOver() < epoch.number && (begun === undefined || begun.number < epoch.number);
  };

  const take = (decision: Decision, answer: (granted: boolean) => void): void => {
    const begun = options.term();
    if (begun !== null && sameEpoch(begun.epoch, decision.epoch)) return desk.commit({}, () => answer(true));
    if (taking !== null) {
      if (!sameEpoch(taking.epoch, decision.epoch)) return answer(false);
      if (durable !== null && sameEpoch(durable.epoch, decision.epoch)) return desk.commit({}, () => answer(true));
      taking.answers.push(answer);
      return;
    }
    if (isBehind(decision.epoch)) return answer(false);
    taking = { epoch: decision.epoch, answers: [answer] };
    options.follow(decision.epoch);
    const change = new Map([
      [markNames.promised, epochMark(decision.epoch)],
      [markNames.decision, decisionMark(decision)],
    ]);
    desk.commit({ marks: change }, () => {
      durable = decision;
      for (const each of taking?.answers.splice(0) ?? []) each(true);
      goOn(decision);
    });
  };

  const goOn = (decision: Decision): void => {
    options.settle(decision, (standing) => {
      options.begin(decision, standing, () => {
        taking = null;
        for (const then of whenChanged.splice(0)) then();
      });
    });
  };

  const heard = (answers: CouncilAnswers): void => {
    let newest: Decision | null = null;
    for (const answer of answers.values()) {
      const theirs = answer?.state.decision ?? null;
      if (theirs === null || theirs.term === null || isBehind(theirs.epoch)) continue;
      if (newest === null || theirs.epoch.number > newest.epoch.number) newest = theirs;
    }
    const begun = options.term()?.epoch.number ?? 0;
    if (newest !== null && newest.epoch.number > begun && taking === null) take(newest, () => {});
  };

  return {
    start() {
      if (durable === null || options.term()?.epoch.number === durable.epoch.number) return;
      if (!sameEpoch(durable.epoch, promised())) return;
      taking = { epoch: durable.epoch, answers: [] };
      goOn(durable);
    },
    tick() {
      nextInquiryMs ??= desk.nowMs() + limits.inquireIntervalMs;
      if (inquiring || taking !== null || desk.nowMs() < nextInquiryMs || !options.isLonely()) return;
      inquiring = true;
      nextInquiryMs = desk.nowMs() + limits.inquireIntervalMs;
      council.ask(options.peers(), { kind: "inquire" }, (answers) => {
        inquiring = false;
        heard(answers);
      });
    },
    askSoon() {
      nextInquiryMs = Math.min(nextInquiryMs ?? Infinity, desk.nowMs());
    },
    heard,
    take,
    decision: () => durable,
    isChanging: () => taking !== null,
    afterChange(then) {
      if (taking === null) then();
      else whenChanged.push(then);
    },
  };
}

function termDecisionOf(marks: Marks): Decision | null {
  const decision = readDecision(marks);
  return decision?.term == null ? null : decision;
}
