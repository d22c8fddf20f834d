/**
 * Reading cluster.yaml again while the daemon runs. What the file may change by then is checked first and as a whole: a
 * file that is refused changes nothing.
 */
import { isDeepStrictEqual } from "node:util";
import type { NodeName } from "@waystation/contracts/ids";
import type { Cluster } from "@waystation/config/cluster";
import { loadCluster } from "@waystation/config/load";
import type { ConfigurationFront } from "@waystation/replication/control-front";
import { daemonFailure } from "./errors.js";

export interface LiveConfigurationOptions {
  readonly clusterFile: string;
  readonly node: NodeName;
  readonly cluster: Cluster;
}

export function createLiveConfiguration({ clusterFile, node, cluster }: LiveConfigurationOptions): ConfigurationFront {
  return {
    async reload() {
      const next = await loadCluster(clusterFile);
      if (isDeepStrictEqual(next, cluster)) return [];
      throw daemonFailure("RESTART_DUE", `${clusterFile} has changed since ${node} was started: start it again`);
    },
  };
}
