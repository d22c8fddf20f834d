/** When a started cluster is ready: every volume can be written somewhere, whichever side holds it now. */
import { Failure } from "@waystation/contracts/errors";
import { connectControl, type NodeStatus } from "@waystation/client/control-client";
import type { Cluster } from "@waystation/config/cluster";

const readyTimeoutMs = 60_000;
const pollMs = 50;

/** Rejects with `NOT_READY`, which names what is not open and why. */
export async function waitUntilServed(cluster: Cluster): Promise<void> {
  const deadlineMs = performance.now() + readyTimeoutMs;
  const clients = cluster.nodes.map((node) => connectControl(`${node.grpc.connect.host}:${node.grpc.connect.port}`));
  try {
    for (;;) {
      const answers = await Promise.allSettled(clients.map((client) => client.status()));
      const statuses = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
      // One that no group has yet is served by its primary as soon as that listens.
      const closed = cluster.volumes.filter(({ name, group }) => group !== null && !isWritable(statuses, name));
      if (closed.length === 0) return;
      if (performance.now() > deadlineMs)
        throw notReady(
          closed.map(({ name }) => name),
          statuses,
        );
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  } finally {
    for (const client of clients) client.close();
  }
}

function isWritable(statuses: readonly NodeStatus[], volume: string): boolean {
  return statuses.some((status) =>
    status.volumes.some(({ name, access }) => name === volume && access === "read-write"),
  );
}

function notReady(volumes: readonly string[], statuses: readonly NodeStatus[]): Failure {
  const details = statuses.flatMap(({ node, groups }) =>
    groups.flatMap(({ group, phase, detail }) => (detail === "" ? [] : [`  ${node}, ${group}: ${phase}: ${detail}`])),
  );
  return new Failure("NOT_READY", [`${volumes.join(", ")} cannot be written on any node:`, ...details].join("\n"));
}
