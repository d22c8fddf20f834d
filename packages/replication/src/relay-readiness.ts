/**
 * Whether a relay may stamp yet. A journal that lost its end, or all of it, would give used numbers to other data; only
 * the secondaries know better (PROTOCOL 7). So a new journal stamps only after every secondary was seen empty, and a
 * restarted one after all were heard, or have been silent for long enough to be dead.
 *
 * A restarted relay does not know either which primary has gone on without it meanwhile. Where the fence level lets them,
 * it stamps nobody before all of them have greeted: a write that depends on one of those would be sent without its cause
 * (PROTOCOL 4). One that stays away for longer than its lease suspends the group.
 */
import type { Desk } from "./effects.js";
import { limits } from "./limits.js";
import { markNames, type Marks } from "./marks.js";
import type { Membership } from "./membership.js";
import type { RelayCourse } from "./relay-course.js";
import type { IngressPeer } from "./relay-peers.js";
import type { Shipping } from "./shipping.js";
import type { MarkValue } from "./vocabulary.js";

export interface RelayReadiness {
  /** Why no primary may be welcomed yet; empty once they may. */
  waitsFor(): string;
  /** Gives up waiting for whoever has been silent for too long. */
  tick(): void;
  isBorn(): boolean;
  /** A primary is being welcomed: what must be durable first. From now on the journal is no new one any more. */
  begin(): ReadonlyMap<string, MarkValue>;
}

export interface RelayReadinessOptions {
  readonly desk: Desk;
  readonly membership: Membership;
  readonly marks: Marks;
  readonly shipping: Pick<Shipping, "unheard" | "allSeenEmpty">;
  readonly peers: readonly IngressPeer[];
  readonly course: Pick<RelayCourse, "now" | "isStamping" | "happened">;
}

export function createRelayReadiness(options: RelayReadinessOptions): RelayReadiness {
  const { desk, marks, shipping, peers, course } = options;
  const { group, fence, leaseMs } = options.membership;
  let born = marks.get(markNames.born) === true;
  let openedMs: number | null = null;
  let waitedEnough = false;
  /** In a run that nobody may open the image of yet, the order of writes is of no consequence. */
  const now = course.now();
  const orderCounts = now.kind === "running" || (now.kind === "copying" && now.run.order.end !== null);
  let gathered = !born || fence === "data" || !orderCounts;

  const absent = (): string =>
    peers
      .filter(({ hello, inStep }) => hello === null && !inStep)
      .map(({ node }) => node)
      .join(", ");

  return {
    waitsFor() {
      const missing = shipping.unheard().join(", ");
      if (!born)
        return shipping.allSeenEmpty() ? "" : `a new journal stamps only after every secondary was seen: ${missing}`;
      if (!waitedEnough && missing !== "") return `after a restart the relay waits to hear from ${missing}`;
      gathered ||= absent() === "" || !course.isStamping();
      return gathered ? "" : `after a restart the relay waits for ${absent()}, which may have gone on without it`;
    },
    tick() {
      openedMs ??= desk.nowMs();
      if (!born) return;
      if (!gathered && course.isStamping() && absent() !== "" && desk.nowMs() >= openedMs + 2 * leaseMs) {
        gathered = true;
        course.happened(
          "lease-ended",
          `${absent()} was not heard since the relay started, and may have gone on without it`,
        );
      }
      const missing = shipping.unheard().join(", ");
      if (waitedEnough || missing === "" || desk.nowMs() < openedMs + limits.hearSecondariesMs) return;
      waitedEnough = true;
      desk.log(
        "warn",
        `${group}: stamping without having heard from ${missing}: had the journal lost its end, only they would know`,
      );
    },
    isBorn: () => born,
    begin() {
      const change = new Map<string, MarkValue>();
      if (!born) change.set(markNames.born, true);
      born = true;
      return change;
    },
  };
}
