/**
 * A takeover that has something to drain: the far links are narrow while so many MiB are written, then they are themselves
 * again, and the primaries are killed. Compared with what writing as many MiB to an equal array takes, through the NBD server
 * of a volume in no group, flushed.
 */
import { mebibyte, primaries, secondaries } from "../../harness/cluster-file.js";
import { direct } from "../../harness/delaying-proxy.js";
import { connectNbd, type NbdClient } from "../../harness/nbd-client.js";
import { withStorageNode } from "../../harness/storage-node.js";
import { narrowLink } from "./far-link.js";
import { nbdTarget, prefill } from "./fio.js";
import { withOwnCluster, type Adapter } from "./own-cluster.js";
import { takeOver, type TakeoverTime } from "./recovery.js";
import type { Effort } from "./target.js";

export interface BacklogTakeover extends TakeoverTime {
  /** What secondary-a had not stored in its volume when the primaries were killed. */
  readonly backlogMiB: number;
  /** Writing as much to an equal array. */
  readonly arrayMs: number;
}

const blockBytes = 64 * 1024;
const depth = 16;

export async function measureBacklogTakeover(
  adapter: Adapter,
  written: { readonly MiB: number },
  effort: Effort,
): Promise<BacklogTakeover> {
  const { areaBytes, abort } = effort;
  const taken = await withOwnCluster({ adapter, areaBytes, abort, links: true }, async (cluster) => {
    const far = secondaries.map((node) => cluster.links.between("relay-1", node));
    for (const link of far) link.reshape(narrowLink);
    const client = await connectNbd(cluster.nbdPort("primary-a"), "vol-a");
    await writeBlocks(client, written.MiB * mebibyte);
    client.close();
    const stages = (await cluster.status("relay-1")).groups[0]?.relay;
    const behind = stages?.secondaries.find(({ node }) => node === "secondary-a")?.lagWrites ?? 0;
    for (const link of far) link.reshape(direct);
    await cluster.end(primaries);
    const backlogMiB = (behind * blockBytes) / mebibyte;
    return { backlogMiB, ...(await takeOver(cluster, adapter)) };
  });
  return { ...taken, arrayMs: await timeArray(taken.backlogMiB * mebibyte, effort) };
}

/** The array of a secondary. */
function timeArray(lengthBytes: number, { areaBytes, abort }: Effort): Promise<number> {
  const shape = {
    arrays: [{ name: "array-a", level: "raid5", disks: 5, stripeUnit: "64KiB" }],
    volumes: [{ name: "plain", array: "array-a", size: areaBytes }],
  };
  return withStorageNode(shape, async (node) => {
    await node.start();
    await prefill(nbdTarget(node.nbdUri("plain")), areaBytes, abort);
    const client = await node.nbd("plain");
    await client.flush();
    const startedMs = performance.now();
    await writeBlocks(client, lengthBytes);
    await client.flush();
    const tookMs = performance.now() - startedMs;
    client.close();
    return tookMs;
  });
}

/** From the start on, round and round, several at a time. */
async function writeBlocks(client: NbdClient, lengthBytes: number): Promise<void> {
  const data = Buffer.alloc(blockBytes, 7);
  let at = 0;
  const writeSome = async (): Promise<void> => {
    while (at < lengthBytes) {
      const offset = at % client.sizeBytes;
      at += blockBytes;
      await client.write(offset, data);
    }
  };
  await Promise.all(Array.from({ length: depth }, writeSome));
}
