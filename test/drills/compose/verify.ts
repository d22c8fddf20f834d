/** What every drill ends with: the check of the dependent writes, a comparison of volumes, and no daemon that crashed. */
import type { Writer } from "../writer.js";
import { volumeNames } from "../hosts.js";
import { checkNothingLost, checkReference, checkSame } from "../volume-checks.js";
import { waitSynced } from "../world.js";
import { volumeBytes, type Cluster } from "./cluster.js";

export interface Verdict {
  readonly acknowledged: number;
  /** K: the far side holds exactly the writes 1..K. */
  readonly found: number;
  /** Bytes that were compared, with the other side or with what hosts had written. */
  readonly comparedBytes: number;
}

/** Before a takeover, at rest: both sides hold the same prefix, and every byte of their volumes is the same. */
export async function verifyBothSides(cluster: Cluster, writer: Writer): Promise<Verdict> {
  await writer.rest();
  await waitSynced(cluster);
  const acknowledged = writer.acknowledged();
  const found = await checkNothingLost(cluster.hosts, "secondary", acknowledged);
  await checkNothingLost(cluster.hosts, "primary", acknowledged);
  await checkSame(cluster.hosts);
  return { acknowledged, found, comparedBytes: volumeNames.length * volumeBytes };
}

/** After a takeover: the far side holds exactly 1..K, and every other byte is as it was written. */
export async function verifyFarSide(cluster: Cluster, writer: Writer): Promise<Verdict> {
  await writer.rest();
  const acknowledged = writer.acknowledged();
  const found = await checkNothingLost(cluster.hosts, "secondary", acknowledged);
  await checkReference(cluster.hosts, "secondary");
  return { acknowledged, found, comparedBytes: volumeNames.length * volumeBytes };
}

/** A daemon that fails an assertion is brought back by its restart policy: it must not pass unseen. */
export async function verifyNoCrash({ containers }: Cluster): Promise<void> {
  for (const service of containers.services) {
    const log = await containers.logOf(service);
    const crash = log.split("\n").find((line) => /"event":"crashed"|"event":"failed"|FATAL ERROR/.test(line));
    if (crash !== undefined) throw new Error(`${service} crashed: ${crash}`);
  }
}
