/**
 * Reading cluster.yaml again while the daemon runs. What the file may change by then is checked first and as a whole: a
 * file that is refused changes nothing. What is new is opened, and then told to the node; roles stay as they are until a
 * change of term (`wayctl group members`).
 */
import { isDeepStrictEqual } from "node:util";
import type { NodeName } from "@waystation/contracts/ids";
import type { ArrayConfig, Cluster, GroupConfig } from "@waystation/config/cluster";
import { placesOf } from "@waystation/config/journal-volumes";
import { arraysOf, groupsOf, loadCluster, volumesOf } from "@waystation/config/load";
import type { ConfigurationFront } from "@waystation/replication/control-front";
import { daemonFailure } from "./errors.js";

export interface LiveConfigurationOptions {
  readonly clusterFile: string;
  readonly node: NodeName;
  readonly cluster: Cluster;
  /** Opens what is new for this node, and tells the node of it. */
  readonly take: (next: Cluster) => Promise<void>;
}

export function createLiveConfiguration(options: LiveConfigurationOptions): ConfigurationFront {
  const { clusterFile, node } = options;
  let cluster = options.cluster;
  let reading: Promise<unknown> = Promise.resolve();

  const reload = async (): Promise<readonly string[]> => {
    const next = await loadCluster(clusterFile);
    const reasons = restartReasons(cluster, next, node);
    if (reasons.length > 0) {
      const text = `${node} cannot take ${reasons.join(", ")} of ${clusterFile} while it runs: put back what they were, or start it again`;
      throw daemonFailure("RESTART_DUE", text);
    }
    await options.take(next);
    const changes = newsFor(cluster, next, node);
    cluster = next;
    return changes;
  };

  return {
    reload() {
      const mine = reading.then(reload);
      reading = mine.catch(() => {});
      return mine;
    },
  };
}

/** What of the new file needs a restart of this node, as paths of the file. */
export function restartReasons(now: Cluster, next: Cluster, node: NodeName): string[] {
  const reasons: string[] = [];
  const check = (path: string, before: unknown, after: unknown): void => {
    if (!isDeepStrictEqual(before, after)) reasons.push(path);
  };
  check("cluster", now.name, next.name);
  for (const { name, ...before } of now.nodes) {
    const after = next.nodes.find((candidate) => candidate.name === name);
    if (name === node) check(`nodes.${name}`, { name, ...before }, after);
    else if (after !== undefined) check(`nodes.${name}.grpc`, before.grpc.connect, after.grpc.connect);
  }
  check("arrays", arraysOf(now, node).map(withoutSize), arraysOf(next, node).map(withoutSize));
  const own = (cluster: Cluster) => cluster.standaloneVolumes.filter((volume) => volume.node === node);
  check("volumes in no group", own(now), own(next));
  for (const before of volumesOf(now, node)) {
    const after = next.volumes.find(({ name }) => name === before.name);
    if (after === undefined) continue;
    const here = (volume: typeof before) => placesOf(volume).find((place) => place.node === node);
    check(`volume ${before.name}`, before.sizeBytes, after.sizeBytes);
    if (here(after) !== undefined) check(`the place of volume ${before.name}`, here(before), here(after));
  }
  for (const before of groupsOf(now, node)) {
    const after = next.groups.find(({ name }) => name === before.name);
    check(`group ${before.name}`, policyOf(before), after && policyOf(after));
  }
  return reasons;
}

/** When left out, a disk's size follows from what lies on it; an array keeps the one that it was made with. */
function withoutSize(array: ArrayConfig): ArrayConfig {
  return { ...array, diskSizeBytes: 0 };
}

/** All but its members. */
function policyOf(group: GroupConfig): object {
  return { ...group, volumes: [], relay: "" };
}

/** What is new at this node, a line each. */
function newsFor(now: Cluster, next: Cluster, node: NodeName): string[] {
  const known = new Set(volumesOf(now, node).map(({ name }) => name));
  const volumes = volumesOf(next, node).filter(({ name }) => !known.has(name));
  const members = (cluster: Cluster, group: GroupConfig) => [
    cluster.groups.find(({ name }) => name === group.name)?.relay,
    cluster.volumes.filter((volume) => volume.group === group.name),
  ];
  const groups = groupsOf(next, node).filter((group) => !isDeepStrictEqual(members(now, group), members(next, group)));
  return [...volumes.map(({ name }) => `volume ${name}`), ...groups.map(({ name }) => `members of ${name}`)];
}
