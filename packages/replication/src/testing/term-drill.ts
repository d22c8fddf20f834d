/**
 * What the tests of terms have in common: the cluster's volumes wherever the term puts them, writes at whoever takes them,
 * and how it ends: everybody stamping, nothing differing.
 */
import assert from "node:assert/strict";
import { isFailure } from "@waystation/contracts/errors";
import type { TermChangeRequest } from "../control-front.js";
import type { RequestId } from "../effects.js";
import type { TakeoverResult } from "../status.js";
import type { NodeName, VolumeName } from "../vocabulary.js";
import type { TakeoverOptions } from "./bench.js";
import type { Cluster } from "./cluster.js";
import { blockBytes, g1, valueOf } from "./fixture.js";
import { volumeOf } from "./medium.js";

export type Places = Readonly<Record<string, NodeName>>;

/** Runs a change of term from this node to its end. */
export function changeTerm(
  cluster: Cluster,
  coordinator: NodeName,
  cause: TermChangeRequest["cause"],
  options: Pick<TakeoverOptions, "force" | "dryRun"> = {},
): TakeoverResult {
  const bench = cluster.node(coordinator);
  const request = bench.changeTerm(cause, options);
  cluster.until(() => bench.result(request) !== null, `the ${cause} ends`);
  const result = bench.result(request);
  assert(result !== null);
  return result;
}

/** Issues a write at a node, without waiting for anything. */
export function issue(cluster: Cluster, node: NodeName, volume: VolumeName, block: number): RequestId {
  return cluster.node(node).write({ volume, block, value: block });
}

/** What became of a write: acknowledged, failed with a code, or not answered. */
export function outcomeOf(cluster: Cluster, node: NodeName, request: RequestId): string {
  const { replies } = cluster.node(node);
  const reply = replies.get(request);
  if (!replies.has(request)) return "open";
  return isFailure(reply) ? reply.code : "acknowledged";
}

export function writeAt(cluster: Cluster, node: NodeName, volume: VolumeName, blocks: readonly number[]): void {
  const requests = blocks.map((block) => issue(cluster, node, volume, block));
  cluster.until(
    () => requests.every((request) => outcomeOf(cluster, node, request) !== "open"),
    `writes of ${volume} at ${node} are answered`,
  );
  for (const request of requests) assert.equal(outcomeOf(cluster, node, request), "acknowledged");
}

/** Waits until the group is protected, as its relay says, whoever that is; a primary that relays never says so (B13). */
export function untilProtected(cluster: Cluster, relay: NodeName): void {
  const isWell = (): boolean => {
    const { relay: stages, primary } = cluster.status(relay);
    return stages?.protected === true || (primary !== null && stages?.pair === "PAIR");
  };
  cluster.until(isWell, `${relay} says that the group is protected`);
  const stamped = cluster.status(relay).relay?.stamped ?? 0;
  const isApplied = (): boolean => {
    const stages = cluster.status(relay).relay;
    if (stages === null || !isWell()) return false;
    return stages.secondaries.every(({ connected, applied }) => connected && applied >= stamped);
  };
  cluster.until(isApplied, "everything is applied");
}

/** Every volume holds the same on all nodes that have it. */
export function assertEqual(cluster: Cluster, membership = g1): void {
  for (const { name, primary, secondaries } of membership.volumes) {
    const first = volumeOf(cluster.medium(primary), name);
    for (const node of secondaries) {
      const other = volumeOf(cluster.medium(node), name);
      for (let at = 0; at < first.length; at += blockBytes) {
        const [here, there] = [first, other].map((content) => valueOf(content.subarray(at, at + blockBytes)));
        assert.equal(there, here, `block ${at / blockBytes} of ${name}: ${here} on ${primary}, ${there} on ${node}`);
      }
    }
  }
}

/** What a block of a volume holds on a node. */
export function valueAt(cluster: Cluster, node: NodeName, volume: VolumeName, block: number): number | "torn" {
  return valueOf(volumeOf(cluster.medium(node), volume).subarray(block * blockBytes, (block + 1) * blockBytes));
}
