/**
 * The relay role of a group on one node (PROTOCOL 1.4, 1.5, 4, 7; B2, B3): takes the primaries' writes, stamps each
 * with the next number of the group, and acknowledges when records and high marks are durable. Invariants:
 *
 * - One number per record, in order of arrival; acknowledged and shipped only when everything up to it is durable.
 * - An origin number is stamped once: numbers at or below the high mark are acknowledged again, gaps are refused.
 * - No stamp after a freeze record, and none by a relay whose journal may have lost acknowledged records.
 */
import assert from "node:assert/strict";
import { compareOrigin, nextSequence, noSequence, type Sequence } from "@waystation/contracts/ids";
import { recordOverheadBytes, type JournalUsage } from "@waystation/contracts/journal";
import type { Desk, LinkId } from "./effects.js";
import { createLeaseGrantor, type LeaseGrantor } from "./lease.js";
import { limits } from "./limits.js";
import { markNames, originMark, readOrigin, readSequence, type Marks } from "./marks.js";
import { primariesOf, type Membership } from "./membership.js";
import type { IngressBody, OriginWrite, RefusalReason } from "./messages.js";
import { createOriginLedger, orderAfter, type OriginLedger } from "./origin-ledger.js";
import { createRelayReadiness } from "./relay-readiness.js";
import { createShipping, type Shipping } from "./shipping.js";
import type { RelayStages } from "./status.js";
import type { Epoch, JournalRecord, MarkValue, NodeName, OriginNumber } from "./vocabulary.js";

type OriginHello = Extract<IngressBody, { kind: "origin-hello" }>;

/** A primary, as the relay knows it. */
interface IngressPeer {
  readonly node: NodeName;
  readonly lease: LeaseGrantor;
  leaseLink: LinkId | null;
  link: LinkId | null;
  /** Its greeting, until it is welcomed: the relay may have to hear from the secondaries first. */
  hello: OriginHello | null;
  welcomed: boolean;
  /** Cost of what came in and of what became durable, on this link. */
  receivedBytes: number;
  durableBytes: number;
  grantedBytes: number;
  /** Something became durable, or room appeared, since the last acknowledgement. */
  acknowledgementDue: boolean;
}

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
  /** The last number that is stamped and durable. */
  stamped(): Sequence;
  phase(): string;
  detail(): string;
  stages(): RelayStages;
}

export interface RelayOptions {
  readonly desk: Desk;
  readonly membership: Membership;
  readonly marks: Marks;
  readonly usage: () => JournalUsage;
  readonly journalFirst: Sequence;
  readonly epoch: () => Epoch;
}

