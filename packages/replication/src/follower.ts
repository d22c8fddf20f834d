/**
 * The far side of a group on one node, above its secondary role: what hosts may do with its volumes, and the way from
 * secondary to primary (PROTOCOL 6.2). Its phases:
 *
 *     starting -> following -> promised -> decided -> rolling-forward -> open        needs-resync
 *
 * following: read-only; promised: a takeover has begun, only records are taken; decided: a decision is durable here, and
 * the others are asked whether it is durable at all of them, because only then may anybody open; open: hosts write.
 * One that missed a takeover learns the decision by asking, and joins at the same point (B6).
 *
 * needs-resync: its volumes hold nothing of use, because it lost them, was left out of a takeover, or could not join one.
 * It follows all the same, if there is a relay of its epoch to follow: it greets as blank, and is copied (PROTOCOL 9).
 */
import type { ByteRange } from "@waystation/contracts/byte-range";
import { sameEpoch } from "@waystation/contracts/ids";
import type { JournalUsage } from "@waystation/contracts/journal";
import type { Council, CouncilAnswers } from "./council.js";
import type { Desk, GroupEvent, HostOrder } from "./effects.js";
import { createDoors } from "./far-side-doors.js";
import { notOpen } from "./failures.js";
import { limits } from "./limits.js";
import { decisionMark, epochMark, markNames, readDecision, readEpoch, type Marks } from "./marks.js";
import { secondariesOf, volumesOn, type Membership } from "./membership.js";
import type { Decision } from "./messages.js";
import type { PreImageJournal } from "./pre-images.js";
import { createSecondary, type Secondary } from "./secondary.js";
import { writerOf, type Term } from "./term.js";
import type { Epoch, NodeName, VolumeName } from "./vocabulary.js";

export type FollowerPhase =
  "starting" | "following" | "copying" | "promised" | "decided" | "rolling-forward" | "open" | "needs-resync";

export interface Follower {
  readonly secondary: Secondary;
  start(): void;
  tick(): void;
  drain(): void;
  /** This node follows a higher epoch from now on. */
  epochChanged(): void;
  /** Takes points although a takeover was promised: see `promise` in messages.ts. */
  settlePoints(): void;
  /** Takes a decision, durably, then answers; false when this node cannot follow it. */
  decide(decision: Decision, answer: (granted: boolean) => void): void;
  /**
   * A change of term was promised: where hosts write here, what comes now waits; sessions stay open and reads go on until the
   * term comes (then `unfinished` is asked, and another machine goes on), or a decision leaves this node as it is.
   */
  pause(reason: string): void;
  /** The writes that wait, in order: they are not answered from here any more. */
  unfinished(): HostOrder[];
  hostWrite(event: Extract<GroupEvent, { kind: "host-write" }>): void;
  hostRead(event: Extract<GroupEvent, { kind: "host-read" }>): void;
  /** Whether the range may be read at once: `hostRead` would neither refuse it nor let it wait. */
  mayReadNow(volume: VolumeName, range: ByteRange): boolean;
  decision(): Decision | null;
  phase(): FollowerPhase;
  detail(): string;
}

export interface FollowerOptions {
  readonly desk: Desk;
  readonly self: NodeName;
  readonly membership: Membership;
  /** Null: as configured. */
  readonly term: Term | null;
  readonly marks: Marks;
  /** All marks, as they are whenever they are looked at: a log that was cleared meanwhile must not be taken for a kept one. */
  readonly live: Marks;
  readonly usage: () => JournalUsage;
  readonly preImages: PreImageJournal;
  /** The epoch of the term that this role is of. */
  readonly since: Epoch;
  readonly council: Council;
  readonly promised: () => Epoch;
  /** Follows a higher epoch, durably; calls `epochChanged` here. */
  readonly adopt: (epoch: Epoch, then: () => void) => void;
}

const leftOut = "left out of a takeover: it needs a full copy before it may follow again";

