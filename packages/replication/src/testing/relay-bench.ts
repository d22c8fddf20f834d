/** A relay on the bench, with its primaries and secondaries played by hand. */
import assert from "node:assert/strict";
import { Failure } from "@waystation/contracts/errors";
import type { GroupCommand } from "../control-front.js";
import type { LinkId } from "../effects.js";
import { volumesOn } from "../membership.js";
import type { OriginLeg, OriginWrite, PeerBody, VolumeMark } from "../messages.js";
import type { RelayStages } from "../status.js";
import type { NodeName, OriginNumber } from "../vocabulary.js";
import { createBench, type Bench, type BenchOptions } from "./bench.js";
import { at, g1, originWrite, primaryA, primaryB, relay1, secondaryA, secondaryB, seq, volA, volB } from "./fixture.js";
import { showBody } from "./transcript.js";

export interface SecondaryPoint {
  readonly received?: number;
  readonly validated?: number;
  readonly applied?: number;
  readonly blank?: boolean;
  readonly copyId?: string;
}

export interface HelloMarks {
  readonly incarnation?: number;
  readonly acknowledged?: OriginNumber;
  readonly localComplete?: OriginNumber;
  readonly leg?: OriginLeg;
  readonly copyId?: string;
}

export interface RelayBench extends Bench {
  /** The present ingress link of a primary, or ship link of a secondary. */
  link(node: NodeName): LinkId;
  /** A primary connects and greets for its volume. */
  greet(primary: NodeName, marks?: HelloMarks): LinkId;
  /** It greets on the link that it has. */
  greetAgain(primary: NodeName, marks?: HelloMarks): void;
  batch(primary: NodeName, writes: readonly OriginWrite[], localComplete?: readonly VolumeMark[]): void;
  /** The link to a secondary opens, and the secondary says where it stands. */
  welcome(secondary: NodeName, point?: SecondaryPoint): LinkId;
  from(node: NodeName, body: PeerBody): void;
  /** The bodies sent to a node since the last call. */
  sentTo(node: NodeName): PeerBody[];
  stages(): RelayStages;
  /** An operator's command; null when it was taken, or the message of its refusal. */
  command(command: GroupCommand): string | null;
}

/** Secondaries that do at once what they are asked, until nothing more is: every point is settled and applied. */
export function playFar(relay: RelayBench, nodes: readonly NodeName[] = [secondaryA, secondaryB]): string[] {
  const told: string[] = [];
  for (let asked = true; asked;) {
    relay.settle();
    asked = false;
    for (const node of nodes) {
      for (const body of relay.sentTo(node)) {
        told.push(`${node}: ${showBody(body)}`);
        const answer = farAnswer(body);
        if (answer === null) continue;
        asked = true;
        relay.from(node, answer);
      }
    }
  }
  return told;
}

function farAnswer(body: PeerBody): PeerBody | null {
  switch (body.kind) {
    case "ship-batch":
      return { kind: "ship-received", watermark: body.watermark };
    case "prepare":
      return { kind: "prepared", sequence: body.sequence };
    case "validate":
      return { kind: "validated", sequence: body.sequence };
    case "gate":
      return { kind: "applied", sequence: body.sequence };
    default:
      return null;
  }
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
    greet(primary, marks) {
      const link = note(primary, bench.open(primary, "ingress", "peer"));
      self.greetAgain(primary, marks);
      return link;
    },
    greetAgain(primary, marks = {}) {
      const { incarnation = 1, acknowledged = at(0, 0), localComplete = at(0, 0), leg = "joined", copyId = "" } = marks;
      const volumes = volumesOn(membership, primary, "primary").map(({ name }) => ({
        volume: name,
        incarnation,
        acknowledged,
        localComplete,
      }));
      bench.receive(linkOf(primary), { kind: "origin-hello", leg, copyId, volumes });
    },
    batch: (primary, writes, localComplete = []) =>
      bench.receive(linkOf(primary), { kind: "origin-batch", writes, localComplete }),
    welcome(secondary, { received = 0, validated = 0, applied = 0, blank = false, copyId = "" } = {}) {
      const link = note(secondary, bench.open(secondary, "ship", "self"));
      const point = { received: seq(received), validated: seq(validated), applied: seq(applied) };
      bench.receive(link, { kind: "ship-welcome", ...point, blank, copyId });
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
    command(command) {
      const request = 100_000 + bench.replies.size;
      bench.step({ kind: "command", request, command });
      bench.settle();
      const result = bench.replies.get(request);
      assert(result === null || result instanceof Failure, "a command is answered at once");
      return result === null ? null : result.message;
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
