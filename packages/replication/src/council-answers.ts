/**
 * What a member answers to the questions of coordinators (PROTOCOL 6): nothing that is not durable. Promises and decisions
 * of a lower epoch, or of a rival's with the same number, are refused.
 */
import { sameEpoch } from "@waystation/contracts/ids";
import type { CouncilAnswer } from "./council.js";
import type { Desk } from "./effects.js";
import { lostWrites } from "./lost-writes.js";
import type { CouncilBody, MemberState } from "./messages.js";
import type { Roles } from "./roles.js";
import type { TermKeeper } from "./term-keeper.js";
import type { Epoch } from "./vocabulary.js";

type Question = Exclude<CouncilBody, { kind: "council-reply" }>;

/** `epoch` is the asker's. */
export type AnswerQuestion = (question: Question, epoch: Epoch, reply: (answer: CouncilAnswer) => void) => void;

export interface AnswerOptions {
  readonly desk: Desk;
  readonly keeper: TermKeeper;
  readonly roles: () => Roles;
  readonly state: () => MemberState;
  readonly promised: () => Epoch;
  readonly isBehind: (epoch: Epoch) => boolean;
  /** Follows a higher epoch, durably, then calls back. */
  readonly adopt: (epoch: Epoch, purpose: "takeover" | "term", then: () => void) => void;
}

/** Whether an epoch must be refused by whoever promised the other one. */
export function isOver(epoch: Epoch, promised: Epoch): boolean {
  return epoch.number < promised.number || (epoch.number === promised.number && !sameEpoch(epoch, promised));
}

export function answerQuestions(options: AnswerOptions): AnswerQuestion {
  const { desk, keeper, roles, state, promised, isBehind, adopt } = options;

  const promise = (
    { purpose, settle }: Extract<Question, { kind: "promise" }>,
    epoch: Epoch,
    answer: (granted: boolean) => void,
  ): void => {
    if (isBehind(epoch)) return answer(false);
    adopt(epoch, purpose, () => {
      if (settle && sameEpoch(promised(), epoch)) {
        roles().relay?.settlePoints();
        roles().follower?.settlePoints();
      }
      answer(sameEpoch(promised(), epoch));
    });
  };

  const inquired = (
    { lostAbove }: Extract<Question, { kind: "inquire" }>,
    reply: (answer: CouncilAnswer) => void,
  ): void => {
    const { relay } = roles();
    if (lostAbove === undefined || relay === null) return reply({ granted: true, state: state() });
    lostWrites(desk, { above: lostAbove, through: relay.stamped() }, (lost) => {
      reply({ granted: true, state: state(), lost });
    });
  };

  return (question, epoch, reply) => {
    const answer = (granted: boolean): void => reply({ granted, state: state() });
    switch (question.kind) {
      case "inquire":
        return inquired(question, reply);
      case "promise":
        // A term that is about to begin here begins first: promised in the middle of it, it would be half a one.
        return keeper.afterChange(() => promise(question, epoch, answer));
      case "decide": {
        const { decision } = question;
        if (decision.term !== null) return keeper.take(decision, answer);
        const { follower } = roles();
        if (follower === null || keeper.isChanging() || isBehind(decision.epoch)) return answer(false);
        return follower.decide(decision, answer);
      }
    }
  };
}
