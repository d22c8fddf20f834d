/**
 * One group on one node: the roles it has there, the epoch they all follow, and the links between it and its peers.
 * `step` is the whole interface to time and to the world (DESIGN "Pure core, one loop").
 *
 * Epochs (PROTOCOL 6.1): every message carries its sender's. A lower one, or a rival's of the same number, is refused
 * on every stream. A higher one is adopted: the relay stops stamping, a primary stops serving, a secondary takes
 * records only, each durably before it says so to anyone.
 */
import assert from "node:assert/strict";
import type { ByteRange } from "@waystation/contracts/byte-range";
import { Failure } from "@waystation/contracts/errors";
import { initialEpoch, sameEpoch, type Sequence } from "@waystation/contracts/ids";
import type { JournalUsage } from "@waystation/contracts/journal";
import type { Channel } from "@waystation/contracts/link";
import { createCouncil, type CouncilAnswer } from "./council.js";
import { createDesk, type Effect, type GroupEvent, type LinkId } from "./effects.js";
import { createFollower } from "./follower.js";
import { limits } from "./limits.js";
import { epochMark, markNames, readEpoch, type Marks } from "./marks.js";
import { primariesOf, secondariesOf, type Membership } from "./membership.js";
import type { CouncilBody, GroupRole, MemberState, PeerMessage } from "./messages.js";
import { createOrigin } from "./origin.js";
import { createRelay } from "./relay.js";
import type { GroupStatus } from "./status.js";
import { createTakeover } from "./takeover.js";
import type { Epoch, NodeName, VolumeName } from "./vocabulary.js";

export interface Member {
  /** Takes one event; returns what must be done now, in this order. */
  step(event: GroupEvent, nowMs: number, wallMs: number): Effect[];
  /**
   * Whether a host may read the range now, without a step: the answer holds until the next one, so the read must be
   * over by then. A read that waits for a write, or that is to be refused, goes through `step`.
   */
  mayReadNow(volume: VolumeName, range: ByteRange): boolean;
  status(): GroupStatus;
}

export interface MemberOptions {
  readonly self: NodeName;
  readonly membership: Membership;
  /** The journal's marks as recovered; copied here. */
  readonly marks: Marks;
  /** The first record that the journal holds, as recovered. */
  readonly journalFirst: Sequence;
  readonly usage: () => JournalUsage;
  readonly uniqueId: () => string;
}

interface KnownLink {
  readonly peer: NodeName;
  readonly channel: Channel;
  readonly dialled: boolean;
}

/** A link that this node keeps open, whenever it is not. */
interface WantedLink {
  readonly peer: NodeName;
  readonly channel: Channel;
  state: "down" | "dialling" | "up";
  nextDialMs: number;
  /** Dials in a row that brought nothing but a refusal or a failure. */
  fruitless: number;
}

