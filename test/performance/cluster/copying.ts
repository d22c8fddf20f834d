/**
 * Copies of a whole volume to another node, against nbdcopy between two plain NBD servers of the same size: the first copy of a
 * pair, and that of a group whose secondary was replaced by an empty machine (from when the run is seen to have begun).
 */
import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RelayStages } from "@waystation/client/control-client";
import { succeed } from "../../harness/programs.js";
import { withStorageNodes } from "../../harness/storage-node.js";
import { waitUntil } from "../../harness/wait.js";
import { nbdTarget, prefill } from "./fio.js";
import { adapters, withOwnCluster, type Adapter } from "./own-cluster.js";
import { endChild, makeFile, startNbdkit } from "./peers.js";
import type { Effort } from "./target.js";

export interface CopySpeed {
  readonly what: string;
  readonly ms: number;
  /** What nbdcopy took for as much. */
  readonly nbdcopyMs: number;
}

const copyMs = 600_000;

export async function measureCopying(effort: Effort): Promise<CopySpeed[]> {
  const nbdcopyMs = await timeNbdcopy(effort);
  const copies = [{ what: "a pair across two nodes", ms: await timePair(effort), nbdcopyMs }];
  for (const adapter of adapters) {
    copies.push({ what: `a group to an empty secondary, ${adapter}`, ms: await timeGroup(adapter, effort), nbdcopyMs });
  }
  return copies;
}

async function timeNbdcopy({ areaBytes, abort }: Effort): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "waystation-copy-"));
  const children: ChildProcess[] = [];
  try {
    const from = await startNbdkit(await makeFile(join(folder, "from.img"), areaBytes), children);
    const to = await startNbdkit(await makeFile(join(folder, "to.img"), areaBytes), children);
    await prefill(nbdTarget(uriOf(from)), areaBytes, abort);
    return await timed(() => succeed("nbdcopy", ["--flush", uriOf(from), uriOf(to)], copyMs));
  } finally {
    await Promise.all(children.map(endChild));
    await rm(folder, { recursive: true, force: true });
  }
}

const uriOf = ({ port }: { readonly port: number }): string => `nbd://127.0.0.1:${port}`;

/** Unlike arrays, as in the cluster: 4 disks here and 5 there. */
function timePair({ areaBytes, abort }: Effort): Promise<number> {
  const array = (disks: number) => ({ name: "five", level: "raid5", disks, stripeUnit: "64KiB" });
  const shapes = {
    near: { arrays: [array(4)], volumes: [{ name: "from", array: "five", size: areaBytes }] },
    far: { arrays: [array(5)], volumes: [{ name: "to", array: "five", size: areaBytes }] },
  };
  return withStorageNodes(shapes, async ({ near, far }) => {
    await Promise.all([near.start(), far.start()]);
    await prefill(nbdTarget(near.nbdUri("from")), areaBytes, abort);
    const client = await near.nbd("from");
    await client.flush();
    client.close();
    return timed(() => near.succeed("pair", "create", "from", "to", "--wait"));
  });
}

function timeGroup(adapter: Adapter, { areaBytes, abort }: Effort): Promise<number> {
  return withOwnCluster({ adapter, areaBytes, abort }, async (cluster) => {
    await cluster.end(["secondary-a"]);
    await rm(join(cluster.dataDirectory, "secondary-a"), { recursive: true });
    await cluster.start("secondary-a");
    const waitFor = (what: string, holds: (relay: RelayStages) => boolean): Promise<true> => {
      const isSo = async (): Promise<boolean> => {
        const relay = (await cluster.status("relay-1")).groups[0]?.relay ?? null;
        return relay !== null && holds(relay);
      };
      return waitUntil(what, isSo, { deadlineMs: copyMs, pollMs: 20 });
    };
    await waitFor("the copy begins", ({ copy }) => (copy ?? null) !== null);
    return timed(() => waitFor("the group is paired", ({ pair }) => pair === "PAIR"));
  });
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await act();
  return performance.now() - startedMs;
}
