/**
 * Leases (PROTOCOL 4). The relay counts a lease from when it sent the challenge, the primary from when it received it
 * plus a margin for drift between their clocks: so the relay's always ends first, and a primary that still believes in
 * its lease is never one that the relay has given up.
 */
import type { Desk } from "./effects.js";
import { limits } from "./limits.js";

/** The primary's side. */
export interface LeaseHolder {
  renew(leaseMs: number): void;
  remainingMs(): number;
}

export function createLeaseHolder(desk: Desk): LeaseHolder {
  let endsMs = 0;
  return {
    renew(leaseMs) {
      endsMs = desk.nowMs() + leaseMs * (1 + limits.leaseDriftShare);
    },
    remainingMs: () => Math.max(0, endsMs - desk.nowMs()),
  };
}

/** The relay's side, for one primary. */
export interface LeaseGrantor {
  /** The challenge to send now, or null when none is due. */
  challenge(): { readonly id: number; readonly leaseMs: number } | null;
  renewed(id: number): void;
  held(): boolean;
  /** The connection was lost: outstanding challenges will not be answered. The lease itself runs on. */
  forgetChallenges(): void;
}

export function createLeaseGrantor(desk: Desk, leaseMs: number): LeaseGrantor {
  let nextId = 1;
  let nextChallengeMs = 0;
  let endsMs = 0;
  const sentAtMs = new Map<number, number>();
  return {
    challenge() {
      const now = desk.nowMs();
      if (now < nextChallengeMs) return null;
      nextChallengeMs = now + leaseMs / 4;
      for (const [id, sent] of sentAtMs) if (now - sent > leaseMs) sentAtMs.delete(id);
      const id = nextId++;
      sentAtMs.set(id, now);
      return { id, leaseMs };
    },
    renewed(id) {
      const sent = sentAtMs.get(id);
      if (sent === undefined) return;
      sentAtMs.delete(id);
      endsMs = Math.max(endsMs, sent + leaseMs);
    },
    held: () => desk.nowMs() < endsMs,
    forgetChallenges: () => {
      sentAtMs.clear();
    },
  };
}
