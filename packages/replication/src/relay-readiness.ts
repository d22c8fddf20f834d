/**
 * Whether a relay may stamp yet. A journal that lost its end, or all of it, would give used numbers to other data; only
 * the secondaries know better (PROTOCOL 7). So a new journal stamps only after every secondary was seen empty, and a
 * restarted one after all were heard, or have been silent for long enough to be dead.
 */
import type { Desk } from "./effects.js";
import { limits } from "./limits.js";
import { markNames, type Marks } from "./marks.js";
import type { Shipping } from "./shipping.js";
import type { GroupName, MarkValue } from "./vocabulary.js";

export interface RelayReadiness {
  /** Why no primary may be welcomed yet; empty once they may. */
  waitsFor(): string;
  /** Gives up waiting for a secondary that has been silent for too long. */
  tick(): void;
  /** A primary is being welcomed: what must be durable first. From now on the journal is no new one any more. */
  begin(): ReadonlyMap<string, MarkValue>;
}

export interface RelayReadinessOptions {
  readonly desk: Desk;
  readonly group: GroupName;
  readonly marks: Marks;
  readonly shipping: Pick<Shipping, "unheard" | "allSeenEmpty">;
}

export function createRelayReadiness({ desk, group, marks, shipping }: RelayReadinessOptions): RelayReadiness {
  let born = marks.get(markNames.born) === true;
  let openedMs: number | null = null;
  let waitedEnough = false;

  return {
    waitsFor() {
      const missing = shipping.unheard().join(", ");
      if (!born)
        return shipping.allSeenEmpty() ? "" : `a new journal stamps only after every secondary was seen: ${missing}`;
      return waitedEnough || missing === "" ? "" : `after a restart the relay waits to hear from ${missing}`;
    },
    tick() {
      openedMs ??= desk.nowMs();
      const missing = shipping.unheard().join(", ");
      if (!born || waitedEnough || missing === "" || desk.nowMs() < openedMs + limits.hearSecondariesMs) return;
      waitedEnough = true;
      desk.log(
        "warn",
        `${group}: stamping without having heard from ${missing}: had the journal lost its end, only they would know`,
      );
    },
    begin() {
      const change = new Map<string, MarkValue>();
      if (!born) change.set(markNames.born, true);
      born = true;
      return change;
    },
  };
}
