/** What the launcher tells a person: one line per node, and what to try next. */
import type { Cluster, NodeConfig } from "@waystation/config/cluster";
import type { ReadySummary } from "./children.js";

export function nodeLine(node: NodeConfig, summary: ReadySummary, elapsedMs: number): string {
  const parts = [
    node.name.padEnd(12),
    `site ${node.site}`.padEnd(12),
    `gRPC ${summary.grpc}`,
    summary.nbd === null ? "" : `NBD ${summary.nbd}`,
    summary.arrays.join(", "),
    `up after ${(elapsedMs / 1000).toFixed(1)} s`,
  ];
  return parts.filter((part) => part !== "").join("  ");
}

export interface StartedCluster {
  readonly cluster: Cluster;
  /** Null for the one that wayctl takes unasked. */
  readonly clusterFile: string | null;
  readonly dataDirectory: string;
}

export function nextSteps({ cluster, clusterFile, dataDirectory }: StartedCluster): string {
  const wayctl = clusterFile === null ? "npx wayctl" : `npx wayctl --cluster ${clusterFile}`;
  const volume = cluster.volumes[0];
  const primary = cluster.nodes.find((node) => node.name === volume?.primary.node);
  const group = cluster.groups[0];
  const lines = [
    "  Try, in another terminal:",
    `    ${wayctl} status`,
    ...(volume === undefined || primary?.nbd == null
      ? []
      : [`    nbdinfo nbd://${primary.nbd.connect.host}:${primary.nbd.connect.port}/${volume.name}`]),
    ...(group === undefined ? [] : [`    ${wayctl} group takeover ${group.name}      (after killing the primaries)`]),
    `  Data: ${dataDirectory}. Ctrl-C stops the cluster; npm start brings it back with its data.`,
  ];
  return `${lines.join("\n")}\n`;
}
