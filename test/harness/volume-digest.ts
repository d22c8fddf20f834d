/** What a whole volume holds, as one digest, read through NBD: equal volumes have equal digests. */
import { createHash } from "node:crypto";
import { mebibyte, type TestNode, type TestVolume } from "./cluster-file.js";
import type { TestCluster } from "./cluster.js";
import { connectNbd } from "./nbd-client.js";

export async function volumeDigest(cluster: TestCluster, node: TestNode, volume: TestVolume): Promise<string> {
  const client = await connectNbd(cluster.nbdPort(node), volume);
  try {
    const hash = createHash("sha256");
    for (let at = 0; at < client.sizeBytes; at += mebibyte)
      hash.update(await client.read(at, Math.min(mebibyte, client.sizeBytes - at)));
    return hash.digest("hex");
  } finally {
    client.close();
  }
}

/** The digests of both volumes, as the primaries or the secondaries hold them. */
export async function siteDigests(cluster: TestCluster, side: "primary" | "secondary"): Promise<string[]> {
  return [await volumeDigest(cluster, `${side}-a`, "vol-a"), await volumeDigest(cluster, `${side}-b`, "vol-b")];
}
