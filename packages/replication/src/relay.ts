/**
 * The relay role of a group on one node (PROTOCOL 1.4, 1.5, 4, 7; B2, B3): takes the primaries' writes, stamps each
 * with the next number of the group, and acknowledges when records and high marks are durable. Invariants:
 *
 * - One number per record, in order of arrival; acknowledged and shipped only when everything up to it is durable.
 * - An origin number is stamped once: numbers at or below the high mark are acknowledged again, gaps are refused.
 * - No stamp while the group is suspended or fenced, and none by a relay whose journal may have lost acknowledged records.
 *
 * How the group comes into a suspension or a copy run and out again is in relay-course.ts.
 */
import { Failure } from "@waystation/contracts/errors";
import { compareOrigin, noSequence, type Sequence } from "@waystation/contracts/ids";
import type { JournalUsage } from "@waystation/contracts/journal";
import type { GroupCommand } from "./control-front.js";
import { createCopyDigests } from "./copy-digests.js";
import type { Desk, LinkId } from "./effects.js";
import { createFullness } from "./fullness.js";
import { limits } from "./limits.js";
import { markNames, readSequence, type Marks } from "./marks.js";
import type { Membership } from "./membership.js";
import type { IngressBody, PairState, RefusalReason } from "./messages.js";
import { createRelayChain } from "./relay-chain.js";
import { createRelayCourse } from "./relay-course.js";
import { createRelayLeases } from "./relay-leases.js";
import { createRelayNews } from "./relay-news.js";
import {
  beginLink,
  createPeers,
  grantCredit,
  isHeldBack,
  welcomePeer,
  type IngressPeer,
  type OriginHello,
} from "./relay-peers.js";
import { createRelayReadiness } from "./relay-readiness.js";
import { phaseOf, protection, relayStages, stateDetail, type RelayView } from "./relay-stages.js";
import { createRelayStamps } from "./relay-stamps.js";
import { createShipping, type Shipping } from "./shipping.js";
import type { RelayStages } from "./status.js";
import type { Term } from "./term.js";
import type { Epoch, MarkValue, NodeName } from "./vocabulary.js";

export interface Relay {
  readonly shipping: Shipping;
  drain(): void;
  tick(): void;
  ingressOpened(link: LinkId, peer: NodeName): void;
  ingressClosed(link: LinkId): void;
  ingress(link: LinkId, body: IngressBody): void;
  leaseOpened(link: LinkId, peer: NodeName): void;
  leaseClosed(link: LinkId): void;
  leaseRenewed(link: LinkId, id: number): void;
  /** Stops stamping for good, durably, then calls back: everything stamped is durable by then (PROTOCOL 6.2). */
  fence(marks: ReadonlyMap<string, MarkValue>, whenDurable: () => void): void;
  /** Goes on settling points although fenced: see `promise` in messages.ts. */
  settlePoints(): void;
  /** An operator's `suspend` or `resync`; answered once it is durable, or with the reason why it is refused. */
  command(command: GroupCommand, reply: (refusal: Failure | null) => void): void;
  /** The last number that is stamped and durable. */
  stamped(): Sequence;
  phase(): string;
  detail(): string;
  stages(): RelayStages;
}

export interface RelayOptions {
  readonly desk: Desk;
  readonly membership: Membership;
  /** Null: as configured. */
  readonly term: Term | null;
  readonly marks: Marks;
  readonly usage: () => JournalUsage;
  readonly journalFirst: Sequence;
  readonly epoch: () => Epoch;
}

