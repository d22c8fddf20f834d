/**
 * Takeover, as its coordinator runs it (PROTOCOL 6; B11, B14):
 *
 *     look around -> promises from the secondaries -> fence relay and primaries -> drain -> decide C -> roll forward
 *
 * Looking around changes nothing: a takeover that must be refused is refused there. From the first promise on, every
 * step is durable at those who take part and can be repeated: killed anywhere, it is run again with a higher epoch and
 * adopts any decision it finds, because with a decision held by all, one of them may have let hosts write already.
 */
import { noSequence, sameEpoch, type Sequence } from "@waystation/contracts/ids";
import type { TakeoverRequest } from "./control-front.js";
import type { Council, CouncilAnswer, CouncilAnswers } from "./council.js";
import type { Desk, RequestId } from "./effects.js";
import { limits } from "./limits.js";
import { primariesOf, secondariesOf, volumesOn, type Membership } from "./membership.js";
import type { Decision, MemberState } from "./messages.js";
import type { TakeoverResult } from "./status.js";
import { describeLoss, refusalTexts, type TakeoverRefusal } from "./takeover-outcome.js";
import type { Epoch, NodeName } from "./vocabulary.js";

export interface Takeover {
  run(request: RequestId, command: TakeoverRequest): void;
  tick(): void;
}

export interface TakeoverOptions {
  readonly desk: Desk;
  readonly self: NodeName;
  /** Under the term that this node follows. */
  readonly membership: () => Membership;
  readonly council: Council;
  readonly promised: () => Epoch;
  /** Promises an epoch at this node, durably, as any other member does. */
  readonly promise: (epoch: Epoch, whenDurable: () => void) => void;
}

/** What one run has learned so far. */
interface Run {
  readonly request: RequestId;
  readonly force: boolean;
  readonly startedMs: number;
  readonly excluded: readonly NodeName[];
  participants: readonly NodeName[];
  absent: readonly NodeName[];
  epoch: Epoch;
  /** The decision of an earlier takeover, which this one must keep to. */
  adopted: Decision | null;
  /** The relay's last durable number once it is fenced; null when it could not be. */
  fencedAt: Sequence | null;
  risks: string[];
}

