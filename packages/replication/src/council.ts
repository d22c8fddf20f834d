/**
 * Questions between nodes of a group, with a deadline each (PROTOCOL 6): promises, decisions, and "where do you stand".
 * A question to this very node is answered by its own member, so that whoever asks need not tell itself from others.
 */
import type { Desk, LinkId } from "./effects.js";
import { limits } from "./limits.js";
import type { CouncilBody, LostWrites, MemberState } from "./messages.js";
import type { NodeName } from "./vocabulary.js";

type Question = Exclude<CouncilBody, { kind: "council-reply" }>;
type Unnumbered<T> = T extends unknown ? Omit<T, "requestId"> : never;
export type CouncilQuestion = Unnumbered<Question>;

export interface CouncilAnswer {
  readonly granted: boolean;
  readonly state: MemberState;
  readonly lost?: LostWrites;
}

/** By node; null where no answer came in time. */
export type CouncilAnswers = ReadonlyMap<NodeName, CouncilAnswer | null>;

export interface Council {
  /** Asks all of them at once, and one that is named for several roles once; calls back when each has answered, or the deadline has passed. */
  ask(peers: readonly NodeName[], question: CouncilQuestion, then: (answers: CouncilAnswers) => void): void;
  opened(link: LinkId, peer: NodeName): void;
  closed(link: LinkId): void;
  dialFailed(peer: NodeName): void;
  replied(reply: Extract<CouncilBody, { kind: "council-reply" }>): void;
  tick(): void;
}

interface OpenQuestion {
  readonly peer: NodeName;
  readonly question: Question;
  readonly deadlineMs: number;
  readonly answer: (answer: CouncilAnswer | null) => void;
}

export function createCouncil(
  desk: Desk,
  self: { readonly node: NodeName; answer(question: Question, reply: (answer: CouncilAnswer) => void): void },
): Council {
  let nextRequestId = 1;
  const open = new Map<number, OpenQuestion>();
  const links = new Map<NodeName, LinkId>();
  const dialling = new Set<NodeName>();

  const put = (peer: NodeName, asked: CouncilQuestion, answer: OpenQuestion["answer"]): void => {
    const question: Question = { ...asked, requestId: nextRequestId++ };
    if (peer === self.node) return self.answer(question, answer);
    open.set(question.requestId, { peer, question, deadlineMs: desk.nowMs() + limits.councilDeadlineMs, answer });
    const link = links.get(peer);
    if (link !== undefined) return desk.send(link, question);
    if (dialling.has(peer)) return;
    dialling.add(peer);
    desk.dial(peer, "council");
  };

  const settle = (requestId: number, answer: CouncilAnswer | null): void => {
    const question = open.get(requestId);
    if (question === undefined) return;
    open.delete(requestId);
    question.answer(answer);
  };

  const failAll = (peer: NodeName): void => {
    for (const [requestId, question] of [...open]) if (question.peer === peer) settle(requestId, null);
  };

  return {
    ask(asked, question, then) {
      // Whoever has two roles is asked once, and answers for both.
      const peers = [...new Set(asked)];
      const answers = new Map<NodeName, CouncilAnswer | null>();
      if (peers.length === 0) return then(answers);
      for (const peer of peers) {
        put(peer, question, (answer) => {
          answers.set(peer, answer);
          if (answers.size === peers.length) then(answers);
        });
      }
    },
    opened(link, peer) {
      dialling.delete(peer);
      links.set(peer, link);
      for (const { question, peer: to } of open.values()) if (to === peer) desk.send(link, question);
    },
    closed(link) {
      for (const [peer, known] of links) {
        if (known !== link) continue;
        links.delete(peer);
        failAll(peer);
      }
    },
    dialFailed(peer) {
      dialling.delete(peer);
      failAll(peer);
    },
    replied({ requestId, granted, state, lost }) {
      settle(requestId, lost === undefined ? { granted, state } : { granted, state, lost });
    },
    tick() {
      const now = desk.nowMs();
      for (const [requestId, question] of [...open]) {
        if (question.deadlineMs > now) continue;
        // A peer that is silent on an open link may be half gone: the next question opens a new one.
        const link = links.get(question.peer);
        if (link !== undefined) desk.closeLink(link);
        links.delete(question.peer);
        settle(requestId, null);
      }
    },
  };
}
