/** Who dials whom about which group: the metadata of a link's call, and when a node refuses them. */
import { Metadata } from "@grpc/grpc-js";
import { isName, nameRule, type GroupName, type NodeName } from "@waystation/contracts/ids";
import type { Channel, LinkAddress } from "@waystation/contracts/link";
import { rpcFailure } from "./errors.js";

/** What this node knows of the cluster, from its configuration. */
export interface LinkDirectory {
  readonly cluster: string;
  readonly node: NodeName;
  /** Where other nodes are reached: "host:port". */
  readonly peers: ReadonlyMap<NodeName, string>;
  /** The groups that this node is a member of, with all their members. */
  readonly groups: ReadonlyMap<GroupName, ReadonlySet<NodeName>>;
}

const keys = {
  cluster: "waystation-cluster",
  node: "waystation-node",
  peer: "waystation-peer",
  group: "waystation-group",
} as const;

export function linkMetadata(directory: LinkDirectory, address: LinkAddress): Metadata {
  const metadata = new Metadata();
  metadata.set(keys.cluster, directory.cluster);
  metadata.set(keys.node, directory.node);
  metadata.set(keys.peer, address.peer);
  metadata.set(keys.group, address.group);
  return metadata;
}

function nameIn(metadata: Metadata, key: string): string {
  const values = metadata.get(key);
  const [value] = values;
  if (values.length !== 1 || typeof value !== "string" || !isName(value)) {
    throw rpcFailure("LINK_INVALID", `${key}: exactly one name is needed (${nameRule})`);
  }
  return value;
}

/**
 * The link that a caller asks for, seen from here. Checks names only; who the caller really is, only TLS can tell.
 * Throws a `Failure` with a `LINK_` code.
 */
export function acceptedAddress(directory: LinkDirectory, channel: Channel, metadata: Metadata): LinkAddress {
  const cluster = nameIn(metadata, keys.cluster);
  const caller = nameIn(metadata, keys.node) as NodeName;
  const callee = nameIn(metadata, keys.peer);
  const group = nameIn(metadata, keys.group) as GroupName;
  if (cluster !== directory.cluster || callee !== directory.node) {
    throw rpcFailure(
      "LINK_WRONG_NODE",
      `this is ${directory.node} of cluster ${directory.cluster}, not ${callee} of ${cluster}: compare the addresses in cluster.yaml`,
    );
  }
  if (caller === directory.node || !directory.peers.has(caller)) {
    throw rpcFailure("LINK_UNKNOWN_NODE", `${caller} is no other node of the cluster that ${directory.node} knows`);
  }
  const members = directory.groups.get(group);
  if (members === undefined || !members.has(caller)) {
    throw rpcFailure("LINK_UNKNOWN_GROUP", `${directory.node} and ${caller} are not both members of a group ${group}`);
  }
  return { peer: caller, channel, group };
}