export function createFollower(options: FollowerOptions): Follower {
  const { desk, self, membership, marks, council } = options;
  const copies = volumesOn(membership, self, "secondary");
  const peers = secondariesOf(membership).filter((node) => node !== self);
  const secondary = createSecondary({ ...options, onChange: () => showAccess() });
  const doors = createDoors({ desk, volumes: copies, membership, marks: options.live });
  /** Durable: others open because they see it here. One of an earlier term, or that began one, is over. */
  let decision = takeoverOf(readDecision(marks), options.since);
  /** The last one given to the journal. */
  let taking = decision;
  const openSince = readEpoch(marks, markNames.promoted);
  let phase: Exclude<FollowerPhase, "copying"> = "starting";
  let detail = "";
  let nextInquiryMs = 0;
  let inquiring = false;

  /** What hosts may do, by phase and by what the volumes hold. */
  const showAccess = (): void => {
    if (phase === "starting") return doors.set("closed", detail);
    if (phase === "open") return doors.setWritten(writtenHere(), `taken-over volume of ${membership.group}`);
    const refusal = readRefusal();
    if (refusal !== "") return doors.set("closed", refusal);
    doors.set("read-only", `secondary volume of ${membership.group} (read-only until takeover)`);
  };

  /** Two that hold one volume must not both be written (PROTOCOL 6.4). */
  const writtenHere = (): ReadonlySet<VolumeName> => {
    const taken = decision ?? { participants: [], excluded: [] };
    return new Set(copies.filter((volume) => writerOf(volume, taken) === self).map(({ name }) => name));
  };

  /** Why nobody may read here; empty when hosts may. */
  const readRefusal = (): string => {
    if (phase === "open") return "";
    if (phase === "starting" || phase === "needs-resync") return detail;
    if (secondary.copyDue() !== "") return secondary.copyDue();
    if (secondary.isWhole()) return "";
    const copy = secondary.copy();
    const run = copy === null ? "it goes to another image" : `copy run ${copy.copyId} changes it`;
    return `its image is not consistent while ${run}`;
  };

  /** Where the epoch and the decision put this node, once its volumes are readable. */
  const settlePhase = (): void => {
    if (phase === "open" || phase === "rolling-forward") return;
    if (decision !== null && sameEpoch(decision.epoch, options.promised())) {
      phase = decision.excluded.includes(self) ? "needs-resync" : "decided";
      detail = `takeover decided: epoch ${decision.epoch.number}, sequence ${decision.sequence}`;
      secondary.setIntake("nothing", detail);
      nextInquiryMs = 0;
      if (phase === "needs-resync") detail = leftOut;
      return showAccess();
    }
    if (options.promised().number > options.since.number) {
      phase = "promised";
      detail = `epoch ${options.promised().number} is promised, and neither its takeover nor its term decided: run the command again`;
      secondary.setIntake("records-only", detail);
      return showAccess();
    }
    phase = "following";
    detail = "";
    showAccess();
  };

  const canFollow = ({ sequence, excluded }: Decision): boolean =>
    excluded.includes(self) || secondary.canReach(sequence);

  const take = (taken: Decision, answer: (granted: boolean) => void): void => {
    if (taking !== null && sameEpoch(taking.epoch, taken.epoch)) return desk.commit({}, () => answer(true));
    if (phase !== "open" && !canFollow(taken)) {
      const { sequence } = taken;
      const copy = secondary.copy();
      const run =
        copy === null ? "" : `, in the copy run ${copy.copyId} from ${copy.base} to ${copy.end ?? "an end not known"}`;
      desk.log(
        "error",
        `cannot follow the decision for ${sequence}: received ${secondary.received()}, applied up to ${secondary.applying()}${run}`,
      );
      return answer(false);
    }
    taking = taken;
    desk.commit({ marks: new Map([[markNames.decision, decisionMark(taken)]]) }, () => {
      decision = taken;
      // Hosts write here under this decision: what a change of term had stopped goes on.
      if (phase === "open" && sameEpoch(taken.epoch, options.promised())) doors.resume();
      if (phase === "open") showAccess();
      if (phase !== "starting") settlePhase();
      answer(true);
    });
  };

  /** Opens once every participant is seen to hold the decision. */
  const confirm = (): void => {
    if (decision === null || inquiring || desk.nowMs() < nextInquiryMs) return;
    inquiring = true;
    nextInquiryMs = desk.nowMs() + limits.takeoverPollMs;
    const expected = decision;
    const others = expected.participants.filter((node) => node !== self);
    // Those who took no part are asked too: a later takeover may have been decided among them.
    council.ask(peers, { kind: "inquire" }, (answers) => {
      inquiring = false;
      if (phase !== "decided" || decision === null || !sameEpoch(decision.epoch, expected.epoch)) return;
      // Another takeover may have been decided while this node was away: what is undone here will never be done.
      const later = decisionFrom(answers, expected.epoch.number + 1);
      if (later !== null) return options.adopt(later.epoch, () => join(later));
      const lacking = others.find((node) => {
        const theirs = answers.get(node)?.state.decision;
        return theirs === undefined || theirs === null || !sameEpoch(theirs.epoch, expected.epoch);
      });
      if (lacking === undefined) return roll(expected);
      detail = `waiting to see that ${lacking} holds the decision too`;
    });
  };

  const roll = ({ epoch, sequence }: Decision): void => {
    phase = "rolling-forward";
    const copy = secondary.copy();
    const isBack = copy !== null && sequence === copy.base;
    detail = isBack ? `going back to ${sequence}, before the copy run ${copy.copyId}` : `applying up to ${sequence}`;
    secondary.rollTo(sequence, () => {
      desk.commit({ marks: new Map([[markNames.promoted, epochMark(epoch)]]) }, openForHosts);
    });
  };

  const openForHosts = (): void => {
    phase = "open";
    detail = "taken over: hosts write here, on this array alone";
    secondary.setIntake("nothing", "this node has taken over");
    doors.open();
    showAccess();
    desk.log("info", `${membership.group}: taken over, open for hosts`);
  };

  /**
   * Without a relay, somebody may have taken over meanwhile: ask, and join. A rival's decision of the epoch number that
   * is promised here may be joined too: what was promised is not decided here, so nobody can have opened under it, and
   * after the change this node refuses it.
   */
  const lookForDecision = (): void => {
    if (inquiring || desk.nowMs() < nextInquiryMs) return;
    inquiring = true;
    nextInquiryMs = desk.nowMs() + limits.inquireIntervalMs;
    council.ask(peers, { kind: "inquire" }, (answers) => {
      inquiring = false;
      const theirs = decisionFrom(answers, options.promised().number);
      if (theirs === null || (phase !== "following" && phase !== "promised")) return;
      // It is known already that there is no way to join.
      if (secondary.copyDue() !== "" && !canFollow(theirs)) return;
      options.adopt(theirs.epoch, () => join(theirs));
    });
  };

  const join = (theirs: Decision): void => {
    take(theirs, (granted) => {
      if (!granted)
        dueForResync(
          `a takeover decided sequence ${theirs.sequence}, where this node cannot join: it needs a full copy`,
        );
    });
  };

  const dueForResync = (why: string): void => {
    phase = "needs-resync";
    detail = why;
    desk.log("error", `${membership.group}: ${why}`);
    secondary.setIntake("nothing", why);
    secondary.giveUp(why);
    showAccess();
  };

  /**
   * A node that had taken over opens again after it has asked the others: one of them may have gone on without it, and
   * two would be written as one volume. If none answers it opens: the others may be dead for good.
   */
  const reopen = (held: Epoch): void => {
    detail = "asking the other secondaries whether they have gone on without this node";
    showAccess();
    council.ask(peers, { kind: "inquire" }, (answers) => {
      const theirs = decisionFrom(answers, held.number);
      if (theirs === null || sameEpoch(theirs.epoch, held)) return openForHosts();
      phase = "promised";
      options.adopt(theirs.epoch, () => join(theirs));
    });
  };

  return {
    secondary,
    start() {
      if (decision?.excluded.includes(self) === true) {
        phase = "needs-resync";
        detail = leftOut;
        secondary.setIntake("nothing", detail);
        return showAccess();
      }
      // A later takeover may have confirmed this node where it was.
      if (openSince !== null) return reopen(decision?.epoch ?? openSince);
      detail = "the secondary is starting";
      showAccess();
      secondary.start(settlePhase);
    },
    tick() {
      doors.tick();
      if (phase === "decided") confirm();
      else if ((phase === "following" && !secondary.connected()) || phase === "promised") lookForDecision();
    },
    drain() {
      secondary.drain();
      doors.drain();
    },
    epochChanged() {
      if (phase !== "starting") settlePhase();
    },
    settlePoints() {
      if (phase === "promised") secondary.setIntake("all", detail);
    },
    decide(taken, answer) {
      if (sameEpoch(taken.epoch, options.promised())) return take(taken, answer);
      options.adopt(taken.epoch, () => take(taken, answer));
    },
    pause(reason) {
      doors.pause(reason);
    },
    unfinished: () => doors.unfinished(),
    hostWrite(event) {
      doors.write(event);
    },
    hostRead(event) {
      const refusal = readRefusal();
      if (refusal !== "") return desk.reply(event.request, notOpen(event.volume, refusal));
      doors.read(event);
    },
    mayReadNow: (volume, range) => readRefusal() === "" && doors.mayReadNow(volume, range),
    decision: () => decision,
    phase() {
      if (phase !== "following" && phase !== "promised") return phase;
      if (secondary.copyDue() !== "") return "needs-resync";
      return phase === "following" && secondary.copy() !== null ? "copying" : phase;
    },
    detail: () => (phase === "following" ? secondary.detail() || secondary.copyDue() : detail),
  };
}

/** A takeover's decision, of this epoch or a later one. */
function takeoverOf(decision: Decision | null, since: Epoch): Decision | null {
  return decision?.term === null && decision.epoch.number >= since.number ? decision : null;
}

/** A takeover's decision among the answers, of this epoch number or a higher one. What begins a term is the member's. */
function decisionFrom(answers: CouncilAnswers, epochNumber: number): Decision | null {
  for (const answer of answers.values()) {
    const decision = answer?.state.decision ?? null;
    if (decision !== null && decision.term === null && decision.epoch.number >= epochNumber) return decision;
  }
  return null;
}