export function createRelay(options: RelayOptions): Relay {
  const { desk, membership, marks, usage } = options;
  let frozenAt = marks.has(markNames.frozenAt) ? readSequence(marks, markNames.frozenAt) : null;
  const lostMark = marks.get(markNames.lost);
  let lost = typeof lostMark === "string" ? lostMark : null;
  /** A takeover in which every secondary takes part drains this relay: points go on being settled. */
  let settling = false;
  const peers = createPeers(desk, membership);
  const leases = createRelayLeases(desk, membership, peers);
  const stamps = createRelayStamps({
    ...options,
    withRecords: (primary) => course.noteWritten(primary),
    onDurable: (span) => chain.take(span),
  });
  const fullness = createFullness({
    usage,
    policy: membership.journalFull,
    isHoldingBack: () => peers.some((peer) => isHeldBack(peer, peers, usage())),
  });

  /** The journal lost what it acknowledged: it must never stamp again, or two writes would share a number. */
  const declareLost = (what: string): void => {
    if (lost !== null) return;
    lost = what;
    desk.log("error", `${membership.group}: the relay's journal lost acknowledged records: ${what}`);
    desk.commit({ marks: new Map([[markNames.lost, what]]) });
    for (const peer of peers) if (peer.link !== null) refuse(peer.link, "journal-lost", what);
  };

  const trimmed = options.journalFirst === noSequence ? stamps.durable() : ((options.journalFirst - 1) as Sequence);
  const chain = createRelayChain({ desk, membership, marks, trimmed, term: options.term, onLost: declareLost });
  const course = createRelayCourse({
    desk,
    membership,
    marks,
    stamped: () => stamps.last(),
    withRun: (begin) => chain.beginRun(begin),
    shipping: () => shipping,
    state: () => state(),
    hindrance: () => hindrance(),
    primariesAreBack: () =>
      !fullness.isFilling() &&
      peers.every(({ link, hello: greeting, leaving }) => link !== null && (greeting !== null || leaving)) &&
      peers.every((peer) => leases.allows(peer)),
    onSuspended: () => news.suspended(peers),
    onBegun() {
      // One that has not greeted since the suspension would go on where it was: it greets on a new link.
      for (const peer of peers) if (peer.leaving && peer.link !== null) letGo(peer);
    },
    onEnded: (copyId) => news.copyEnded(copyId),
  });
  const digests = createCopyDigests({
    tell: (link, reply) => desk.send(link, reply),
    ask: (node, ask) => shipping.askDigests(node, ask),
  });
  const shipping: Shipping = createShipping({
    desk,
    membership,
    marks,
    durable: () => stamps.durable(),
    trimmed,
    declareLost,
    chain,
    quiet: () => frozenAt !== null && !settling,
    urgent: () => frozenAt !== null || !course.isStamping(),
    course: {
      order: () => course.order(),
      isDurable: () => course.isDurable(),
      greeted: (node, welcome) => course.greeted(node, welcome),
      lacks: (node, why) => course.lacks(node, why),
      regions: (node, body) => course.regions(node, body),
      digests: (node, body) => digests.answered(node, body),
      parted(node) {
        course.farParted(node);
        digests.lost(node);
      },
      state: () => ({ state: state(), detail: stateDetail(view()) }),
    },
  });
  const readiness = createRelayReadiness({ desk, membership, marks, shipping, peers, course });
  const news = createRelayNews({ desk, membership, peers, course, stamps });

  const refuse = (link: LinkId, reason: RefusalReason, detail: string): void => {
    desk.send(link, { kind: "refusal", reason, detail });
    desk.closeLink(link);
    for (const peer of peers) if (peer.link === link) forgetLink(peer);
  };

  const forgetLink = (peer: IngressPeer): void => {
    if (peer.link !== null) digests.forget(peer.link);
    course.parted(peer.node);
    beginLink(peer, null);
  };

  const letGo = (peer: IngressPeer): void => {
    if (peer.link !== null) desk.closeLink(peer.link);
    forgetLink(peer);
  };

  const hello = (peer: IngressPeer, link: LinkId, body: OriginHello): void => {
    if (frozenAt !== null) return refuse(link, "fenced", `the group was frozen at ${frozenAt} by a takeover`);
    const refusal = stamps.check(peer, body);
    if (refusal !== null && "lost" in refusal) declareLost(refusal.lost);
    else if (refusal !== null) return refuse(link, refusal.reason, refusal.detail);
    if (lost !== null) return refuse(link, "journal-lost", lost);
    // Heard in a suspension too: a journal that was full makes room by it.
    stamps.localComplete(body.volumes.map(({ volume, localComplete: origin }) => ({ volume, origin })));
    Object.assign(peer, { hello: body, welcomed: false, leaving: false });
    const alone = wentOnAlone(peer, body);
    if (alone !== "") return course.happened("lease-ended", alone);
    if (!course.isStamping() && course.isDurable()) return news.suspended([peer]);
    welcomeWhenReady(peer);
  };

  /** A primary that wrote without a relay that went on stamping: the far side must see none of what came after. */
  const wentOnAlone = ({ node }: IngressPeer, { leg, copyId }: OriginHello): string => {
    const now = course.now();
    const breaks =
      (now.kind === "running" && (leg === "alone" || (leg === "copying" && copyId !== now.ended))) ||
      (now.kind === "copying" && leg === "alone" && course.hasWritten(node));
    return breaks ? `${node} has gone on without the relay` : "";
  };

  const welcomeWhenReady = (peer: IngressPeer): void => {
    const { hello: body, link } = peer;
    if (body === null || link === null || readiness.waitsFor() !== "") return;
    if (!course.isStamping() || !course.isDurable()) return;
    if (!leases.allows(peer)) return;
    peer.hello = null;
    // An earlier link's records may be on their way to the disk. The marks told must include them: what a recovering
    // primary fetches must be all that can ever become durable of its earlier life.
    desk.commit({ marks: readiness.begin() }, () => {
      if (peer.link !== link || frozenAt !== null || peer.hello !== null) return;
      // Suspended meanwhile: it waits, as it would have before.
      if (!course.isStamping()) return void (peer.hello = body);
      welcomePeer(peer);
      news.greeted(peer.node);
      grantCredit(peer, peers, usage());
      const copyId = course.copyId();
      desk.send(link, {
        kind: "relay-welcome",
        marks: stamps.durableMarks(peer.node),
        creditBytes: peer.grantedBytes,
        copyId,
      });
      if (body.leg === "copying" && copyId === "") desk.send(link, { kind: "copy-ended", copyId: body.copyId });
    });
  };

  const secondariesFor = (primary: NodeName, volume: string): readonly NodeName[] =>
    membership.volumes.find(({ name, primary: owner }) => name === volume && owner === primary)?.secondaries ?? [];

  const suspendForLease = (): void => {
    const left = leases.ended();
    if (left !== null && frozenAt === null && course.isStamping())
      course.happened("lease-ended", `the lease of ${left} has ended`);
  };

  const batch = (peer: IngressPeer, link: LinkId, body: Extract<IngressBody, { kind: "origin-batch" }>): void => {
    // The mark that fences or suspends is on its way to the disk, or the news of it to the primary: no stamp may come
    // after it (PROTOCOL 4).
    if (frozenAt !== null || peer.leaving || !course.isStamping()) return;
    // A relay that stood still finds what came meanwhile before it finds out how long: it may hold what followed a write
    // of a primary that has gone on alone by now, and that nobody will stamp.
    suspendForLease();
    if (!course.isStamping()) return;
    if (!peer.welcomed) return refuse(link, "gap", "a batch before the welcome");
    const refusal = stamps.take(peer, link, body);
    if (refusal !== null) refuse(link, refusal.reason, refusal.detail);
  };

  /** Only what changed: a group of many volumes must not cost more per write than one of few. */
  const acknowledge = (peer: IngressPeer): void => {
    if (peer.link === null || !peer.welcomed) return;
    const granted = grantCredit(peer, peers, usage());
    if (!granted && !peer.acknowledgementDue) return;
    peer.acknowledgementDue = false;
    const changed = [...peer.unacknowledged].map(({ volume, durable: origin }) => ({ volume, origin }));
    peer.unacknowledged.clear();
    desk.send(peer.link, { kind: "relay-ack", marks: changed, creditBytes: peer.grantedBytes });
  };

  const fetch = (link: LinkId, body: Extract<IngressBody, { kind: "origin-fetch" }>): void => {
    const from = (Math.max(shipping.trimmed(), body.afterSequence) + 1) as Sequence;
    const through = stamps.durable();
    const read = { from, through, volumes: new Set([body.volume]), maxBytes: limits.fetchBatchBytes };
    desk.readJournal(read, ({ records, completeThrough }) => {
      const wanted = records.filter((record) => compareOrigin(record.origin, body.above) > 0);
      const nextAfter = completeThrough < through ? completeThrough : noSequence;
      desk.send(link, { kind: "relay-records", volume: body.volume, records: wanted, nextAfter });
    });
  };

  const suspendWhenFull = (): void => {
    const copying = course.copyId() !== "";
    const stages = { stamped: stamps.last(), appliedEverywhere: shipping.appliedEverywhere() };
    const tooLong = fullness.isFullForTooLong({ nowMs: desk.nowMs(), ...stages, copying });
    if (!tooLong || !course.isStamping() || hindrance() !== null) return;
    course.happened("journal-full", `the journal was full for ${membership.journalFull.holdMs} ms`);
  };

  const trim = (): void => {
    const through = Math.min(shipping.appliedEverywhere(), stamps.completeThrough()) as Sequence;
    if (through > shipping.trimmed()) shipping.trimThrough(through);
  };

  const state = (): PairState => {
    if (frozenAt !== null) return "SSWS";
    if (!readiness.isBorn()) return "SMPL";
    const now = course.now();
    if (now.kind === "suspended") return now.state;
    if (now.kind === "copying") return "COPY";
    return fullness.isFilling() ? "PFUL" : "PAIR";
  };

  const hindrance = (): Failure | null => {
    const why = lost === null ? "" : `its relay's journal lost acknowledged records (${lost})`;
    const { group } = membership;
    return why === "" && frozenAt === null
      ? null
      : new Failure(
          "GROUP_STATE",
          `${group}: ${why || "it is fenced by a takeover"}; due is: wayctl group return ${group}`,
        );
  };

  const view = (): RelayView => ({
    group: membership.group,
    self: membership.relay,
    state: state(),
    lost,
    frozenAt,
    waitsFor: readiness.waitsFor(),
    course: course.now(),
    copyWaitsFor: course.waitsFor(),
    peers,
    autoResync: membership.autoResync,
    resyncDue: shipping.resyncDue(),
  });

  return {
    shipping,
    drain() {
      for (const peer of peers) acknowledge(peer);
      news.copies();
      shipping.drain();
    },
    tick() {
      readiness.tick();
      for (const peer of peers) welcomeWhenReady(peer);
      leases.tick();
      suspendForLease();
      trim();
      suspendWhenFull();
      course.tick();
      news.farValidated(shipping.gate());
      shipping.tick();
    },
    ingressOpened(link, node) {
      const peer = peers.find((other) => other.node === node);
      if (peer === undefined) return refuse(link, "not-a-member", `${node} is not a primary of ${membership.group}`);
      letGo(peer);
      beginLink(peer, link);
    },
    ingressClosed(link) {
      for (const peer of peers) if (peer.link === link) forgetLink(peer);
    },
    ingress(link, body) {
      const peer = peers.find((other) => other.link === link);
      if (peer === undefined) return;
      switch (body.kind) {
        case "origin-hello":
          return hello(peer, link, body);
        case "origin-batch":
          return batch(peer, link, body);
        case "origin-fetch":
          return fetch(link, body);
        case "copy-done":
          return course.copyDone(peer.node, body.copyId);
        case "digest-ask":
          return digests.ask(link, body, secondariesFor(peer.node, body.volume));
        case "relay-welcome":
        case "relay-ack":
        case "relay-records":
        case "suspended":
        case "copy-start":
        case "copy-ended":
        case "far-validated":
        case "digest-reply":
        case "refusal":
          return refuse(link, "gap", `a primary does not send ${body.kind}`);
      }
    },
    leaseOpened: (link, node) => leases.opened(link, node),
    leaseClosed: (link) => leases.closed(link),
    leaseRenewed: (link, id) => leases.renewed(link, id),
    fence(extraMarks, whenDurable) {
      frozenAt ??= stamps.last();
      settling = false;
      const fencedMarks = new Map<string, MarkValue>([...extraMarks, [markNames.frozenAt, frozenAt]]);
      desk.commit({ marks: fencedMarks }, () => {
        for (const peer of peers)
          if (peer.link !== null)
            refuse(peer.link, "fenced", `the group was frozen at ${stamps.durable()} by a takeover`);
        shipping.announceEpoch();
        whenDurable();
      });
    },
    settlePoints() {
      settling = true;
    },
    stamped: () => stamps.durable(),
    command: (command, reply) => course.command(command, reply),
    phase: () => phaseOf(view()),
    detail: () => protection(view()) || fullness.detail(),
    stages: () => ({
      ...relayStages(view(), shipping.stages()),
      stamped: stamps.durable(),
      journalUsedBytes: usage().usedBytes,
      journalCapacityBytes: usage().capacityBytes,
    }),
  };
}
