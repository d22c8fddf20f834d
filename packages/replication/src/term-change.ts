/**
 * A change of term, as its coordinator runs it (B12, B13; term.ts):
 *
 *     look -> [take over first] -> promises: primaries pause, then everyone else stops -> plan again -> decide -> begun
 *
 * Looking changes nothing, and a dry run ends there. From the first promise on hosts wait, until the decision; it is
 * durable at each who has it, and each begins the term at once. Nobody writes under the new term who did not promise it,
 * nobody stamps under the old one who did: so it needs no majority, only those who write and stamp. Killed anywhere it is
 * run again, with a higher epoch, and finishes a decision that it finds before it makes one of its own.
 */
import { sameEpoch } from "@waystation/contracts/ids";
import type { TermChangeRequest } from "./control-front.js";
import {
  advanced,
  createPoll,
  highestPromised,
  isStalled,
  newestTerm,
  refusal,
  stateOf,
  type Advance,
  type TellStep,
} from "./coordination.js";
import type { Council, CouncilAnswers } from "./council.js";
import type { Desk, RequestId } from "./effects.js";
import { membersOf, primariesOf, type Membership } from "./membership.js";
import type { Decision } from "./messages.js";
import type { TakeoverResult } from "./status.js";
import type { Takeover } from "./takeover.js";
import { termRefusalTexts, type TermRefusal } from "./term-outcome.js";
import { planTerm, type TermPlan, type Verdict } from "./term-plan.js";
import type { Term } from "./term.js";
import type { Epoch, NodeName } from "./vocabulary.js";

export interface TermChange {
  run(request: RequestId, command: TermChangeRequest): void;
  tick(): void;
  isRunning(): boolean;
}

export interface TermChangeOptions {
  readonly desk: Desk;
  readonly self: NodeName;
  /** As the configuration says now. */
  readonly configured: () => Membership;
  /** Under the term that this node follows. */
  readonly membership: () => Membership;
  readonly term: () => Term | null;
  readonly promised: () => Epoch;
  readonly council: Council;
  /** A swap begins with one, if the far side was not taken over yet. */
  readonly takeover: Pick<Takeover, "start" | "isRunning">;
  /** There is a newer term than this node's: it begins it. */
  readonly catchUp: (answers: CouncilAnswers) => void;
  /** Promises an epoch at this node, durably, as any other member does. */
  readonly promise: (epoch: Epoch, whenDurable: () => void) => void;
}

interface Run {
  readonly command: TermChangeRequest;
  readonly tell: TellStep;
  readonly startedMs: number;
  epoch: Epoch;
  risks: readonly string[];
  absent: readonly NodeName[];
}

