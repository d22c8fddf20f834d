/** A group as the cluster's configuration describes it: who takes part, and the limits it runs under. */
import type { GroupName, NodeName, VolumeName } from "./vocabulary.js";

export interface GroupVolume {
  readonly name: VolumeName;
  readonly sizeBytes: number;
  /** The node whose array is written by hosts, as configured; a takeover moves the role, not this. */
  readonly primary: NodeName;
  readonly secondary: NodeName;
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
}

export function primariesOf(membership: Membership): NodeName[] {
  return [...new Set(membership.volumes.map((volume) => volume.primary))];
}

export function secondariesOf(membership: Membership): NodeName[] {
  return [...new Set(membership.volumes.map((volume) => volume.secondary))];
}

export function volumesOn(membership: Membership, node: NodeName, role: "primary" | "secondary"): GroupVolume[] {
  return membership.volumes.filter((volume) => volume[role] === node);
}
