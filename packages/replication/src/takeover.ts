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
import {
  advanced,
  createPoll,
  highestPromised,
  isStalled,
  lowestReceived,
  newestTakeover,
  newestTerm,
  refusal,
  stateOf,
  unfinishedBase,
  type Advance,
  type TellStep,
} from "./coordination.js";
import type { Council, CouncilAnswers } from "./council.js";
import type { Desk } from "./effects.js";
import { showLostWrites } from "./lost-writes.js";
import { membersOf, primariesOf, secondariesOf, type Membership } from "./membership.js";
import type { Decision } from "./messages.js";
import type { TakeoverResult } from "./status.js";
import { lookBeforeTakeover, sequenceOf } from "./takeover-look.js";
import {
  describeLoss,
  foretell,
  refusalTexts,
  type Loss,
  type TakeoverRefusal,
  withoutTheirs,
} from "./takeover-outcome.js";
import type { Term } from "./term.js";
import type { Epoch, NodeName } from "./vocabulary.js";

export interface Takeover {
  start(command: TakeoverRequest, tell: TellStep): void;
  isRunning(): boolean;
  tick(): void;
}

export interface TakeoverOptions {
  readonly desk: Desk;
  readonly self: NodeName;
  /** Under the term that this node follows. */
  readonly membership: () => Membership;
  readonly term: () => Term | null;
  readonly council: Council;
  /** There is a newer term than this node's: it begins it. */
  readonly catchUp: (answers: CouncilAnswers) => void;
  readonly promised: () => Epoch;
  /** Promises an epoch at this node, durably, as any other member does. */
  readonly promise: (epoch: Epoch, whenDurable: () => void) => void;
}

/** What one run has learned so far. */
interface Run {
  readonly tell: TellStep;
  readonly dryRun: boolean;
  mayHaveGoneOnAlone: boolean;
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
  const poll = createPoll(desk);

  const tell = (run: Run, phase: string, message: string): void => {
    run.tell({ phase, message, elapsedMs: desk.nowMs() - run.startedMs, result: null });
  };

  const end = (run: Run, result: TakeoverResult): void => {
    // One that was refused because another is running leaves that one and its poll alone.
    if (current === run) {
      current = null;
      poll.clear();
    }
    const elapsedMs = desk.nowMs() - run.startedMs;
    desk.log(result.outcome === "refused" ? "warn" : "info", `takeover of ${membership.group}: ${result.message}`);
    run.tell({ phase: "end", message: result.message, elapsedMs, result });
  };

  const refuse = (run: Run, code: TakeoverRefusal, about: string): void => {
    const { epoch, participants, absent, risks } = run;
    end(run, refusal({ code, message: refusalTexts[code](about), epoch, participants, absent, risks }));
  };

  const look = (run: Run): void => {
    const everyone = membersOf(membership);
    tell(run, "look", `asking ${everyone.join(", ")} where they stand`);
    council.ask(everyone, { kind: "inquire" }, (answers) => {
      if ((newestTerm(answers)?.epoch.number ?? 0) > (options.term()?.epoch.number ?? 0)) {
        options.catchUp(answers);
        return refuse(run, "OTHER_TERM", self);
      }
      const settled = settledDecision(answers);
      if (settled !== null && !run.dryRun) {
        run.epoch = settled.epoch;
        run.participants = settled.participants;
        run.adopted = settled;
        tell(run, "look", `already decided: epoch ${settled.epoch.number}, sequence ${settled.sequence}`);
        return decide(run, settled);
      }
      const seen = lookBeforeTakeover({ membership, answers, force: run.force, excluded: run.excluded });
      run.absent = seen.absent;
      run.participants = seen.participants;
      run.risks = [...seen.risks];
      run.mayHaveGoneOnAlone = seen.mayHaveGoneOnAlone;
      if (run.dryRun) return end(run, foretell(membership, { seen, settled, answers, epoch: run.epoch }));
      if (seen.refusal !== null) return refuse(run, ...seen.refusal);
      collectPromises(run, answers);
    });
  };

  /** The decision that all who promised the highest epoch know of: that takeover is over, or needs only be finished. */
  const settledDecision = (answers: CouncilAnswers): Decision | null => {
    const newest = newestTakeover(answers, options.term());
    if (newest === null) return null;
    for (const node of secondaries) {
      const state = stateOf(answers, node);
      if (state !== null && state.promised.number > newest.epoch.number) return null;
    }
    const alive = newest.participants.every((node) => stateOf(answers, node) !== null);
    return alive || stateOf(answers, self)?.phase === "open" ? newest : null;
  };

  /** Secondaries that neither take part nor were given up. */
  const missingOf = (run: Run): NodeName[] =>
    secondaries.filter((node) => !run.participants.includes(node) && !run.excluded.includes(node));

  /** Forced, the takeover may decide below what is stamped: then nothing may pass it meanwhile. */
  const settles = (run: Run): boolean => !run.force && run.participants.length === secondaries.length;

  const collectPromises = (run: Run, looked: CouncilAnswers): void => {
    const highest = highestPromised(looked, options.promised().number);
    run.epoch = { number: highest + 1, takeoverId: desk.uniqueId() };
    tell(run, "promise", `epoch ${run.epoch.number}: asking ${run.participants.join(", ")} to follow it`);
    options.promise(run.epoch, () => {
      council.ask(run.participants, { kind: "promise", settle: settles(run), purpose: "takeover" }, (answers) => {
        const silent = run.participants.find((node) => stateOf(answers, node) === null);
        if (silent !== undefined) return refuse(run, "PARTICIPANT_LOST", silent);
        const rival = run.participants.find((node) => answers.get(node)?.granted === false);
        if (rival !== undefined) return refuse(run, "RIVAL_TAKEOVER", rival);
        run.adopted = newestTakeover(answers, options.term());
        const alive = [relay, ...primaries].filter((node) => stateOf(looked, node) !== null);
        fence(run, alive, answers);
      });
    });
  };

