/** The primaries of a group as its relay knows them: their links, leases and greetings, and what they may send ahead. */
import { recordOverheadBytes, type JournalUsage } from "@waystation/contracts/journal";
import type { Desk, LinkId } from "./effects.js";
import { createLeaseGrantor, type LeaseGrantor } from "./lease.js";
import { limits } from "./limits.js";
import { primariesOf, type Membership } from "./membership.js";
import type { IngressBody } from "./messages.js";
import type { OriginLedger } from "./origin-ledger.js";
import type { NodeName } from "./vocabulary.js";

export type OriginHello = Extract<IngressBody, { kind: "origin-hello" }>;

export interface IngressPeer {
  readonly node: NodeName;
  readonly lease: LeaseGrantor;
  leaseLink: LinkId | null;
  link: LinkId | null;
  /** Its greeting, until it is welcomed: the relay may have to hear from the secondaries first, or be suspended. */
  hello: OriginHello | null;
  welcomed: boolean;
  /** It was welcomed, and the group suspended since: what comes on this link before its next greeting is of the past. */
  leaving: boolean;
  /** It was welcomed and the group not suspended since, whether or not its link lasts: its lease counts. */
  inStep: boolean;
  /** Cost of what came in and of what became durable, on this link. */
  receivedBytes: number;
  durableBytes: number;
  grantedBytes: number;
  /** Something became durable, or room appeared, since the last acknowledgement: of these volumes, or of none. */
  acknowledgementDue: boolean;
  readonly unacknowledged: Set<OriginLedger>;
}

export function createPeers(desk: Desk, membership: Membership): IngressPeer[] {
  return primariesOf(membership).map((node) => ({
    node,
    lease: createLeaseGrantor(desk, membership.leaseMs),
    leaseLink: null,
    link: null,
    hello: null,
    welcomed: false,
    leaving: false,
    inStep: false,
    receivedBytes: 0,
    durableBytes: 0,
    grantedBytes: 0,
    acknowledgementDue: false,
    unacknowledged: new Set<OriginLedger>(),
  }));
}

export function beginLink(peer: IngressPeer, link: LinkId | null): void {
  Object.assign(peer, { link, hello: null, welcomed: false, leaving: false });
}

export function welcomePeer(peer: IngressPeer): void {
  Object.assign(peer, { welcomed: true, leaving: false, inStep: true, acknowledgementDue: false });
  Object.assign(peer, { receivedBytes: 0, durableBytes: 0, grantedBytes: 0 });
  peer.unacknowledged.clear();
}

/** What is granted to a primary and not used yet. */
const unspent = (peer: IngressPeer): number => Math.max(0, peer.grantedBytes - peer.receivedBytes);

/** An idle primary keeps what it was granted: a share for each, or one could hold all the room for ever. */
const windowOf = (peers: readonly IngressPeer[], { capacityBytes }: JournalUsage): number =>
  Math.min(limits.ingressWindowBytes, Math.floor(capacityBytes / peers.length));

/** What the journal has room for beyond what is promised to the others. */
function roomFor(peer: IngressPeer, peers: readonly IngressPeer[], usage: JournalUsage): number {
  const promised = peers.reduce((sum, other) => sum + unspent(other), 0);
  const shareBytes = windowOf(peers, usage) / 2;
  // In a full journal the first to ask would take whatever is trimmed, and another never have room for one write.
  const owed = peers.reduce(
    (sum, other) => (other === peer || !other.welcomed ? sum : sum + Math.max(0, shareBytes - unspent(other))),
    0,
  );
  return Math.max(0, Math.floor(usage.capacityBytes - usage.usedBytes - promised - owed));
}

/** True when the journal has no room for this primary's next write: its hosts are held. */
export function isHeldBack(peer: IngressPeer, peers: readonly IngressPeer[], usage: JournalUsage): boolean {
  const writeBytes = Math.min(recordOverheadBytes + limits.intentUnitBytes, windowOf(peers, usage) / 8);
  return peer.welcomed && unspent(peer) + roomFor(peer, peers, usage) < writeBytes;
}

/** Credit counts bytes made durable, and never more than the journal has room for (PROTOCOL 12, DESIGN rule 6). */
export function grantCredit(peer: IngressPeer, peers: readonly IngressPeer[], usage: JournalUsage): boolean {
  const window = Math.max(0, peer.durableBytes + windowOf(peers, usage) - peer.grantedBytes);
  const more = Math.min(window, roomFor(peer, peers, usage));
  peer.grantedBytes += more;
  return more > 0;
}