export function createRelay(options: RelayOptions): Relay {
  const { desk, membership, marks, usage, epoch } = options;
  let stamped = readSequence(marks, markNames.stamped);
  let durable = stamped;
  let frozenAt = marks.has(markNames.frozenAt) ? readSequence(marks, markNames.frozenAt) : null;
  const lostMark = marks.get(markNames.lost);
  let lost = typeof lostMark === "string" ? lostMark : null;
  /** A takeover in which every secondary takes part drains this relay: points go on being settled. */
  let settling = false;
  const ledgers = new Map(
    membership.volumes.map(({ name, primary }): [string, OriginLedger] => {
      const high = readOrigin(marks, markNames.high(name));
      return [name, createOriginLedger({ volume: name, primary, high, journalFirst: options.journalFirst })];
    }),
  );
  const peers = primariesOf(membership).map((node): IngressPeer => ({
    node,
    lease: createLeaseGrantor(desk, membership.leaseMs),
    leaseLink: null,
    link: null,
    hello: null,
    welcomed: false,
    receivedBytes: 0,
    durableBytes: 0,
    grantedBytes: 0,
    acknowledgementDue: false,
  }));

  /** The journal lost what it acknowledged: it must never stamp again, or two writes would share a number. */
  const declareLost = (what: string): void => {
    if (lost !== null) return;
    lost = what;
    desk.log("error", `${membership.group}: the relay's journal lost acknowledged records: ${what}`);
    desk.commit({ marks: new Map([[markNames.lost, what]]) });
    for (const peer of peers) if (peer.link !== null) refuse(peer.link, "journal-lost", what);
  };

  const shipping = createShipping({
    desk,
    membership,
    marks,
    durable: () => durable,
    trimmed: options.journalFirst === noSequence ? durable : ((options.journalFirst - 1) as Sequence),
    declareLost,
    quiet: () => frozenAt !== null && !settling,
    urgent: () => frozenAt !== null,
  });
  const readiness = createRelayReadiness({ desk, group: membership.group, marks, shipping });

  const refuse = (link: LinkId, reason: RefusalReason, detail: string): void => {
    desk.send(link, { kind: "refusal", reason, detail });
    desk.closeLink(link);
    for (const peer of peers) if (peer.link === link) disconnect(peer);
  };

  const disconnect = (peer: IngressPeer): void => {
    peer.link = null;
    peer.hello = null;
    peer.welcomed = false;
  };

  const hello = (peer: IngressPeer, link: LinkId, body: OriginHello): void => {
    if (frozenAt !== null) return refuse(link, "fenced", `the group was frozen at ${frozenAt} by a takeover`);
    for (const { volume, acknowledged, incarnation, localComplete } of body.volumes) {
      const ledger = ledgers.get(volume);
      if (ledger?.primary !== peer.node)
        return refuse(link, "not-a-member", `${volume} is not a volume of ${peer.node} in ${membership.group}`);
      if (compareOrigin(ledger.stamped, acknowledged) < 0)
        declareLost(`${peer.node} holds an acknowledgement of ${volume} that this journal does not know`);
      if (compareOrigin(localComplete, ledger.reportedComplete()) < 0)
        return refuse(
          link,
          "gap",
          `${peer.node} had more of ${volume} on its array than it knows of now: its data was replaced by an older copy`,
        );
      if (incarnation < ledger.stamped.incarnation)
        return refuse(link, "gap", `incarnation ${incarnation} of ${volume} is older than the last one seen`);
    }
    if (lost !== null) return refuse(link, "journal-lost", lost);
    peer.hello = body;
    welcomeWhenReady(peer);
  };

  const welcomeWhenReady = (peer: IngressPeer): void => {
    const { hello: body, link } = peer;
    if (body === null || link === null || readiness.waitsFor() !== "") return;
    peer.hello = null;
    // An earlier link's records may be on their way to the disk. The marks told must include them: what a recovering
    // primary fetches must be all that can ever become durable of its earlier life.
    desk.commit({ marks: readiness.begin() }, () => {
      if (peer.link !== link || frozenAt !== null) return;
      Object.assign(peer, { welcomed: true, receivedBytes: 0, durableBytes: 0, grantedBytes: 0 });
      for (const { volume, localComplete } of body.volumes) ledgers.get(volume)?.localComplete(localComplete);
      grant(peer);
      desk.send(link, { kind: "relay-welcome", marks: marksOf(peer), creditBytes: peer.grantedBytes, copyId: "" });
    });
  };

  const batch = (peer: IngressPeer, link: LinkId, body: Extract<IngressBody, { kind: "origin-batch" }>): void => {
    if (!peer.welcomed) return refuse(link, "gap", "a batch before the welcome");
    // The freeze record is on its way to the disk, the refusal follows it: no stamp may come after it (PROTOCOL 4).
    if (frozenAt !== null) return;
    for (const { volume, origin } of body.localComplete) ledgers.get(volume)?.localComplete(origin);
    const fresh: OriginWrite[] = [];
    const next = new Map<string, OriginNumber>();
    let bytes = 0;
    // The whole batch is looked at before any of it is stamped: a number once stamped is a duplicate ever after, and
    // one that was refused with the rest of its batch would never be stored.
    for (const write of body.writes) {
      const ledger = ledgers.get(write.volume);
      if (ledger?.primary !== peer.node) return refuse(link, "not-a-member", `${write.volume} is not yours`);
      bytes += recordOverheadBytes + write.payload.length;
      const last = next.get(write.volume) ?? ledger.stamped;
      const order = orderAfter(last, write.origin);
      if (order === "duplicate") continue;
      if (order === "gap")
        return refuse(link, "gap", `${write.volume}: ${write.origin.n} after ${last.n} leaves a gap`);
      next.set(write.volume, write.origin);
      fresh.push(write);
    }
    const records: JournalRecord[] = [];
    const high = new Map<string, MarkValue>();
    for (const write of fresh) {
      stamped = nextSequence(stamped);
      ledgers.get(write.volume)?.stamp(write.origin, stamped);
      records.push(toRecord(write, stamped, epoch().number));
      high.set(markNames.high(write.volume), originMark(write.origin));
    }
    peer.receivedBytes += bytes;
    if (records.length > 0) high.set(markNames.stamped, stamped);
    append(peer, link, records, high, bytes);
  };

  /** Records and high marks in one durable commit; only then acknowledged, only then shipped (PROTOCOL 1.4). */
  const append = (
    peer: IngressPeer,
    link: LinkId,
    records: readonly JournalRecord[],
    high: ReadonlyMap<string, MarkValue>,
    bytes: number,
  ): void => {
    if (bytes === 0) return;
    const last = stamped;
    const origins = records.map(({ volume, origin }) => ({ volume, origin }));
    desk.commit({ records, marks: high }, () => {
      assert(last >= durable, "commits became durable out of order");
      durable = last;
      for (const { volume, origin } of origins) ledgers.get(volume)?.madeDurable(origin);
      if (peer.link !== link) return;
      peer.durableBytes += bytes;
      peer.acknowledgementDue = true;
    });
  };

  const marksOf = (peer: IngressPeer): { volume: OriginLedger["volume"]; origin: OriginLedger["durable"] }[] =>
    [...ledgers.values()].flatMap(({ volume, primary, durable: origin }) =>
      primary === peer.node ? [{ volume, origin }] : [],
    );

  /** Credit counts bytes made durable, and never more than the journal has room for (PROTOCOL 12, DESIGN rule 6). */
  const grant = (peer: IngressPeer): boolean => {
    const { usedBytes, capacityBytes } = usage();
    const unspent = (other: IngressPeer): number => Math.max(0, other.grantedBytes - other.receivedBytes);
    const promised = peers.reduce((sum, other) => sum + unspent(other), 0);
    // An idle primary keeps what it was granted: a share for each, or one could hold all the room for ever.
    const windowBytes = Math.min(limits.ingressWindowBytes, Math.floor(capacityBytes / peers.length));
    // In a full journal the first to ask would take whatever is trimmed, and another never have room for one write.
    const owed = peers.reduce(
      (sum, other) => (other === peer || !other.welcomed ? sum : sum + Math.max(0, windowBytes / 2 - unspent(other))),
      0,
    );
    const room = Math.max(0, Math.floor(capacityBytes - usedBytes - promised - owed));
    const window = Math.max(0, peer.durableBytes + windowBytes - peer.grantedBytes);
    const more = Math.min(window, room);
    peer.grantedBytes += more;
    return more > 0;
  };

  const fetch = (link: LinkId, body: Extract<IngressBody, { kind: "origin-fetch" }>): void => {
    const from = (Math.max(shipping.trimmed(), body.afterSequence) + 1) as Sequence;
    const through = durable;
    const read = { from, through, volumes: new Set([body.volume]), maxBytes: limits.fetchBatchBytes };
    desk.readJournal(read, ({ records, completeThrough }) => {
      const wanted = records.filter((record) => compareOrigin(record.origin, body.above) > 0);
      const nextAfter = completeThrough < through ? completeThrough : noSequence;
      desk.send(link, { kind: "relay-records", volume: body.volume, records: wanted, nextAfter });
    });
  };

  const endLeases = (): void => {
    for (const peer of peers) {
      const due = peer.leaseLink === null ? null : peer.lease.challenge();
      if (due !== null && peer.leaseLink !== null) desk.send(peer.leaseLink, { kind: "lease-challenge", ...due });
      if (peer.lease.held() || !peer.welcomed || membership.fence === "data" || frozenAt !== null) continue;
      // Only with fence `never` or `status` may a primary go on alone: then nobody may be stamped any more, or the far
      // side would hold an effect without its cause (PROTOCOL 4). With `data` it cannot, and the others go on.
      freeze(`the lease of ${peer.node} has ended`);
    }
  };

  const freeze = (reason: string): void => {
    frozenAt = stamped;
    desk.log("warn", `${membership.group}: frozen at ${stamped}: ${reason}`);
    desk.commit({ marks: new Map([[markNames.frozenAt, stamped]]) }, () => {
      for (const peer of peers) if (peer.link !== null) refuse(peer.link, "frozen", reason);
    });
  };

  const trim = (): void => {
    let through = shipping.appliedEverywhere();
    for (const ledger of ledgers.values()) through = Math.min(through, ledger.completeThrough(stamped)) as Sequence;
    if (through > shipping.trimmed()) shipping.trimThrough(through);
  };

  const protection = (): string => {
    if (lost !== null) return `the relay's journal lost records: ${lost}`;
    if (frozenAt !== null) return `the group is frozen at ${frozenAt}`;
    const waitsFor = readiness.waitsFor();
    if (waitsFor !== "") return waitsFor;
    for (const peer of peers) {
      if (!peer.welcomed) return `${peer.node} is not connected to the relay`;
      if (!peer.lease.held()) return `the lease of ${peer.node} has ended`;
    }
    return shipping.resyncDue();
  };

  const phase = (): string => {
    if (lost !== null) return "journal-lost";
    if (frozenAt !== null) return "fenced";
    return readiness.waitsFor() === "" ? "stamping" : "waiting";
  };

  const fullness = (): string => {
    const { usedBytes, capacityBytes } = usage();
    if (capacityBytes - usedBytes >= recordOverheadBytes + limits.intentUnitBytes) return "";
    return `the journal is full (${usedBytes} of ${capacityBytes} bytes): host writes are held until the far side takes more`;
  };

  return {
    shipping,
    drain() {
      for (const peer of peers) {
        if (peer.link === null || !peer.welcomed) continue;
        const granted = grant(peer);
        if (!granted && !peer.acknowledgementDue) continue;
        peer.acknowledgementDue = false;
        desk.send(peer.link, { kind: "relay-ack", marks: marksOf(peer), creditBytes: peer.grantedBytes });
      }
      shipping.drain();
    },
    tick() {
      readiness.tick();
      for (const peer of peers) welcomeWhenReady(peer);
      endLeases();
      trim();
      shipping.tick();
    },
    ingressOpened(link, node) {
      const peer = peers.find((other) => other.node === node);
      if (peer === undefined) return refuse(link, "not-a-member", `${node} is not a primary of ${membership.group}`);
      if (peer.link !== null) desk.closeLink(peer.link);
      disconnect(peer);
      peer.link = link;
    },
    ingressClosed(link) {
      for (const peer of peers) if (peer.link === link) disconnect(peer);
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
        case "relay-welcome":
        case "relay-ack":
        case "relay-records":
        case "suspended":
        case "copy-start":
        case "copy-done":
        case "copy-ended":
        case "far-validated":
        case "digest-ask":
        case "digest-reply":
        case "refusal":
          return refuse(link, "gap", `a primary does not send ${body.kind}`);
      }
    },
    leaseOpened(link, node) {
      const peer = peers.find((other) => other.node === node);
      if (peer === undefined) return desk.closeLink(link);
      if (peer.leaseLink !== null) desk.closeLink(peer.leaseLink);
      peer.lease.forgetChallenges();
      peer.leaseLink = link;
    },
    leaseClosed(link) {
      for (const peer of peers) if (peer.leaseLink === link) peer.leaseLink = null;
    },
    leaseRenewed(link, id) {
      peers.find((peer) => peer.leaseLink === link)?.lease.renewed(id);
    },
    fence(extraMarks, whenDurable) {
      frozenAt ??= stamped;
      settling = false;
      const fencedMarks = new Map<string, MarkValue>([...extraMarks, [markNames.frozenAt, frozenAt]]);
      desk.commit({ marks: fencedMarks }, () => {
        for (const peer of peers)
          if (peer.link !== null) refuse(peer.link, "fenced", `the group was frozen at ${durable} by a takeover`);
        shipping.announceEpoch();
        whenDurable();
      });
    },
    settlePoints() {
      settling = true;
    },
    stamped: () => durable,
    phase,
    detail: () => protection() || fullness(),
    stages: () => ({
      protected: protection() === "",
      protectedDetail: protection(),
      stamped: durable,
      ...shipping.stages(),
      journalUsedBytes: usage().usedBytes,
      journalCapacityBytes: usage().capacityBytes,
      primaries: peers.map(({ node, welcomed, lease }) => ({ node, connected: welcomed, leased: lease.held() })),
    }),
  };
}

function toRecord(write: OriginWrite, sequence: Sequence, epoch: number): JournalRecord {
  const { volume, origin, kind, offsetBytes, lengthBytes, hostTimeMs, payload } = write;
  return { sequence, volume, origin, epoch, kind, offsetBytes, lengthBytes, hostTimeMs, payload };
}
