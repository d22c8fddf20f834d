/**
 * Merkle trees as in RFC 6962, section 2.1: leaves and nodes are hashed with different first bytes, so that neither can
 * pass for the other, and a tree of n leaves splits at the largest power of two below n. Proofs are for several leaves
 * at once: the roots of the largest subtrees that hold none of them, from left to right. For one leaf these are
 * the hashes of RFC 6962's audit path, in the order of the leaves instead of from the bottom up.
 */
import { digestBytes, digestOf, type Digest } from "./digest.js";

/** Shows that certain leaves are in a tree, to who knows these leaves. */
export interface InclusionProof {
  readonly leafCount: number;
  /** Where the leaves are, ascending. */
  readonly indexes: readonly number[];
  readonly hashes: readonly Digest[];
}

interface TreeNode {
  readonly hash: Digest;
  readonly halves: readonly [TreeNode, TreeNode] | null;
}

export interface MerkleTree {
  readonly root: Digest;
  /** `indexes` ascending, each below the number of leaves. */
  prove(indexes: readonly number[]): InclusionProof;
}

const leafPrefix = Buffer.from([0]);
/** What a node hashes, one at a time: a buffer for each would only be garbage. */
const nodeForm = Buffer.alloc(1 + 2 * digestBytes, 1);

export function leafHash(data: Uint8Array): Digest {
  return digestOf(Buffer.concat([leafPrefix, data]));
}

function nodeHash(left: Digest, right: Digest): Digest {
  left.copy(nodeForm, 1);
  right.copy(nodeForm, 1 + digestBytes);
  return digestOf(nodeForm);
}

/** Where a tree of `count` leaves splits, `count` being two at least. */
function splitOf(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

/** Over the hashes of the leaves. */
export function createMerkleTree(leaves: readonly Digest[]): MerkleTree {
  const build = (from: number, count: number): TreeNode => {
    if (count === 1) return { hash: leaves[from] ?? digestOf(Buffer.alloc(0)), halves: null };
    const split = splitOf(count);
    const left = build(from, split);
    const right = build(from + split, count - split);
    return { hash: nodeHash(left.hash, right.hash), halves: [left, right] };
  };
  const top: TreeNode =
    leaves.length === 0 ? { hash: digestOf(Buffer.alloc(0)), halves: null } : build(0, leaves.length);
  return {
    root: top.hash,
    prove(indexes) {
      const hashes: Digest[] = [];
      const collect = (node: TreeNode, from: number, count: number): void => {
        if (!someWithin(indexes, from, count)) hashes.push(node.hash);
        else if (node.halves !== null) {
          const split = splitOf(count);
          collect(node.halves[0], from, split);
          collect(node.halves[1], from + split, count - split);
        }
      };
      collect(top, 0, leaves.length);
      return { leafCount: leaves.length, indexes, hashes };
    },
  };
}

/**
 * The root of the tree that holds these leaves where the proof says; null when the proof is none. Safe on a proof from
 * anyone: its depth is bounded by the logarithm of the count, its width by what it brings.
 */
export function rootFromProof(
  { leafCount, indexes, hashes }: InclusionProof,
  leaves: readonly Digest[],
): Digest | null {
  const ascending = indexes.every((index, at) => Number.isSafeInteger(index) && index > (indexes[at - 1] ?? -1));
  if (!ascending || indexes.length !== leaves.length || leaves.length === 0) return null;
  if (!Number.isSafeInteger(leafCount) || (indexes.at(-1) ?? 0) >= leafCount) return null;
  let [nextLeaf, nextHash] = [0, 0];
  const rebuild = (from: number, count: number): Digest | null => {
    if (!someWithin(indexes, from, count)) return hashes[nextHash++] ?? null;
    if (count === 1) return leaves[nextLeaf++] ?? null;
    const split = splitOf(count);
    const left = rebuild(from, split);
    const right = left === null ? null : rebuild(from + split, count - split);
    return left === null || right === null ? null : nodeHash(left, right);
  };
  const root = rebuild(0, leafCount);
  return nextHash === hashes.length && hashes.every((hash) => hash.length === digestBytes) ? root : null;
}

function someWithin(ascending: readonly number[], from: number, count: number): boolean {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? Infinity) < from) low = middle + 1;
    else high = middle;
  }
  return (ascending[low] ?? Infinity) < from + count;
}