export function createTakeover(options: TakeoverOptions): Takeover {
  const { desk, self, council } = options;
  let membership = options.membership();
  let { relay } = membership;
  let secondaries = secondariesOf(membership);
  let primaries = primariesOf(membership);
  let current: Run | null = null;
  /** What is to be done at the next poll. */
  let poll: { readonly atMs: number; readonly then: () => void } | null = null;

  const tell = (run: Run, phase: string, message: string): void => {
    const elapsedMs = desk.nowMs() - run.startedMs;
    desk.takeoverProgress(run.request, { phase, message, elapsedMs, result: null });
  };

  const end = (run: Run, result: TakeoverResult): void => {
    // One that was refused because another is running leaves that one and its poll alone.
    if (current === run) {
      current = null;
      poll = null;
    }
    const elapsedMs = desk.nowMs() - run.startedMs;
    desk.log(result.outcome === "refused" ? "warn" : "info", `takeover of ${membership.group}: ${result.message}`);
    desk.takeoverProgress(run.request, { phase: "end", message: result.message, elapsedMs, result });
  };

  const refuse = (run: Run, code: TakeoverRefusal, about: string): void => {
    const { epoch, participants, absent, risks } = run;
    const message = refusalTexts[code](about);
    const common = {
      epoch,
      sequence: noSequence,
      lost: "unknown",
      lostDetail: "",
      participants,
      absent,
      risks,
    } as const;
    end(run, { outcome: "refused", code, message, ...common });
  };

  const later = (then: () => void): void => {
    poll = { atMs: desk.nowMs() + limits.takeoverPollMs, then };
  };

  const look = (run: Run): void => {
    tell(run, "look", `asking ${[...secondaries, relay, ...primaries].join(", ")} where they stand`);
    council.ask([...new Set([...secondaries, relay, ...primaries])], { kind: "inquire" }, (answers) => {
      const settled = settledDecision(answers);
      if (settled !== null) {
        run.epoch = settled.epoch;
        run.participants = settled.participants;
        run.adopted = settled;
        tell(run, "look", `already decided: epoch ${settled.epoch.number}, sequence ${settled.sequence}`);
        return decide(run, settled);
      }
      run.absent = secondaries.filter((node) => stateOf(answers, node) === null);
      run.participants = secondaries.filter((node) => stateOf(answers, node) !== null && !run.excluded.includes(node));
      for (const node of run.excluded) {
        const volumes = volumesOn(membership, node, "secondary").map(({ name }) => name);
        run.risks.push(
          `${volumes.join(", ")} cannot be used at the far side: ${node} is left out until it got a full copy`,
        );
      }
      const refusal = preconditions(run, answers);
      if (refusal !== null) return refuse(run, ...refusal);
      collectPromises(run, answers);
    });
  };

  /** The decision that all who promised the highest epoch know of: that takeover is over, or needs only be finished. */
  const settledDecision = (answers: CouncilAnswers): Decision | null => {
    const newest = newestDecision(answers);
    if (newest === null) return null;
    for (const node of secondaries) {
      const state = stateOf(answers, node);
      if (state !== null && state.promised.number > newest.epoch.number) return null;
    }
    const alive = newest.participants.every((node) => stateOf(answers, node) !== null);
    return alive || stateOf(answers, self)?.phase === "open" ? newest : null;
  };

  const preconditions = (run: Run, answers: CouncilAnswers): [TakeoverRefusal, string] | null => {
    // One that needs a resync is of no use to this takeover, there or not: it may be left out.
    const present = run.excluded.find((node) => !["needs-resync", undefined].includes(stateOf(answers, node)?.phase));
    if (present !== undefined) return ["NODE_IS_PRESENT", present];
    const unready = run.participants.find((node) => stateOf(answers, node)?.phase === "needs-resync");
    if (unready !== undefined) return ["NEEDS_RESYNC", unready];
    const relayState = stateOf(answers, relay);
    if (relayState === null || relayState.phase === "journal-lost") {
      run.risks.push(
        `${relay} could not be fenced: if it and a primary are alive, hosts there may still be acknowledged (split brain)`,
      );
      // Neither survivor can know of the other's forced takeover, and no third one kept a promise: only people can.
      for (const node of run.absent.filter((absent) => !run.excluded.includes(absent))) {
        run.risks.push(
          `${node} does not answer: if a takeover was begun there and its end was not seen, run it there, not here (two images)`,
        );
      }
      return run.force ? null : ["RELAY_UNREACHABLE", relay];
    }
    const missing = run.absent.filter((node) => !run.excluded.includes(node));
    const point = highestValidated(answers, run.participants);
    if (missing.length > 0 && point < relayState.stamped) {
      const about = `${missing.join(", ")} (${point + 1}..${relayState.stamped})`;
      run.risks.push(
        `acknowledged writes ${point + 1}..${relayState.stamped} cannot be settled without ${missing.join(", ")}`,
      );
      return run.force ? null : ["WOULD_LOSE_WRITES", about];
    }
    return null;
  };

  /** Secondaries that neither take part nor were given up. */
  const missingOf = (run: Run): NodeName[] =>
    secondaries.filter((node) => !run.participants.includes(node) && !run.excluded.includes(node));

  /** Forced, the takeover may decide below what is stamped: then nothing may pass it meanwhile. */
  const settles = (run: Run): boolean => !run.force && run.participants.length === secondaries.length;

  const collectPromises = (run: Run, looked: CouncilAnswers): void => {
    const highest = Math.max(
      options.promised().number,
      ...[...looked.values()].map((answer) => answer?.state.promised.number ?? 0),
    );
    run.epoch = { number: highest + 1, takeoverId: desk.uniqueId() };
    tell(run, "promise", `epoch ${run.epoch.number}: asking ${run.participants.join(", ")} to follow it`);
    options.promise(run.epoch, () => {
      council.ask(run.participants, { kind: "promise", settle: settles(run), purpose: "takeover" }, (answers) => {
        const silent = run.participants.find((node) => stateOf(answers, node) === null);
        if (silent !== undefined) return refuse(run, "PARTICIPANT_LOST", silent);
        const rival = run.participants.find((node) => answers.get(node)?.granted === false);
        if (rival !== undefined) return refuse(run, "RIVAL_TAKEOVER", rival);
        run.adopted = newestDecision(answers);
        const alive = [relay, ...primaries].filter((node) => stateOf(looked, node) !== null);
        fence(run, alive);
      });
    });
  };

  const fence = (run: Run, alive: readonly NodeName[]): void => {
    if (alive.length > 0) tell(run, "fence", `fencing ${alive.join(", ")}`);
    council.ask(alive, { kind: "promise", settle: settles(run), purpose: "takeover" }, (answers) => {
      const relayAnswer = answers.get(relay) ?? null;
      if (relayAnswer?.granted === true && relayAnswer.state.phase === "fenced")
        run.fencedAt = relayAnswer.state.stamped;
      else if (!run.force) return refuse(run, "RELAY_UNREACHABLE", relay);
      if (run.adopted !== null)
        return decide(run, { ...run.adopted, epoch: run.epoch, participants: run.participants, ...fenceOf(run) });
      // With one missing, the highest validate decides, and more records would not move it.
      if (run.fencedAt === null || missingOf(run).length > 0) return choose(run);
      tell(run, "drain", `${relay} is fenced at ${run.fencedAt}; draining its journal`);
      drain(run, { received: noSequence, atMs: desk.nowMs() });
    });
  };

  /** Waits until every participant has received what the fenced relay stamped, as long as it goes on. */
  const drain = (run: Run, progress: { received: number; atMs: number }): void => {
    council.ask(run.participants, { kind: "inquire" }, (answers) => {
      const silent = run.participants.find((node) => stateOf(answers, node) === null);
      if (silent !== undefined) return refuse(run, "PARTICIPANT_LOST", silent);
      const received = lowestReceived(answers, run.participants);
      if (run.fencedAt === null || received >= run.fencedAt) return choose(run);
      const moved = received > progress.received ? { received, atMs: desk.nowMs() } : progress;
      if (desk.nowMs() - moved.atMs < limits.drainStallMs) return later(() => drain(run, moved));
      if (!run.force) return refuse(run, "DRAIN_STALLED", `${received} of ${run.fencedAt}`);
      choose(run);
    });
  };

  /** Which C (PROTOCOL 6.3). */
  const choose = (run: Run): void => {
    council.ask(run.participants, { kind: "inquire" }, (answers) => {
      const silent = run.participants.find((node) => stateOf(answers, node) === null);
      if (silent !== undefined) return refuse(run, "PARTICIPANT_LOST", silent);
      const missing = missingOf(run);
      const sequence =
        missing.length === 0 ? lowestReceived(answers, run.participants) : highestValidated(answers, run.participants);
      // Until the relay was fenced it may have stamped more than this run saw when it looked around.
      if (!run.force && run.fencedAt !== null && sequence < run.fencedAt) {
        return refuse(run, "WOULD_LOSE_WRITES", `${missing.join(", ")} (${sequence + 1}..${run.fencedAt})`);
      }
      const { epoch, participants, excluded } = run;
      decide(run, {
        epoch,
        sequence,
        participants,
        excluded,
        term: null,
        fenced: false,
        stamped: noSequence,
        ...fenceOf(run),
      });
    });
  };

  const decide = (run: Run, decision: Decision): void => {
    tell(run, "decide", `sequence ${decision.sequence} on ${decision.participants.join(", ")}`);
    council.ask(decision.participants, { kind: "decide", decision }, (answers) => {
      const silent = decision.participants.find((node) => stateOf(answers, node) === null);
      // Those who did not get it may be down for good; whoever has it holds on to it until the takeover is run again.
      if (silent !== undefined && stateOf(answers, self)?.phase !== "open")
        return refuse(run, "PARTICIPANT_LOST", silent);
      const against = decision.participants.find((node) => answers.get(node)?.granted === false);
      if (against !== undefined) {
        const theirs = stateOf(answers, against)?.promised;
        const follows = theirs !== undefined && sameEpoch(theirs, decision.epoch);
        return refuse(run, follows ? "CANNOT_FOLLOW" : "RIVAL_TAKEOVER", against);
      }
      awaitOpen(run, decision, { applied: -1, atMs: desk.nowMs() });
    });
  };

  const awaitOpen = (run: Run, decision: Decision, progress: { applied: number; atMs: number }): void => {
    const waitFor = decision.participants;
    council.ask(waitFor, { kind: "inquire" }, (answers) => {
      const rolling = waitFor.filter((node) => stateOf(answers, node)?.phase !== "open");
      if (rolling.length === 0) return succeed(run, decision);
      const applied = waitFor.reduce((sum, node) => sum + (stateOf(answers, node)?.applied ?? 0), 0);
      const moved = applied > progress.applied ? { applied, atMs: desk.nowMs() } : progress;
      if (progress.applied < 0) tell(run, "roll-forward", `${rolling.join(", ")} to sequence ${decision.sequence}`);
      if (desk.nowMs() - moved.atMs < limits.drainStallMs) return later(() => awaitOpen(run, decision, moved));
      refuse(run, "ROLL_FORWARD_STALLED", rolling.join(", "));
    });
  };

  const succeed = (run: Run, decision: Decision): void => {
    const { absent, risks } = run;
    end(run, {
      outcome: "taken-over",
      code: "",
      message: `${membership.group} is open on ${decision.participants.join(", ")} at sequence ${decision.sequence}`,
      epoch: decision.epoch,
      sequence: decision.sequence,
      ...describeLoss(decision, relay),
      participants: decision.participants,
      absent,
      risks,
    });
  };

  return {
    run(request, command) {
      if (current === null) {
        membership = options.membership();
        relay = membership.relay;
        secondaries = secondariesOf(membership);
        primaries = primariesOf(membership);
      }
      const startedMs = desk.nowMs();
      const run: Run = {
        request,
        force: command.force,
        startedMs,
        excluded: secondaries.filter((node) => command.without.includes(node)),
        participants: [self],
        absent: [],
        epoch: options.promised(),
        adopted: null,
        fencedAt: null,
        risks: [],
      };
      const unknown = command.without.find((name) => !secondaries.some((node) => node === name && node !== self));
      if (current !== null) return refuse(run, "TAKEOVER_RUNNING", self);
      if (unknown !== undefined) return refuse(run, "NOT_A_PEER", unknown);
      current = run;
      look(run);
    },
    tick() {
      if (poll === null || desk.nowMs() < poll.atMs) return;
      const { then } = poll;
      poll = null;
      then();
    },
  };
}

/** What a decision says of the relay's end; nothing when this run could not fence it, an earlier one perhaps could. */
function fenceOf({ fencedAt }: Run): Partial<Pick<Decision, "fenced" | "stamped">> {
  return fencedAt === null ? {} : { fenced: true, stamped: fencedAt };
}

function stateOf(answers: CouncilAnswers, node: NodeName): MemberState | null {
  const answer: CouncilAnswer | null | undefined = answers.get(node);
  return answer?.state ?? null;
}

function newestDecision(answers: CouncilAnswers): Decision | null {
  let newest: Decision | null = null;
  for (const answer of answers.values()) {
    const decision = answer?.state.decision ?? null;
    if (decision === null || (newest !== null && decision.epoch.number <= newest.epoch.number)) continue;
    newest = decision;
  }
  return newest;
}

function lowestReceived(answers: CouncilAnswers, nodes: readonly NodeName[]): Sequence {
  return Math.min(...nodes.map((node) => stateOf(answers, node)?.received ?? noSequence)) as Sequence;
}

function highestValidated(answers: CouncilAnswers, nodes: readonly NodeName[]): Sequence {
  return Math.max(...nodes.map((node) => stateOf(answers, node)?.validated ?? noSequence)) as Sequence;
}
