/** The failures that the replication machines answer hosts and operators with; see docs/errors.md. */
import { Failure } from "@waystation/contracts/errors";
import type { Membership } from "./membership.js";
import type { SuspendedState } from "./messages.js";
import type { VolumeName } from "./vocabulary.js";

export function notOpen(volume: VolumeName, reason: string): Failure {
  return new Failure("VOLUME_NOT_OPEN", `volume ${volume} is not open here: ${reason}`, { details: { volume } });
}

export function heldTooLong(volume: VolumeName, holdMs: number): Failure {
  return new Failure(
    "HELD_TOO_LONG",
    `volume ${volume}: no relay stored the write within ${holdMs} ms (fence level data). Look at 'wayctl status': is the relay up and reachable?`,
    { details: { volume, holdMs } },
  );
}

export function pausedTooLong(volume: VolumeName, holdMs: number, reason: string): Failure {
  return new Failure("HELD_TOO_LONG", `volume ${volume}: the write was held for ${holdMs} ms: ${reason}`, {
    details: { volume, holdMs },
  });
}

export function waitingTooMany(volume: VolumeName, waitingMax: number): Failure {
  return new Failure("HELD_TOO_LONG", `volume ${volume}: ${waitingMax} writes wait already`, {
    details: { volume, waitingMax },
  });
}

export function arrayFailed(volume: VolumeName, cause: Failure): Failure {
  return new Failure("IO_ERROR", `volume ${volume}: its array failed: ${cause.message}`, {
    cause,
    details: { volume },
  });
}

export function groupSuspended(
  volume: VolumeName,
  { group, holdMs }: Membership,
  why: { readonly state: SuspendedState; readonly detail: string },
): Failure {
  return new Failure(
    "GROUP_SUSPENDED",
    `volume ${volume}: group ${group} is suspended (${why.state}: ${why.detail}), and with fence level data nobody writes without the relay: the write failed after ${holdMs} ms. When the fault is gone: 'wayctl group resync ${group}'`,
    { details: { volume, state: why.state } },
  );
}
