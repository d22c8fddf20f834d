/** A copy of a whole volume to another node, against nbdcopy between two plain NBD servers of the same size. */
import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { succeed } from "../../harness/programs.js";
import { withStorageNodes } from "../../harness/storage-node.js";
import { nbdTarget, prefill } from "./fio.js";
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
  return [{ what: "a pair across two nodes", ms: await timePair(effort), nbdcopyMs }];
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

async function timed(act: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await act();
  return performance.now() - startedMs;
}