export function createTermChange(options: TermChangeOptions): TermChange {
  const { desk, self, configured, council } = options;
  const poll = createPoll(desk);
  let current: Run | null = null;

  const everyone = (): NodeName[] => [...new Set([...membersOf(options.membership()), ...membersOf(configured())])];

  const say = (run: Run, phase: string, message: string): void => {
    run.tell({ phase, message, elapsedMs: desk.nowMs() - run.startedMs, result: null });
  };

  const end = (run: Run, result: TakeoverResult): void => {
    if (current === run) {
      current = null;
      poll.clear();
    }
    const what = `${run.command.cause} of ${configured().group}: ${result.message}`;
    desk.log(result.outcome === "refused" ? "warn" : "info", what);
    run.tell({ phase: "end", message: result.message, elapsedMs: desk.nowMs() - run.startedMs, result });
  };

  const refuse = (run: Run, code: TermRefusal, about: string): void => {
    const { epoch, risks, absent } = run;
    end(run, refusal({ code, message: termRefusalTexts[code](about), epoch, risks, absent, participants: [self] }));
  };

  const look = (run: Run, catching: Advance | null): void => {
    const nodes = everyone();
    if (catching === null) say(run, "look", `asking ${nodes.join(", ")} where they stand`);
    council.ask(nodes, { kind: "inquire" }, (answers) => {
      const newest = newestTerm(answers);
      const isBehind = newest !== null && newest.epoch.number > (options.term()?.epoch.number ?? 0);
      if (isBehind) return catchUp(run, answers, catching ?? { value: 0, atMs: desk.nowMs() });
      run.absent = nodes.filter((node) => stateOf(answers, node) === null);
      const unfinished = unfinishedTerm(newest, answers);
      if (unfinished !== null) return finish(run, unfinished, answers);
      act(run, judge(run, answers, run.command.force));
    });
  };

  /** This node missed a term, or is about to begin it: it looks again with the roles of that one. */
  const catchUp = (run: Run, answers: CouncilAnswers, since: Advance): void => {
    if (run.command.dryRun || isStalled(since, desk.nowMs())) return refuse(run, "OTHER_TERM", self);
    options.catchUp(answers);
    poll.later(() => look(run, since));
  };

  /** A decided term that somebody who answers has not begun, although all who write under it could. */
  const unfinishedTerm = (newest: Decision | null, answers: CouncilAnswers): Decision | null => {
    if (newest?.term == null || !sameEpoch(newest.epoch, options.promised())) return null;
    const members = membersOf({ ...configured(), relay: newest.term.relay, volumes: newest.term.volumes });
    const lacks = (node: NodeName): boolean => {
      const state = stateOf(answers, node);
      return state !== null && (state.term === null || !sameEpoch(state.term.epoch, newest.epoch));
    };
    return members.some(lacks) ? newest : null;
  };

  const finish = (run: Run, decision: Decision, answers: CouncilAnswers): void => {
    say(run, "look", `already decided: the term of epoch ${decision.epoch.number} is not begun everywhere`);
    if (run.command.dryRun) return refuse(run, "OTHER_TERM", decision.participants.join(", "));
    run.epoch = decision.epoch;
    decide(run, decision, answers, decision.term?.cause === run.command.cause ? "end" : "look");
  };

  const judge = (run: Run, answers: CouncilAnswers, force: boolean): Verdict =>
    planTerm({
      ...{ self, cause: run.command.cause, force, answers },
      configured: configured(),
      membership: options.membership(),
      term: options.term(),
    });

  const act = (run: Run, verdict: Verdict): void => {
    switch (verdict.kind) {
      case "refusal":
        return refuse(run, verdict.code, verdict.about);
      case "take-over-first":
        run.risks = verdict.risks;
        return takeOver(run);
      case "plan":
        run.risks = verdict.plan.risks;
        if (run.command.dryRun) return foretell(run, verdict.plan);
        return promise(run, verdict.plan);
    }
  };

  const takeOver = (run: Run): void => {
    const { group, force, dryRun } = run.command;
    say(
      run,
      "take-over",
      "hosts write at the old primaries still: the far side takes over first, and everything is drained",
    );
    options.takeover.start({ group, force, without: [], dryRun }, ({ phase, message, result }) => {
      if (result === null) return say(run, phase, message);
      if (result.outcome !== "taken-over") return end(run, { ...result, risks: [...run.risks, ...result.risks] });
      look(run, null);
    });
  };

  const foretell = (run: Run, plan: TermPlan): void => {
    const message = `would ask ${everyone().join(", ")} to follow a new epoch, then: ${showPlan(plan)}`;
    const { epoch, absent, risks } = run;
    end(run, {
      ...{ outcome: "planned", code: "", message, epoch, absent, risks },
      ...{ sequence: plan.base, lost: "nothing", lostDetail: "data moves by the copy run only" },
      participants: plan.required,
    });
  };

  /** Those who write pause first: a relay that has stopped would end their sessions. */
  const promise = (run: Run, plan: TermPlan): void => {
    const present = everyone().filter((node) => !run.absent.includes(node));
    council.ask(present, { kind: "inquire" }, (looked) => {
      run.epoch = { number: highestPromised(looked, options.promised().number) + 1, takeoverId: desk.uniqueId() };
      const writers = primariesOf(options.membership()).filter((node) => present.includes(node));
      const others = present.filter((node) => !writers.includes(node));
      say(run, "promise", `epoch ${run.epoch.number}: host writes wait; asking ${present.join(", ")} to follow it`);
      const question = { kind: "promise", settle: false, purpose: "term" } as const;
      options.promise(run.epoch, () => {
        council.ask(writers, question, (first) => {
          council.ask(others, question, (second) => promised(run, plan, new Map([...first, ...second])));
        });
      });
    });
  };

  const promised = (run: Run, plan: TermPlan, answers: CouncilAnswers): void => {
    const silent = plan.required.find((node) => stateOf(answers, node) === null);
    if (silent !== undefined) return refuse(run, "MEMBER_LOST", silent);
    const rival = [...answers].find(([, answer]) => answer?.granted === false)?.[0];
    if (rival !== undefined) return refuse(run, "RIVAL_CHANGE", rival);
    planAgain(run, answers);
  };

  /**
   * What was promised stands still: the plan is made of what is true now. Who was there when it was looked at, and is needed
   * by nobody, holds up nobody: hosts are waiting.
   */
  const planAgain = (run: Run, answers: CouncilAnswers): void => {
    const verdict = judge(run, answers, true);
    if (verdict.kind === "refusal") return refuse(run, verdict.code, verdict.about);
    if (verdict.kind === "take-over-first") return refuse(run, "MEMBER_LOST", "who had taken over");
    const { plan } = verdict;
    const { relay, volumes, base, atBase, tail, sequence } = plan;
    const term: Term = { epoch: run.epoch, cause: run.command.cause, relay, volumes, base, atBase, tail };
    const participants = plan.required;
    const stamped = stateOf(answers, options.membership().relay)?.stamped ?? sequence;
    say(run, "decide", showPlan(plan));
    const decision = { epoch: run.epoch, sequence, participants, excluded: [], term, fenced: false, stamped };
    decide(run, decision, answers, "end");
  };

  const decide = (run: Run, decision: Decision, present: CouncilAnswers, after: "end" | "look"): void => {
    const nodes = [...present.keys()].filter((node) => stateOf(present, node) !== null);
    council.ask(nodes, { kind: "decide", decision }, (answers) => {
      const against = decision.participants.find((node) => answers.get(node)?.granted === false);
      if (against !== undefined) return refuse(run, "RIVAL_CHANGE", against);
      awaitBegun(run, { decision, nodes, after }, { value: -1, atMs: desk.nowMs() });
    });
  };

  interface Begin {
    readonly decision: Decision;
    readonly nodes: readonly NodeName[];
    readonly after: "end" | "look";
  }

  const awaitBegun = (run: Run, begin: Begin, before: Advance): void => {
    const { decision, nodes } = begin;
    council.ask(nodes, { kind: "inquire" }, (answers) => {
      const behind = nodes.filter((node) => {
        const term = stateOf(answers, node)?.term ?? null;
        return term === null || term.epoch.number < decision.epoch.number;
      });
      const advance = advanced(before, nodes.length - behind.length, desk.nowMs());
      const needed = behind.filter((node) => decision.participants.includes(node));
      if (behind.length > 0 && !isStalled(advance, desk.nowMs())) {
        if (before.value < 0)
          say(run, "begin", `${behind.join(", ")} to begin the term of epoch ${decision.epoch.number}`);
        return poll.later(() => awaitBegun(run, begin, advance));
      }
      if (needed.length > 0) return refuse(run, "TERM_STALLED", needed.join(", "));
      if (begin.after === "look") return look(run, null);
      succeed(run, decision, behind);
    });
  };

  const succeed = (run: Run, decision: Decision, behind: readonly NodeName[]): void => {
    const { term } = decision;
    const waits = behind.length === 0 ? "" : `; ${behind.join(", ")} will follow`;
    end(run, {
      ...{ outcome: "term-begun", code: "", epoch: decision.epoch, sequence: term?.base ?? decision.sequence },
      message: `${configured().group} goes on under epoch ${decision.epoch.number}: ${term === null ? "" : showRoles(term)}; what differs is being copied${waits}`,
      ...{ lost: "nothing", lostDetail: "nothing was given up: what differs is compared and copied" },
      ...{ participants: decision.participants, absent: run.absent, risks: run.risks },
    });
  };

  return {
    run(request, command) {
      const tell: TellStep = (step) => desk.takeoverProgress(request, step);
      const run: Run = {
        ...{ command, tell, startedMs: desk.nowMs(), epoch: options.promised(), risks: [], absent: [] },
      };
      if (current !== null || options.takeover.isRunning()) return refuse(run, "CHANGE_RUNNING", self);
      current = run;
      look(run, null);
    },
    tick: () => poll.tick(),
    isRunning: () => current !== null,
  };
}

function showPlan(plan: TermPlan): string {
  return `${showRoles(plan)}; numbers go on above ${plan.base}`;
}

function showRoles({ relay, volumes }: Pick<Term, "relay" | "volumes">): string {
  const places = volumes.map(
    ({ name, primary, secondaries }) => `${name} from ${primary} to ${secondaries.join(", ")}`,
  );
  return `${places.join("; ")}; relay ${relay}`;
}
