/** What a node stands on. The daemons give it LevelDB, RAID arrays and gRPC; the simulator its own. */
import type { DurableBlockStore } from "@waystation/contracts/block-device";
import type { Clock } from "@waystation/contracts/clock";
import type { GroupName, NodeName, VolumeName } from "@waystation/contracts/ids";
import type { Journal } from "@waystation/contracts/journal";
import type { Transport } from "@waystation/contracts/link";
import type { Log } from "@waystation/contracts/log";
import type { Membership } from "@waystation/replication/membership";
import type { PeerMessage } from "@waystation/replication/messages";
import type { ArrayStatus } from "@waystation/replication/status";

export interface NodePorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly transport: Transport<PeerMessage>;
  /** An id that no other call anywhere returns: names takeovers. */
  readonly uniqueId: () => string;
  /** One open journal per group that this node is a member of. The node does not close it. */
  readonly journals: ReadonlyMap<GroupName, Journal>;
  /**
   * The journal of pre-images of each group that this node keeps volumes of (PROTOCOL 9); kept apart from the other, so
   * that a copy run cannot fill the one that records arrive in. The node does not close it.
   */
  readonly preImages: ReadonlyMap<GroupName, Journal>;
  readonly branches: Branches;
  /** One open store per volume that lives on this node. The node does not close them. */
  readonly stores: ReadonlyMap<VolumeName, DurableBlockStore>;
  /** The state of the arrays below, for status. */
  readonly arrays: () => readonly ArrayStatus[];
}

/** What a volume held before it was overwritten by another history, kept by name (PROTOCOL 6.4). */
export interface Branches {
  /** Keeps what the volume holds now. Idempotent: a branch of that name is left as it is. Rejects with a `Failure`. */
  create(volume: VolumeName, name: string): Promise<void>;
  /** Rejects with a `Failure` when there is none of that name, or it is in use. */
  drop(volume: VolumeName, name: string): Promise<void>;
  list(): readonly Branch[];
}

export interface Branch {
  readonly volume: VolumeName;
  readonly name: string;
  readonly sizeBytes: number;
  readonly createdWallMs: number;
}

export interface NodeIdentity {
  readonly name: NodeName;
  readonly site: string;
  readonly version: string;
  /** The groups this node is a member of, in any role. */
  readonly memberships: readonly Membership[];
}
