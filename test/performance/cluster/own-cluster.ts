/**
 * A cluster of ours as a target: loads go to `vol-a` on primary-a, and the journals that hold records, the relay's and
 * the secondaries', are kept by either adapter.
 */
import { readFile, writeFile } from "node:fs/promises";
import { nodeNames, type ClusterShape } from "../../harness/cluster-file.js";
import { startAll, waitSynced, withCluster, type TestCluster } from "../../harness/cluster.js";
import { nbdTarget, prefill } from "./fio.js";
import type { Target } from "./target.js";

export const adapters = ["leveldb", "volume"] as const;
export type Adapter = (typeof adapters)[number];

export interface OwnClusterOptions {
  readonly adapter: Adapter;
  readonly areaBytes: number;
  readonly shape?: Partial<ClusterShape>;
  readonly abort: AbortSignal;
  /** Daemons reach each other through proxies. */
  readonly links?: boolean;
}

const settleMs = 300_000;
const journalNodes = ["relay-1", "secondary-a", "secondary-b"];
/** One disk, as `leveldb` has one file system: neither adapter keeps a second copy then. */
const journalArray = { name: "journal", level: "raid0", disks: 1 };

/** Starts all five daemons and fills `vol-a`; ends them and removes their data afterwards. */
export function withOwnCluster<T>(
  { adapter, areaBytes, shape = {}, abort, links = false }: OwnClusterOptions,
  body: (cluster: TestCluster) => Promise<T>,
): Promise<T> {
  return withCluster({ shape: { volumeBytes: areaBytes, ...shape }, links }, async (cluster) => {
    if (adapter === "volume") await keepJournalsOnVolumes(cluster.clusterFile);
    await startAll(cluster);
    await prefill(nbdTarget(cluster.nbdUri("primary-a", "vol-a")), areaBytes, abort);
    await waitSynced(cluster, settleMs);
    return body(cluster);
  });
}

interface ClusterFile {
  readonly nodes: Record<string, object>;
  readonly arrays: object[];
}

async function keepJournalsOnVolumes(path: string): Promise<void> {
  const file = JSON.parse(await readFile(path, "utf8")) as ClusterFile;
  for (const node of journalNodes) {
    file.nodes[node] = { ...file.nodes[node], journal: { adapter: "volume", array: journalArray.name } };
    file.arrays.push({ node, ...journalArray });
  }
  await writeFile(path, `${JSON.stringify(file, null, 2)}\n`);
}

export function ownTarget(adapter: Adapter, cluster: TestCluster): Target {
  return {
    name: adapter,
    fio: nbdTarget(cluster.nbdUri("primary-a", "vol-a")),
    processes: new Map(nodeNames.map((node) => [node, cluster.process(node).pid])),
    ours: true,
    async settle() {
      await waitSynced(cluster, settleMs);
    },
  };
}
