/**
 * The leases that a relay grants its primaries (PROTOCOL 4), on connections of their own. Only with fence `never` or `status`
 * may a primary go on alone once its lease has ended: then nobody may be stamped any more, or the far side would hold an
 * effect without its cause. With `data` it cannot, and the others go on.
 */
import type { Desk, LinkId } from "./effects.js";
import type { Membership } from "./membership.js";
import type { IngressPeer } from "./relay-peers.js";
import type { NodeName } from "./vocabulary.js";

export interface RelayLeases {
  opened(link: LinkId, peer: NodeName): void;
  closed(link: LinkId): void;
  renewed(link: LinkId, id: number): void;
  /** Sends the challenges that are due. */
  tick(): void;
  /** A primary that may have gone on alone since it was welcomed; null when none. */
  ended(): NodeName | null;
  /** Whether this primary may be welcomed: one that may go on alone must have a lease that this relay knows of. */
  allows(peer: IngressPeer): boolean;
}

export function createRelayLeases(desk: Desk, membership: Membership, peers: readonly IngressPeer[]): RelayLeases {
  const allows = ({ lease }: IngressPeer): boolean => membership.fence === "data" || lease.held();
  return {
    opened(link, node) {
      const peer = peers.find((other) => other.node === node);
      if (peer === undefined) return desk.closeLink(link);
      if (peer.leaseLink !== null) desk.closeLink(peer.leaseLink);
      peer.lease.forgetChallenges();
      peer.leaseLink = link;
    },
    closed(link) {
      for (const peer of peers) if (peer.leaseLink === link) peer.leaseLink = null;
    },
    renewed(link, id) {
      peers.find((peer) => peer.leaseLink === link)?.lease.renewed(id);
    },
    tick() {
      for (const { leaseLink, lease } of peers) {
        const due = leaseLink === null ? null : lease.challenge();
        if (due !== null && leaseLink !== null) desk.send(leaseLink, { kind: "lease-challenge", ...due });
      }
    },
    ended: () => peers.find((peer) => peer.inStep && !allows(peer))?.node ?? null,
    allows,
  };
}
