/** What every drill ends with: the check of the dependent writes, a comparison of volumes, and no daemon that crashed. */
import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import { mebibyte, type TestVolume } from "../../harness/cluster-file.js";
import { connectNbd, type NbdClient } from "../../harness/nbd-client.js";
import { readPrefix } from "../dependent-writes.js";
import { homes, volumeBytes, volumeNames, type Cluster } from "./cluster.js";
import { firstDifference } from "./reference-data.js";
import type { Writer } from "./writer.js";

export interface Verdict {
  readonly acknowledged: number;
  /** K: the far side holds exactly the writes 1..K. */
  readonly found: number;
  /** Bytes that were compared, with the other side or with what hosts had written. */
  readonly comparedBytes: number;
}

type Side = "primary" | "secondary";

/** Before a takeover, at rest: both sides hold the same prefix, and every byte of their volumes is the same. */
export async function verifyBothSides(cluster: Cluster, writer: Writer): Promise<Verdict> {
  await writer.rest();
  await cluster.waitSynced();
  const found = await verifyPrefix(cluster, writer, "secondary");
  const near = await verifyPrefix(cluster, writer, "primary");
  assert.equal(near, found, "primaries and secondaries hold different prefixes");
  for (const volume of volumeNames) {
    const same = (await digestOf(cluster, "primary", volume)) === (await digestOf(cluster, "secondary", volume));
    assert(same, `${volume} differs between its primary and its secondary`);
  }
  return { acknowledged: writer.acknowledged(), found, comparedBytes: volumeNames.length * volumeBytes };
}

/** After a takeover: the far side holds exactly 1..K, and every other byte is as it was written. */
export async function verifyFarSide(cluster: Cluster, writer: Writer): Promise<Verdict> {
  await writer.rest();
  const found = await verifyPrefix(cluster, writer, "secondary");
  for (const volume of volumeNames) {
    const client = await openAt(cluster, "secondary", volume);
    const at = await firstDifference(client, volume);
    client.close();
    assert.equal(at, null, `${volume} at the far side is not what was written, within 1 MiB of byte ${at}`);
  }
  return { acknowledged: writer.acknowledged(), found, comparedBytes: volumeNames.length * volumeBytes };
}

async function openAt({ containers }: Cluster, side: Side, volume: TestVolume): Promise<NbdClient> {
  return connectNbd(await containers.nbdPortOf(homes[volume][side]), volume);
}

async function verifyPrefix(cluster: Cluster, writer: Writer, side: Side): Promise<number> {
  const found = await readPrefix({ open: (volume) => openAt(cluster, side, volume), volumeBytes });
  const acknowledged = writer.acknowledged();
  assert(found >= acknowledged, `the ${side} side lost ${found + 1}..${acknowledged}, which were acknowledged`);
  // One at a time: the next one may be there without an answer, and none after it was ever sent.
  assert(
    found <= acknowledged + 1,
    `write ${found} is at the ${side} side, and ${acknowledged} was the last but one sent`,
  );
  return found;
}

async function digestOf(cluster: Cluster, side: Side, volume: TestVolume): Promise<string> {
  const client = await openAt(cluster, side, volume);
  try {
    const hash = createHash("sha256");
    for (let at = 0; at < volumeBytes; at += mebibyte) hash.update(await client.read(at, mebibyte));
    return hash.digest("hex");
  } finally {
    client.close();
  }
}

/** A daemon that fails an assertion is brought back by its restart policy: it must not pass unseen. */
export async function verifyNoCrash({ containers }: Cluster): Promise<void> {
  for (const service of containers.services) {
    const log = await containers.logOf(service);
    const crash = log.split("\n").find((line) => /"event":"crashed"|"event":"failed"|FATAL ERROR/.test(line));
    if (crash !== undefined) throw new Error(`${service} crashed: ${crash}`);
  }
}
