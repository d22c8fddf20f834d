/** A relay on the bench, with its primaries and secondaries played by hand. */
import assert from "node:assert/strict";
import type { LinkId } from "../effects.js";
import { volumesOn } from "../membership.js";
import type { OriginWrite, PeerBody, VolumeMark } from "../messages.js";
import type { RelayStages } from "../status.js";
import type { NodeName, OriginNumber } from "../vocabulary.js";
import { createBench, type Bench, type BenchOptions } from "./bench.js";
import { at, g1, originWrite, primaryA, primaryB, relay1, secondaryA, secondaryB, seq, volA, volB } from "./fixture.js";

export interface SecondaryPoint {
  readonly received?: number;
  readonly validated?: number;
  readonly applied?: number;
}

export interface HelloMarks {
  readonly incarnation?: number;
  readonly acknowledged?: OriginNumber;
  readonly localComplete?: OriginNumber;
}

export interface RelayBench extends Bench {
  /** The present ingress link of a primary, or ship link of a secondary. */
  link(node: NodeName): LinkId;
  /** A primary connects and greets for its volume. */
  greet(primary: NodeName, marks?: HelloMarks): LinkId;
  batch(primary: NodeName, writes: readonly OriginWrite[], localComplete?: readonly VolumeMark[]): void;
  /** The link to a secondary opens, and the secondary says where it stands. */
  welcome(secondary: NodeName, point?: SecondaryPoint): LinkId;
  from(node: NodeName, body: PeerBody): void;
  /** The bodies sent to a node since the last call. */
  sentTo(node: NodeName): PeerBody[];
  stages(): RelayStages;
}

export function createRelayBench(options: Partial<BenchOptions> = {}): RelayBench {
  const bench = createBench({ self: relay1, ...options });
  const membership = options.membership ?? g1;
  const links = new Map<NodeName, LinkId>();
  const peers = new Map<LinkId, NodeName>();
  const inbox = new Map<NodeName, PeerBody[]>();
  const note = (node: NodeName, link: LinkId): LinkId => {
    links.set(node, link);
    peers.set(link, node);
    return link;
  };
  const linkOf = (node: NodeName): LinkId => {
    const link = links.get(node);
    assert(link !== undefined, `${node} has no link`);
    return link;
  };
  const self: RelayBench = {
    ...bench,
    link: linkOf,
    greet(primary, { incarnation = 1, acknowledged = at(0, 0), localComplete = at(0, 0) } = {}) {
      const link = note(primary, bench.open(primary, "ingress", "peer"));
      const volumes = volumesOn(membership, primary, "primary").map(({ name }) => ({
        volume: name,
        incarnation,
        acknowledged,
        localComplete,
      }));
      bench.receive(link, { kind: "origin-hello", leg: "joined", copyId: "", volumes });
      return link;
    },
    batch: (primary, writes, localComplete = []) =>
      bench.receive(linkOf(primary), { kind: "origin-batch", writes, localComplete }),
    welcome(secondary, { received = 0, validated = 0, applied = 0 } = {}) {
      const link = note(secondary, bench.open(secondary, "ship", "self"));
      const point = { received: seq(received), validated: seq(validated), applied: seq(applied) };
      bench.receive(link, { kind: "ship-welcome", ...point, blank: false, copyId: "" });
      return link;
    },
    from: (node, body) => bench.receive(linkOf(node), body),
    sentTo(node) {
      for (const { link, body } of bench.takeSent()) {
        const peer = peers.get(link);
        if (peer === undefined) continue;
        inbox.set(peer, [...(inbox.get(peer) ?? []), body]);
      }
      const bodies = inbox.get(node) ?? [];
      inbox.delete(node);
      return bodies;
    },
    stages() {
      const { relay } = bench.member.status();
      assert(relay !== null);
      return relay;
    },
  };
  return self;
}

/** A relay that stamps: both secondaries were seen empty, both primaries are welcome. */
export function stampingRelay(options: Partial<BenchOptions> = {}): RelayBench {
  const relay = createRelayBench(options);
  relay.start();
  for (const secondary of [secondaryA, secondaryB]) relay.welcome(secondary);
  for (const primary of [primaryA, primaryB]) relay.greet(primary);
  relay.settle();
  relay.take();
  for (const node of [primaryA, primaryB, secondaryA, secondaryB]) relay.sentTo(node);
  return relay;
}

/** Write `n` of vol-a, which is primary-a's, and of vol-b, which is primary-b's. */
export const ofA = (n: number, incarnation = 1): OriginWrite => originWrite({ volume: volA, n, incarnation });
export const ofB = (n: number, incarnation = 1): OriginWrite => originWrite({ volume: volB, n, incarnation });

/** What stands in the journal: number, volume and origin of each record. */
export function stampedRecords({ journal }: RelayBench): string[] {
  return journal.records.map(
    ({ sequence, volume, origin }) => `${sequence} ${volume} ${origin.incarnation}.${origin.n}`,
  );
}
