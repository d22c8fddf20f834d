/**
 * One group on one node: the epoch that everything there follows, the term whose roles it has, and the links between it
 * and its peers. `step` is the whole interface to time and to the world (DESIGN "Pure core, one loop").
 *
 * Epochs (PROTOCOL 6.1): every message carries its sender's. A lower one, or a rival's of the same number, is refused
 * on every stream. A higher one is adopted: the relay stops stamping, a primary stops serving, a secondary takes
 * records only, each durably before it says so to anyone. Every message also says of which term its sender's roles are;
 * what comes from another term's roles is refused unread, and whoever is behind asks.
 *
 * Marks are kept live here, so that the machines of another term are built from them as after a restart.
 */
import assert from "node:assert/strict";
import type { ByteRange } from "@waystation/contracts/byte-range";
import { Failure } from "@waystation/contracts/errors";
import { initialEpoch, sameEpoch, type Sequence } from "@waystation/contracts/ids";
import type { JournalUsage } from "@waystation/contracts/journal";
import type { Channel } from "@waystation/contracts/link";
import { createCouncil } from "./council.js";
import { answerQuestions, isOver } from "./council-answers.js";
import { createDesk, type Effect, type GroupEvent, type HostOrder, type LinkId } from "./effects.js";
import { limits } from "./limits.js";
import { markNames, readEpoch, readTerm } from "./marks.js";
import { createMemberLinks, type KnownLink } from "./member-links.js";
import { membersOf, secondariesOf, type Membership } from "./membership.js";
import type { CouncilBody, Decision, GroupRole, MemberState, PeerMessage } from "./messages.js";
import type { PreImageJournal } from "./pre-images.js";
import { createRoles, promiseMarks, type Roles } from "./roles.js";
import type { GroupStatus } from "./status.js";
import { createTakeover } from "./takeover.js";
import { createTermChange } from "./term-change.js";
import { createTermKeeper } from "./term-keeper.js";
import { marksAtTermStart, type TermStanding } from "./term-marks.js";
import { settleForTerm } from "./term-settle.js";
import { underTerm } from "./term.js";
import type { Epoch, MarkValue, NodeName, VolumeName } from "./vocabulary.js";

export interface Member {
  /** Takes one event; returns what must be done now, in this order. */
  step(event: GroupEvent, nowMs: number, wallMs: number): Effect[];
  /**
   * Whether a host may read the range now, without a step: the answer holds until the next one, so the read must be
   * over by then. A read that waits for a write, or that is to be refused, goes through `step`.
   */
  mayReadNow(volume: VolumeName, range: ByteRange): boolean;
  status(): GroupStatus;
  /** Under the term that this node follows. */
  membership(): Membership;
}

export interface MemberOptions {
  readonly self: NodeName;
  /** As configured: the roles of the first term, and the limits and policies of every one. */
  readonly membership: Membership;
  /** The journal's marks as recovered; copied here. */
  readonly marks: ReadonlyMap<string, MarkValue>;
  /** The first record that the journal holds now. */
  readonly journalFirst: () => Sequence;
  readonly usage: () => JournalUsage;
  /** Only of use to a secondary. */
  readonly preImages: PreImageJournal;
  readonly uniqueId: () => string;
}

