/**
 * What both volumes hold besides the dependent writes: bytes that are there from the start and never change, so that any
 * that are wrong after a drill show.
 *
 *     volume   | reference bytes | zeros | area of the dependent writes |
 */
import { createCipheriv } from "node:crypto";
import { mebibyte, type TestVolume } from "../harness/cluster-file.js";
import type { NbdClient } from "../harness/nbd-client.js";
import { dependentAreaBytes } from "./dependent-writes.js";

const referenceBytes = 16 * mebibyte;

/** All of a volume but the area of the dependent writes. */
function referenceOf(volume: TestVolume, sizeBytes: number): Buffer {
  const cipher = createCipheriv("aes-128-ctr", Buffer.alloc(16, volume), Buffer.alloc(16));
  const content = Buffer.alloc(sizeBytes - dependentAreaBytes);
  cipher.update(Buffer.alloc(referenceBytes)).copy(content);
  return content;
}

export async function writeReference(client: NbdClient, volume: TestVolume): Promise<void> {
  const reference = referenceOf(volume, client.sizeBytes);
  for (let at = 0; at < referenceBytes; at += mebibyte) await client.write(at, reference.subarray(at, at + mebibyte));
}

/** All but the area of the dependent writes gets other bytes. */
export async function overwriteReference(client: NbdClient): Promise<void> {
  const other = Buffer.alloc(mebibyte, 0x77);
  for (let at = 0; at < client.sizeBytes - dependentAreaBytes; at += mebibyte) await client.write(at, other);
}

/** Where the volume differs first; null when it is as it should be. */
export async function firstDifference(client: NbdClient, volume: TestVolume): Promise<number | null> {
  const reference = referenceOf(volume, client.sizeBytes);
  for (let at = 0; at < reference.length; at += mebibyte) {
    const wanted = reference.subarray(at, at + mebibyte);
    if (!(await client.read(at, wanted.length)).equals(wanted)) return at;
  }
  return null;
}