  const fence = (run: Run, alive: readonly NodeName[], promises: CouncilAnswers): void => {
    if (alive.length > 0) tell(run, "fence", `fencing ${alive.join(", ")}`);
    council.ask(alive, { kind: "promise", settle: settles(run), purpose: "takeover" }, (fenced) => {
      const answers: CouncilAnswers = new Map([...promises, ...fenced]);
      const relayAnswer = answers.get(relay) ?? null;
      if (relayAnswer?.granted === true && relayAnswer.state.relayPhase === "fenced")
        run.fencedAt = relayAnswer.state.stamped;
      else if (!run.force) return refuse(run, "RELAY_UNREACHABLE", relay);
      if (run.adopted !== null)
        return decide(run, { ...run.adopted, epoch: run.epoch, participants: run.participants, ...fenceOf(run) });
      // With one missing, the highest validate decides, and more records would not move it. Nor would they in a copy run
      // that nobody can end any more: the volumes go back to its base.
      const base = unfinishedBase(answers, run.participants, run.fencedAt ?? noSequence);
      if (run.fencedAt === null || missingOf(run).length > 0 || base !== null) return choose(run);
      tell(run, "drain", `${relay} is fenced at ${run.fencedAt}; draining its journal`);
      drain(run, { value: noSequence, atMs: desk.nowMs() });
    });
  };

  /** Waits until every participant has received what the fenced relay stamped, as long as it goes on. */
  const drain = (run: Run, progress: Advance): void => {
    council.ask(run.participants, { kind: "inquire" }, (answers) => {
      const silent = run.participants.find((node) => stateOf(answers, node) === null);
      if (silent !== undefined) return refuse(run, "PARTICIPANT_LOST", silent);
      const received = lowestReceived(answers, run.participants);
      if (run.fencedAt === null || received >= run.fencedAt) return choose(run);
      const moved = advanced(progress, received, desk.nowMs());
      if (!isStalled(moved, desk.nowMs())) return poll.later(() => drain(run, moved));
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
      const { participants, excluded } = run;
      const sequence = sequenceOf({ membership, answers, participants, excluded, force: run.force });
      // Until the relay was fenced it may have stamped more than this run saw when it looked around.
      const isBack = unfinishedBase(answers, participants, sequence) === sequence;
      if (!run.force && !isBack && run.fencedAt !== null && sequence < run.fencedAt) {
        return refuse(run, "WOULD_LOSE_WRITES", `${missing.join(", ")} (${sequence + 1}..${run.fencedAt})`);
      }
      const { epoch } = run;
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
      awaitOpen(run, decision, { value: -1, atMs: desk.nowMs() });
    });
  };

  const awaitOpen = (run: Run, decision: Decision, progress: Advance): void => {
    const waitFor = decision.participants;
    council.ask(waitFor, { kind: "inquire" }, (answers) => {
      const rolling = waitFor.filter((node) => stateOf(answers, node)?.phase !== "open");
      if (rolling.length === 0) return succeed(run, decision);
      const applied = waitFor.reduce((sum, node) => sum + (stateOf(answers, node)?.applied ?? 0), 0);
      const moved = advanced(progress, applied, desk.nowMs());
      if (progress.value < 0) tell(run, "roll-forward", `${rolling.join(", ")} to sequence ${decision.sequence}`);
      if (!isStalled(moved, desk.nowMs())) return poll.later(() => awaitOpen(run, decision, moved));
      refuse(run, "ROLL_FORWARD_STALLED", rolling.join(", "));
    });
  };

  /** What is lost is named by number and extent if its relay can still say it (E5). */
  const succeed = (run: Run, decision: Decision): void => {
    const loss = lossOf(run, decision);
    if (loss.lost === "nothing" || run.fencedAt === null) return report(run, decision, loss);
    council.ask([relay], { kind: "inquire", lostAbove: decision.sequence }, (answers) => {
      const lost = answers.get(relay)?.lost;
      const named = lost === undefined ? "" : `: ${showLostWrites(lost)}`;
      report(run, decision, { ...loss, lostDetail: `${loss.lostDetail}${named}` });
    });
  };

  const report = (run: Run, decision: Decision, loss: Loss): void => {
    const { absent, risks } = run;
    end(run, {
      outcome: "taken-over",
      code: "",
      message: `${membership.group} is open on ${decision.participants.join(", ")} at sequence ${decision.sequence}`,
      epoch: decision.epoch,
      sequence: decision.sequence,
      ...loss,
      participants: decision.participants,
      absent,
      risks,
    });
  };

  /** A relay that knew the group to be suspended cannot tell what primaries did on their own since. */
  const lossOf = (run: Run, decision: Decision): Loss => {
    const loss = describeLoss(decision, relay);
    return run.mayHaveGoneOnAlone ? withoutTheirs(loss) : loss;
  };

  return {
    start(command, tellStep) {
      if (current === null) {
        membership = options.membership();
        relay = membership.relay;
        secondaries = secondariesOf(membership);
        primaries = primariesOf(membership);
      }
      const startedMs = desk.nowMs();
      const run: Run = {
        tell: tellStep,
        dryRun: command.dryRun,
        mayHaveGoneOnAlone: false,
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
    isRunning: () => current !== null,
    tick: () => poll.tick(),
  };
}

/** What a decision says of the relay's end; nothing when this run could not fence it, an earlier one perhaps could. */
function fenceOf({ fencedAt }: Run): Partial<Pick<Decision, "fenced" | "stamped">> {
  return fencedAt === null ? {} : { fenced: true, stamped: fencedAt };
}
