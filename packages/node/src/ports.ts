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
  /** One open store per volume that lives on this node. The node does not close them. */
  readonly stores: ReadonlyMap<VolumeName, DurableBlockStore>;
  /** The state of the arrays below, for status. */
  readonly arrays: () => readonly ArrayStatus[];
}

export interface NodeIdentity {
  readonly name: NodeName;
  readonly site: string;
  readonly version: string;
  /** The groups this node is a member of, in any role. */
  readonly memberships: readonly Membership[];
}
