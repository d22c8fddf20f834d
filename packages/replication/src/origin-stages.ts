/** What a primary tells of itself. */
import type { CopySource } from "./copy-source.js";
import type { LeaseHolder } from "./lease.js";
import type { PairState } from "./messages.js";
import type { OriginLegs, Suspension } from "./origin-leg.js";
import type { OriginVolume } from "./origin-volume.js";
import type { PrimaryStages } from "./status.js";
import type { WriteWindow } from "./write-window.js";

export interface OriginParts {
  readonly welcomed: boolean;
  readonly paused: boolean;
  readonly suspension: Suspension | null;
  readonly lease: LeaseHolder;
  readonly window: WriteWindow;
  readonly legs: OriginLegs;
  readonly volumes: readonly OriginVolume[];
  readonly source: CopySource;
}

export function primaryStages(parts: OriginParts): PrimaryStages {
  const { lease, window, legs, volumes, source } = parts;
  return {
    relayConnected: parts.welcomed,
    leaseRemainingMs: lease.remainingMs(),
    writesInFlight: window.inFlight(),
    writesHeld: window.held(),
    leg: legs.state().leg,
    pair: pairStateOf(parts),
    paused: parts.paused,
    loggedBytes: volumes.reduce((sum, { regions }) => sum + regions.dirtyCount() * regions.regionBytes, 0),
    copy: source.progress(),
  };
}

/** Of the leg to the relay. */
function pairStateOf({ welcomed, suspension, legs }: OriginParts): PairState {
  const { leg, state } = legs.state();
  switch (leg) {
    case "alone":
      return suspension?.state ?? state;
    case "copying":
      return suspension?.state ?? "COPY";
    case "joined":
      return suspension?.state ?? (welcomed ? "PAIR" : "PSUE");
  }
}
