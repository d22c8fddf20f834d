/** A group as the cluster's configuration describes it: who takes part, and the limits it runs under. */
import type { GroupName, NodeName, VolumeName } from "./vocabulary.js";

export interface GroupVolume {
  readonly name: VolumeName;
  readonly sizeBytes: number;
  /** The node whose array is written by hosts; a takeover moves the role, the next term this. */
  readonly primary: NodeName;
  /** At least one. */
  readonly secondaries: readonly NodeName[];
}

/**
 * What hosts see when the relay cannot store a write. `data`: held for `holdMs`, then failed; a primary never goes on
 * alone. `never`: host I/O goes on and regions are logged. `status`: goes on, only while the pair is shown suspended.
 */
export type FenceLevel = "data" | "never" | "status";

export interface Membership {
  readonly group: GroupName;
  readonly relay: NodeName;
  readonly volumes: readonly GroupVolume[];
  readonly fence: FenceLevel;
  readonly holdMs: number;
  readonly leaseMs: number;
  /** Unit of the region logs and bitmaps (PROTOCOL 5): a power of two, a multiple of the intent's unit. */
  readonly regionBytes: number;
  readonly journalFull: JournalFullPolicy;
  /** Whether a group that was suspended by a failure resyncs by itself once everybody is back. */
  readonly autoResync: boolean;
}

/** What happens as the relay's journal fills up, because a far leg is slow or gone (B9). */
export interface JournalFullPolicy {
  /** From this share of the capacity on the group is shown as PFUL. */
  readonly warnShare: number;
  /** How long host writes are held in a full journal before the group is suspended with bitmaps (PFUS). */
  readonly holdMs: number;
}

export function primariesOf(membership: Membership): NodeName[] {
  return [...new Set(membership.volumes.map((volume) => volume.primary))];
}

export function secondariesOf(membership: Membership): NodeName[] {
  return [...new Set(membership.volumes.flatMap((volume) => volume.secondaries))];
}

/** Everybody who has a role. */
export function membersOf(membership: Membership): NodeName[] {
  return [...new Set([...secondariesOf(membership), membership.relay, ...primariesOf(membership)])];
}

export function volumesOn(membership: Membership, node: NodeName, role: "primary" | "secondary"): GroupVolume[] {
  return membership.volumes.filter(({ primary, secondaries }) =>
    role === "primary" ? primary === node : secondaries.includes(node),
  );
}