export function createMember(options: MemberOptions): Member {
  const { self, membership } = options;
  const marks: Marks = new Map(options.marks);
  let promised = readEpoch(marks, markNames.promised) ?? initialEpoch;
  const desk = createDesk({ epoch: () => promised, term: () => 0, onCommit() {}, uniqueId: options.uniqueId });
  const secondaries = secondariesOf(membership);
  const links = new Map<LinkId, KnownLink>();

  const isRelay = membership.relay === self;
  const isPrimary = primariesOf(membership).includes(self);
  const isSecondary = secondaries.includes(self);
  assert(isRelay || isPrimary || isSecondary, `${self} has no role in ${membership.group}`);
  const role: GroupRole = isRelay ? "relay" : isPrimary ? "primary" : "secondary";

  const relay = isRelay
    ? createRelay({
        desk,
        membership,
        marks,
        usage: options.usage,
        journalFirst: options.journalFirst,
        epoch: () => promised,
      })
    : null;
  const origin = isPrimary ? createOrigin({ desk, self, membership, marks, continues: false }) : null;
  const council = createCouncil(desk, { node: self, answer: (question, reply) => answerCouncil(question, reply) });
  const follower = isSecondary
    ? createFollower({
        desk,
        self,
        membership,
        marks,
        usage: options.usage,
        council,
        promised: () => promised,
        adopt: (epoch, then) => adopt(epoch, then),
      })
    : null;
  const takeover = createTakeover({
    desk,
    self,
    membership,
    council,
    promised: () => promised,
    promise: (epoch, then) => adopt(epoch, then),
  });

  const wanted: WantedLink[] = [
    ...(origin === null
      ? []
      : ([
          [membership.relay, "ingress"],
          [membership.relay, "lease"],
        ] as const)),
    ...(relay === null ? [] : secondaries.map((peer): [NodeName, Channel] => [peer, "ship"])),
  ].map(([peer, channel]) => ({ peer, channel, state: "down", nextDialMs: 0, fruitless: 0 }));
  let nextInquiryMs = 0;

  /** Follows a higher epoch: whatever this node did under the old one stops, durably, before `then`. */
  const adopt = (epoch: Epoch, then: () => void): void => {
    if (sameEpoch(epoch, promised)) return desk.commit({}, then);
    assert(epoch.number >= promised.number, "an epoch never goes back");
    promised = epoch;
    const change = new Map([[markNames.promised, epochMark(epoch)]]);
    origin?.fence(`another node has taken over the group (epoch ${epoch.number})`);
    follower?.epochChanged();
    if (relay === null) desk.commit({ marks: change }, then);
    else relay.fence(change, then);
  };

  const state = (): MemberState => ({
    node: self,
    role,
    roles: [role],
    relayPhase: relay?.phase() ?? "",
    term: null,
    copy: null,
    phase: (relay ?? origin ?? follower)?.phase() ?? "",
    promised,
    received: follower?.secondary.received() ?? (0 as Sequence),
    validated: follower?.secondary.validated() ?? (0 as Sequence),
    applied: follower?.secondary.applied() ?? (0 as Sequence),
    stamped: relay?.stamped() ?? (0 as Sequence),
    decision: follower?.decision() ?? null,
  });

  const answerCouncil = (
    question: Exclude<CouncilBody, { kind: "council-reply" }>,
    reply: (answer: CouncilAnswer) => void,
    epoch: Epoch = promised,
  ): void => {
    const answer = (granted: boolean): void => reply({ granted, state: state() });
    switch (question.kind) {
      case "inquire":
        return answer(true);
      case "promise":
        if (isBehind(epoch)) return answer(false);
        return adopt(epoch, () => {
          if (question.settle && sameEpoch(promised, epoch)) {
            relay?.settlePoints();
            follower?.settlePoints();
          }
          answer(sameEpoch(promised, epoch));
        });
      case "decide":
        if (follower === null || isBehind(question.decision.epoch)) return answer(false);
        return follower.decide(question.decision, answer);
    }
  };

  /** True for an epoch that this node must refuse. */
  const isBehind = (epoch: Epoch): boolean =>
    epoch.number < promised.number || (epoch.number === promised.number && !sameEpoch(epoch, promised));

  const receive = (link: LinkId, { epoch, body }: PeerMessage): void => {
    const known = links.get(link);
    if (known === undefined) return;
    if (known.channel === "council") return receiveCouncil(link, epoch, body as CouncilBody);
    if (isBehind(epoch)) {
      const detail = `epoch ${epoch.number} (${epoch.takeoverId}) is over: ${self} follows epoch ${promised.number}`;
      if (body.kind !== "refusal") desk.send(link, { kind: "refusal", reason: "stale-epoch", detail });
      desk.closeLink(link);
      return forget(link, "the peer's epoch is over");
    }
    if (epoch.number > promised.number) adopt(epoch, () => {});
    if (body.kind !== "refusal" && known.dialled) noteFruitful(known);
    deliver(link, known.channel, body);
  };

  const deliver = (link: LinkId, channel: Exclude<Channel, "council">, body: PeerMessage["body"]): void => {
    switch (channel) {
      case "ingress":
        if (origin !== null && links.get(link)?.dialled === true) origin.ingress(link, body as never);
        else relay?.ingress(link, body as never);
        return;
      case "lease":
        if (body.kind === "lease-challenge") {
          origin?.leaseChallenge(body.leaseMs);
          desk.send(link, { kind: "lease-renewal", id: body.id });
        } else if (body.kind === "lease-renewal") relay?.leaseRenewed(link, body.id);
        return;
      case "ship":
        if (relay !== null && links.get(link)?.dialled === true) relay.shipping.message(link, body as never);
        else follower?.secondary.message(link, body as never);
        return;
    }
  };

  const receiveCouncil = (link: LinkId, epoch: Epoch, body: CouncilBody): void => {
    if (body.kind === "council-reply") return council.replied(body);
    const { requestId } = body;
    answerCouncil(body, (answer) => desk.send(link, { kind: "council-reply", requestId, ...answer }), epoch);
  };

  const opened = ({ link, peer, channel, dialled }: Extract<GroupEvent, { kind: "link-opened" }>): void => {
    links.set(link, { peer, channel, dialled });
    const want = dialled ? wanted.find((entry) => entry.peer === peer && entry.channel === channel) : undefined;
    if (want !== undefined) want.state = "up";
    switch (channel) {
      case "ingress":
        return dialled ? origin?.ingressOpened(link) : relay?.ingressOpened(link, peer);
      case "lease":
        return dialled ? undefined : relay?.leaseOpened(link, peer);
      case "ship":
        return dialled ? relay?.shipping.opened(link, peer) : follower?.secondary.opened(link);
      case "council":
        return dialled ? council.opened(link, peer) : undefined;
    }
  };

  /** A link is gone, closed by the peer, by the network or by this node. */
  const forget = (link: LinkId, reason: string): void => {
    const known = links.get(link);
    if (known === undefined) return;
    links.delete(link);
    const { peer, channel, dialled } = known;
    if (dialled) dialAgain(peer, channel);
    switch (channel) {
      case "ingress":
        return dialled ? origin?.ingressClosed(link, reason) : relay?.ingressClosed(link);
      case "lease":
        return dialled ? undefined : relay?.leaseClosed(link);
      case "ship":
        return dialled ? relay?.shipping.closed(link) : follower?.secondary.closed(link);
      case "council":
        return dialled ? council.closed(link) : undefined;
    }
  };

  const dialAgain = (peer: NodeName, channel: Channel): void => {
    const want = wanted.find((entry) => entry.peer === peer && entry.channel === channel);
    if (want === undefined) return;
    want.state = "down";
    want.nextDialMs =
      desk.nowMs() + Math.min(limits.redialIntervalMs * 2 ** want.fruitless, limits.redialIntervalMaxMs);
    want.fruitless = Math.min(want.fruitless + 1, 16);
  };

  const noteFruitful = ({ peer, channel }: KnownLink): void => {
    const want = wanted.find((entry) => entry.peer === peer && entry.channel === channel);
    if (want !== undefined) want.fruitless = 0;
  };

  const dialWanted = (): void => {
    if (origin?.isClosed() === true) return;
    for (const want of wanted) {
      if (want.state !== "down" || desk.nowMs() < want.nextDialMs) continue;
      want.state = "dialling";
      desk.dial(want.peer, want.channel);
    }
  };

  /**
   * A primary asks the secondaries for their epoch before it opens (PROTOCOL 2a), and again while it has no relay: a
   * takeover that it missed must be noticed by whoever still answers.
   */
  const inquire = (): void => {
    if (origin === null || origin.isClosed() || desk.nowMs() < nextInquiryMs) return;
    if (origin.phase() === "open" && origin.stages().relayConnected) return;
    nextInquiryMs = desk.nowMs() + limits.inquireIntervalMs;
    council.ask(secondaries, { kind: "inquire" }, (answers) => {
      for (const answer of answers.values()) {
        const theirs = answer?.state.promised;
        if (theirs !== undefined && theirs.number > promised.number) adopt(theirs, () => {});
      }
      if (!origin.isClosed()) origin.confirmEpoch();
    });
  };

  const start = (): void => {
    // A primary that promised a takeover's epoch is no primary any more, whatever it was when it stopped.
    if (origin !== null && !sameEpoch(promised, initialEpoch))
      origin.fence(`another node has taken over the group (epoch ${promised.number})`);
    else origin?.start();
    follower?.start();
  };

  const handle = (event: GroupEvent): void => {
    switch (event.kind) {
      case "start":
        return start();
      case "tick":
        dialWanted();
        inquire();
        council.tick();
        takeover.tick();
        origin?.tick();
        relay?.tick();
        return follower?.tick();
      case "drain":
        origin?.drain();
        relay?.drain();
        return follower?.drain();
      case "link-opened":
        return opened(event);
      case "dial-failed":
        if (event.channel === "council") return council.dialFailed(event.peer);
        return dialAgain(event.peer, event.channel);
      case "link-closed":
        return forget(event.link, event.reason);
      case "message":
        return receive(event.link, event.message);
      case "committed":
      case "journal-read":
      case "stored":
      case "loaded":
      case "branched":
        return desk.answer(event);
      case "host-write":
        return follower === null ? origin?.hostWrite(event) : follower.hostWrite(event);
      case "host-read":
        return follower === null ? origin?.hostRead(event) : follower.hostRead(event);
      case "takeover":
        return takeover.run(event.request, event.command);
      case "term-change":
      case "command":
        return desk.reply(event.request, new Failure("GROUP_STATE", `${self} cannot do this yet`));
    }
  };

  return {
    step(event, nowMs, wallMs) {
      desk.beginStep(nowMs, wallMs);
      handle(event);
      // What this node closed itself, it forgets like what the network closed: the loop reports no such link.
      const effects = desk.takeEffects();
      for (const effect of effects) if (effect.kind === "close-link") forget(effect.link, "closed here");
      return effects.concat(desk.takeEffects());
    },
    mayReadNow: (volume, range) => (origin ?? follower)?.mayReadNow(volume, range) === true,
    status: () => ({
      group: membership.group,
      role,
      epoch: promised,
      phase: state().phase,
      detail: (relay ?? origin ?? follower)?.detail() ?? "",
      relay: relay?.stages() ?? null,
      primary: origin?.stages() ?? null,
      secondary: follower?.secondary.stages() ?? null,
    }),
  };
}
