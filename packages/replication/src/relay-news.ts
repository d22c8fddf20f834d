/**
 * What a relay tells its primaries unasked: that the group is suspended, what is to be copied, that a copy run has ended,
 * and what every secondary has validated.
 */
import type { Desk } from "./effects.js";
import { createFarValidated } from "./far-validated.js";
import { volumesOn, type Membership } from "./membership.js";
import type { RelayCourse } from "./relay-course.js";
import type { IngressPeer } from "./relay-peers.js";
import type { RelayStamps } from "./relay-stamps.js";
import type { NodeName, Sequence } from "./vocabulary.js";

export interface RelayNews {
  /** The suspension is durable: whoever has greeted is told, and is to greet again. */
  suspended(whom: readonly IngressPeer[]): void;
  /** What is to be copied, once it may begin and whenever a primary is new on its link. */
  copies(): void;
  copyEnded(copyId: string): void;
  farValidated(gate: Sequence): void;
  /** A primary was welcomed: it may have missed what it was told. */
  greeted(primary: NodeName): void;
}

export interface RelayNewsOptions {
  readonly desk: Desk;
  readonly membership: Membership;
  readonly peers: readonly IngressPeer[];
  readonly course: RelayCourse;
  readonly stamps: RelayStamps;
}

export function createRelayNews({ desk, membership, peers, course, stamps }: RelayNewsOptions): RelayNews {
  const validated = createFarValidated(() => stamps.durableMarks());
  const primaryOf = new Map(membership.volumes.map(({ name, primary }) => [name, primary]));
  return {
    suspended(whom) {
      const now = course.now();
      if (now.kind !== "suspended") return;
      const { at, state, detail } = now;
      for (const peer of whom) {
        if (peer.link !== null && (peer.welcomed || peer.leaving || peer.hello !== null))
          desk.send(peer.link, { kind: "suspended", at, state, detail });
        if (peer.welcomed) Object.assign(peer, { welcomed: false, leaving: true });
        peer.inStep = false;
      }
    },
    copies() {
      for (const { node, link, welcomed } of peers) {
        const start = link !== null && welcomed ? course.takeCopyStart(node) : null;
        if (start !== null && link !== null) desk.send(link, start);
      }
    },
    copyEnded(copyId) {
      for (const { link, welcomed } of peers)
        if (link !== null && welcomed) desk.send(link, { kind: "copy-ended", copyId });
    },
    farValidated(gate) {
      // A run that is not over can still be gone back from.
      if (course.order() !== null || !course.isStamping()) return;
      const marks = validated.news({ nowMs: desk.nowMs(), durable: stamps.durable(), gate });
      for (const { node, link, welcomed } of marks.length === 0 ? [] : peers) {
        const theirs = marks.filter(({ volume }) => primaryOf.get(volume) === node);
        if (link !== null && welcomed && theirs.length > 0) desk.send(link, { kind: "far-validated", marks: theirs });
      }
    },
    greeted(primary) {
      for (const { name } of volumesOn(membership, primary, "primary")) validated.forget(name);
    },
  };
}
