/** placeholder of the interface; the implementation follows */
import type { BlockFront } from "@waystation/contracts/block-front";
import type { ControlFront } from "@waystation/replication/control-front";
import type { NodeIdentity, NodePorts } from "./ports.js";

/** A running node: every role it has in every group. */
export interface Node {
  readonly blocks: BlockFront;
  readonly control: ControlFront;
  /**
   * Stops taking requests (handles are revoked, requests in flight fail with SHUTTING_DOWN or finish), closes links.
   * Without it a node may be dropped at any instant, as a crash does: all that matters is durable.
   */
  stop(): Promise<void>;
}

export declare function createNode(identity: NodeIdentity, ports: NodePorts): Node;