export function createMember(options: MemberOptions): Member {
  const { self } = options;
  /** As the configuration says now. The first term stays as it was when the node was started. */
  let configured = options.membership;
  const marks = new Map(options.marks);
  let promised = readEpoch(marks, markNames.promised) ?? initialEpoch;
  let term = readTerm(marks);
  const desk = createDesk({
    epoch: () => promised,
    term: () => term?.epoch.number ?? 0,
    uniqueId: options.uniqueId,
    onCommit({ marks: change = new Map<string, MarkValue | undefined>() }) {
      for (const [name, value] of change) {
        if (value === undefined) marks.delete(name);
        else marks.set(name, value);
      }
    },
  });
  const links = createMemberLinks(desk);
  const council = createCouncil(desk, {
    node: self,
    answer: (question, reply) => answerCouncil(question, promised, reply),
  });
  /** What hosts ask for while one term's machines have ended and the next one's do not serve yet. */
  let heldOrders: HostOrder[] | null = null;
  let nextInquiryMs = 0;

  const build = (continues: boolean): Roles =>
    createRoles({
      ...{ desk, self, term, council, continues },
      membership: underTerm(options.membership, term),
      marks: new Map(marks),
      live: marks,
      usage: options.usage,
      preImages: options.preImages,
      journalFirst: options.journalFirst(),
      promised: () => promised,
      adopt: (epoch, then) => adopt(epoch, "takeover", then),
    });
  let roles = build(false);
  assert(term !== null || roles.names.length > 0, `${self} has no role in ${configured.group}`);

  const keeper = createTermKeeper({
    ...{ desk, marks, council },
    term: () => term,
    promised: () => promised,
    takenOver: () => roles.follower?.decision()?.epoch.number ?? 0,
    peers: () =>
      [...new Set([...membersOf(configured), ...membersOf(roles.membership)])].filter((node) => node !== self),
    isLonely: () => roles.isLonely() || roles.follower?.phase() === "promised",
    follow(epoch) {
      promised = epoch;
      roles.origin?.pause(`another term begins (epoch ${epoch.number})`);
      roles.follower?.pause(`another term begins (epoch ${epoch.number})`);
    },
    settle: (decision, then) => settlement.begin(decision, then),
    begin: (decision, standing, whenBegun) => begin(decision, standing, whenBegun),
  });
  const settlement = settleForTerm({ roles: () => roles, marks, self });
  const takeover = createTakeover({
    desk,
    self,
    membership: () => roles.membership,
    term: () => term,
    council,
    catchUp: (answers) => keeper.heard(answers),
    promised: () => promised,
    promise: (epoch, then) => adopt(epoch, "takeover", then),
  });
  const termChange = createTermChange({
    ...{ desk, self, council, takeover },
    configured: () => configured,
    membership: () => roles.membership,
    term: () => term,
    catchUp: (answers) => keeper.heard(answers),
    promised: () => promised,
    promise: (epoch, then) => adopt(epoch, "term", then),
  });

  /** Follows a higher epoch: whatever this node did under the old one stops, durably, before `then`. */
  const adopt = (epoch: Epoch, purpose: "takeover" | "term", then: () => void): void => {
    if (sameEpoch(epoch, promised)) return desk.commit({ marks: promiseMarks(epoch, purpose) }, then);
    assert(epoch.number >= promised.number, "an epoch never goes back");
    promised = epoch;
    // A relay that stops refuses its primaries, who would end their hosts' sessions; these are to wait for the term.
    if (purpose === "term")
      for (const link of links.streams()) if (links.get(link)?.channel !== "ship") desk.closeLink(link);
    roles.stop(epoch, purpose, then);
  };

  /** The term begins: one commit, then the machines anew, as after a restart but for the hosts, who need not notice. */
  const begin = (decision: Decision, standing: TermStanding, whenBegun: () => void): void => {
    const next = decision.term;
    assert(next !== null, "a decision without a term begins none");
    heldOrders = [];
    links.want([]);
    for (const link of links.streams()) desk.closeLink(link);
    roles.end((unfinished) => {
      heldOrders = [...unfinished, ...(heldOrders ?? [])];
      const membership = underTerm(configured, next);
      const change = marksAtTermStart({ self, decision, term: next, membership, marks, standing });
      desk.commit({ marks: change, cutAfter: 0 as Sequence }, () => {
        term = next;
        desk.log("info", `${configured.group}: ${next.cause}: ${self} begins the term of epoch ${next.epoch.number}`);
        roles = build(true);
        links.want(roles.wishes);
        const orders = heldOrders ?? [];
        heldOrders = null;
        roles.start();
        for (const order of orders) roles.host(order);
        whenBegun();
      });
    });
  };

  const roleOf = (): GroupRole => {
    const [first = configured.relay === self ? "relay" : "secondary"] = roles.names;
    return first;
  };

  const state = (): MemberState => {
    const takenOver = roles.follower?.decision() ?? null;
    const begun = keeper.decision();
    return {
      node: self,
      role: roleOf(),
      roles: roles.names,
      promised,
      ...roles.state(),
      term,
      decision: takenOver !== null && takenOver.epoch.number > (begun?.epoch.number ?? 0) ? takenOver : begun,
    };
  };

  /** True for an epoch that this node must refuse. */
  const isBehind = (epoch: Epoch): boolean => isOver(epoch, promised);
  const answerCouncil = answerQuestions({
    ...{ desk, keeper, state, isBehind, adopt },
    roles: () => roles,
    promised: () => promised,
  });

  const receive = (link: LinkId, message: PeerMessage): void => {
    const { epoch, body } = message;
    const known = links.get(link);
    if (known === undefined) return;
    if (known.channel === "council") return receiveCouncil(link, epoch, body as CouncilBody);
    if (isBehind(epoch)) {
      const detail = `epoch ${epoch.number} (${epoch.takeoverId}) is over: ${self} follows epoch ${promised.number}`;
      if (body.kind !== "refusal") desk.send(link, { kind: "refusal", reason: "stale-epoch", detail });
      desk.closeLink(link);
      return forget(link, "the peer's epoch is over");
    }
    const isOurTerm = message.term === (term?.epoch.number ?? 0);
    if (epoch.number > promised.number) adopt(epoch, "takeover", () => {});
    if (!isOurTerm) return refuseTerm(link, message);
    if (body.kind !== "refusal" && known.dialled) links.fruitful(known);
    deliver(link, known, body);
  };

  /** Its roles are not those that this node knows: what it says would be taken for something else. Whoever is behind asks. */
  const refuseTerm = (link: LinkId, { term: theirs, body }: PeerMessage): void => {
    const ours = term?.epoch.number ?? 0;
    const detail = `${self} has roles of the term of epoch ${ours}, the sender of ${theirs}: ask where the group stands`;
    if (body.kind !== "refusal") desk.send(link, { kind: "refusal", reason: "other-term", detail });
    if (theirs > ours) keeper.askSoon();
    desk.closeLink(link);
    forget(link, "the peer's roles are of another term");
  };

  const deliver = (link: LinkId, { channel, dialled }: KnownLink, body: PeerMessage["body"]): void => {
    const { relay, origin, follower } = roles;
    switch (channel as Exclude<Channel, "council">) {
      case "ingress":
        if (dialled) origin?.ingress(link, body as never);
        else relay?.ingress(link, body as never);
        return;
      case "lease":
        if (body.kind === "lease-challenge") {
          origin?.leaseChallenge(body.leaseMs);
          desk.send(link, { kind: "lease-renewal", id: body.id });
        } else if (body.kind === "lease-renewal") relay?.leaseRenewed(link, body.id);
        return;
      case "ship":
        if (dialled) relay?.shipping.message(link, body as never);
        else follower?.secondary.message(link, body as never);
        return;
    }
  };

  const receiveCouncil = (link: LinkId, epoch: Epoch, body: CouncilBody): void => {
    if (body.kind === "council-reply") return council.replied(body);
    const { requestId } = body;
    answerCouncil(body, epoch, (answer) => desk.send(link, { kind: "council-reply", requestId, ...answer }));
  };

  const opened = (event: Extract<GroupEvent, { kind: "link-opened" }>): void => {
    const { link, peer, channel, dialled } = event;
    const { relay, origin, follower } = roles;
    links.opened(event);
    if (channel === "council") return dialled ? council.opened(link, peer) : undefined;
    // Between two terms nobody is there to speak to: the peer dials again.
    if (heldOrders !== null) return desk.closeLink(link);
    switch (channel) {
      case "ingress":
        return dialled ? origin?.ingressOpened(link) : relay?.ingressOpened(link, peer);
      case "lease":
        return dialled ? undefined : relay?.leaseOpened(link, peer);
      case "ship":
        return dialled ? relay?.shipping.opened(link, peer) : follower?.secondary.opened(link);
    }
  };

  /** A link is gone, closed by the peer, by the network or by this node. */
  const forget = (link: LinkId, reason: string): void => {
    const known = links.closed(link);
    if (known === undefined) return;
    const { channel, dialled } = known;
    const { relay, origin, follower } = roles;
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

  /**
   * A primary asks the secondaries for their epoch before it opens (PROTOCOL 2a), and again while it has no relay: a
   * takeover that it missed must be noticed by whoever still answers.
   */
  const inquire = (): void => {
    const { origin } = roles;
    if (origin === null || origin.isClosed() || heldOrders !== null || desk.nowMs() < nextInquiryMs) return;
    if (origin.phase() === "open" && origin.stages().relayConnected) return;
    nextInquiryMs = desk.nowMs() + limits.inquireIntervalMs;
    council.ask(secondariesOf(roles.membership), { kind: "inquire" }, (answers) => {
      keeper.heard(answers);
      if (roles.origin !== origin || keeper.isChanging()) return;
      for (const answer of answers.values()) {
        const theirs = answer?.state.promised;
        if (theirs !== undefined && theirs.number > promised.number) adopt(theirs, "takeover", () => {});
      }
      const heard = [...answers.values()].some((answer) => answer !== null);
      if (!origin.isClosed()) origin.confirmEpoch(heard);
    });
  };

  const host = (order: HostOrder): void => {
    if (heldOrders !== null) heldOrders.push(order);
    else roles.host(order);
  };

  /** Commands are for the relay's role, wherever the term has put it. */
  const commandRole = ({ request, command }: Extract<GroupEvent, { kind: "command" }>): void => {
    const { relay, membership } = roles;
    if (relay !== null && heldOrders === null && command.kind !== "drop-branch")
      return relay.command(command, (refusal) => desk.reply(request, refusal));
    const text = `${command.kind} is for the relay of ${configured.group}: ask ${membership.relay}`;
    desk.reply(request, new Failure("GROUP_STATE", text));
  };

  const handle = (event: GroupEvent): void => {
    switch (event.kind) {
      case "start":
        links.want(roles.wishes);
        roles.start();
        return keeper.start();
      case "tick":
        if (roles.origin?.isClosed() !== true || roles.relay !== null) links.dial();
        inquire();
        keeper.tick();
        council.tick();
        takeover.tick();
        termChange.tick();
        roles.tick();
        return settlement.tick();
      case "drain":
        return roles.drain();
      case "link-opened":
        return opened(event);
      case "dial-failed":
        if (event.channel === "council") return council.dialFailed(event.peer);
        return links.dialFailed(event.peer, event.channel);
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
      case "host-read":
        return host(event);
      case "configured":
        configured = event.membership;
        return keeper.askSoon();
      case "takeover":
        return takeover.start(event.command, (step) => desk.takeoverProgress(event.request, step));
      case "term-change":
        return termChange.run(event.request, event.command);
      case "command":
        return commandRole(event);
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
    mayReadNow: (volume, range) => heldOrders === null && roles.mayReadNow(volume, range),
    membership: () => roles.membership,
    status: () => ({
      group: configured.group,
      role: roleOf(),
      epoch: promised,
      phase: (roles.relay ?? roles.origin ?? roles.follower)?.phase() ?? "",
      detail: roles.detail(),
      relay: roles.relay?.stages() ?? null,
      primary: roles.origin?.stages() ?? null,
      secondary: roles.follower?.secondary.stages() ?? null,
      term: term === null ? null : { epoch: term.epoch, cause: term.cause, relay: term.relay },
    }),
  };
}
