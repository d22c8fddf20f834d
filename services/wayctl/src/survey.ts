/**
 * Asks every node of the cluster for its own live figures, all at once. A node that does not answer in time is dead as
 * far as this command can tell, and nothing that only it could tell is shown: figures of others about it are not live.
 */
import { formatAddress } from "./address.js";
import { reasonOf } from "@waystation/contracts/errors";
import type { ControlClient, NodeStatus } from "@waystation/client/control-client";
import type { Cluster, NodeConfig } from "@waystation/config/cluster";

export type ConnectControl = (address: string) => ControlClient;

/** Below the two seconds within which a dead node must be said to be dead. */
const answerTimeoutMs = 1_500;

export interface NodeAnswer {
  readonly node: NodeConfig;
  /** Null: dead, or not reachable from here. */
  readonly status: NodeStatus | null;
  /** Why there is no status. */
  readonly problem: string;
}

export function surveyCluster(cluster: Cluster, connect: ConnectControl): Promise<NodeAnswer[]> {
  return Promise.all(cluster.nodes.map((node) => ask(node, connect)));
}

async function ask(node: NodeConfig, connect: ConnectControl): Promise<NodeAnswer> {
  const client = connect(formatAddress(node.grpc.connect));
  try {
    const status = await client.status({ timeoutMs: answerTimeoutMs });
    if (status.node !== node.name) {
      return { node, status: null, problem: `${status.node} answers at its address: correct cluster.yaml` };
    }
    return { node, status, problem: "" };
  } catch (error) {
    return { node, status: null, problem: reasonOf(error) };
  } finally {
    client.close();
  }
}
