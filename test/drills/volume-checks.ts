/**
 * What every drill ends with: the dependent writes are a prefix that lacks nothing acknowledged, and every other byte of the
 * volumes is what hosts wrote, or what the other side holds.
 */
import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import { mebibyte, type TestVolume } from "../harness/cluster-file.js";
import { readPrefix } from "./dependent-writes.js";
import { volumeNames, type Hosts, type Side } from "./hosts.js";
import { firstDifference } from "./reference-data.js";

/** Returns K: this side holds exactly the dependent writes 1..K, and K is nowhere beyond what was sent. */
export async function checkPrefix(hosts: Hosts, side: Side, acknowledged: number): Promise<number> {
  const { volumeBytes } = hosts;
  const found = await readPrefix({ open: (volume) => hosts.open(side, volume), volumeBytes });
  // One at a time: the next one may be there without an answer, and none after it was ever sent.
  assert(
    found <= acknowledged + 1,
    `write ${found} is at the ${side} side, and ${acknowledged} was the last but one sent`,
  );
  return found;
}

/** The same, and nothing that was acknowledged is missing. */
export async function checkNothingLost(hosts: Hosts, side: Side, acknowledged: number): Promise<number> {
  const found = await checkPrefix(hosts, side, acknowledged);
  assert(found >= acknowledged, `the ${side} side lost ${found + 1}..${acknowledged}, which were acknowledged`);
  return found;
}

/** Every byte outside of the dependent writes is what hosts wrote there. */
export async function checkReference(hosts: Hosts, side: Side): Promise<void> {
  for (const volume of volumeNames) {
    const client = await hosts.open(side, volume);
    const at = await firstDifference(client, volume);
    client.close();
    assert.equal(at, null, `${volume} at the ${side} side is not what was written, within 1 MiB of byte ${at}`);
  }
}

/** Every byte of every volume is the same on both sides. */
export async function checkSame(hosts: Hosts): Promise<void> {
  for (const volume of volumeNames) {
    const same = (await digestOf(hosts, "primary", volume)) === (await digestOf(hosts, "secondary", volume));
    assert(same, `${volume} differs between its primary and its secondary`);
  }
}

async function digestOf(hosts: Hosts, side: Side, volume: TestVolume): Promise<string> {
  const client = await hosts.open(side, volume);
  try {
    const hash = createHash("sha256");
    for (let at = 0; at < client.sizeBytes; at += mebibyte)
      hash.update(await client.read(at, Math.min(mebibyte, client.sizeBytes - at)));
    return hash.digest("hex");
  } finally {
    client.close();
  }
}
