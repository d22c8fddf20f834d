/**
 * The workload that shows a broken order: write k+1 is issued only when k was acknowledged, and goes to the other
 * volume. Block k of a volume holds k or nothing, so that the two secondary volumes tell which writes they show.
 */
import assert from "node:assert/strict";
import { isFailure } from "@waystation/contracts/errors";
import type { TakeoverResult } from "../status.js";
import type { NodeName, VolumeName } from "../vocabulary.js";
import type { TakeoverOptions } from "./bench.js";
import type { Cluster } from "./cluster.js";
import { blockBytes, primaryA, primaryB, relay1, secondaryA, secondaryB, valueOf, volA, volB } from "./fixture.js";
import { volumeOf } from "./medium.js";

export const allNodes: readonly NodeName[] = [primaryA, primaryB, relay1, secondaryA, secondaryB];

/** Where write k goes. */
function placeOf(k: number): { readonly primary: NodeName; readonly volume: VolumeName } {
  return k % 2 === 1 ? { primary: primaryA, volume: volA } : { primary: primaryB, volume: volB };
}

/** All nodes started, both primaries open. */
export function startAll(cluster: Cluster, nodes = allNodes): Cluster {
  for (const name of nodes) cluster.start(name);
  cluster.until(() => [primaryA, primaryB].every((name) => cluster.status(name).phase === "open"), "both open");
  return cluster;
}

/** Issues write k and runs until it has been answered, or nothing moves any more. True when it was acknowledged. */
export function writeNext(cluster: Cluster, k: number): boolean {
  const { primary, volume } = placeOf(k);
  if (!cluster.runs(primary)) return false;
  const bench = cluster.node(primary);
  const request = bench.write({ volume, block: k, value: k });
  cluster.run();
  const result = bench.replies.get(request);
  assert(result === null || result === undefined || isFailure(result), "a write is answered with data");
  return result === null;
}

/** Writes from k on, as many as asked for; asserts that each is acknowledged. Returns the next k. */
export function writeSome(cluster: Cluster, from: number, count: number): number {
  for (let k = from; k < from + count; k++) assert(writeNext(cluster, k), `write ${k} was not acknowledged`);
  return from + count;
}

/**
 * The prefix that the two volumes show together: the K for which they hold exactly the writes 1..K. Fails when they
 * show anything else. `nodes`: where vol-a and vol-b are looked at.
 */
export function prefixShown(cluster: Cluster, nodes: readonly [NodeName, NodeName] = [secondaryA, secondaryB]): number {
  const blocks = volumeOf(cluster.medium(nodes[0]), volA).length / blockBytes;
  const shown: number[] = [];
  for (let k = 1; k < blocks; k++) {
    const { volume } = placeOf(k);
    const content = volumeOf(cluster.medium(volume === volA ? nodes[0] : nodes[1]), volume);
    const value = valueOf(content.subarray(k * blockBytes, (k + 1) * blockBytes));
    assert(value === 0 || value === k, `block ${k} holds ${value}`);
    if (value === k) shown.push(k);
  }
  const prefix = shown.at(-1) ?? 0;
  assert.equal(shown.length, prefix, `not a prefix: ${shown.join(" ")}`);
  return prefix;
}

/** Runs a takeover from this node to its end. */
export function takeOver(cluster: Cluster, coordinator: NodeName, options: TakeoverOptions = {}): TakeoverResult {
  const bench = cluster.node(coordinator);
  const request = bench.takeover(options);
  cluster.until(() => bench.result(request) !== null, "the takeover ends");
  const result = bench.result(request);
  assert(result !== null);
  return result;
}
