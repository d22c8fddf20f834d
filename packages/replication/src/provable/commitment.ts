/**
 * What a group commits to at a point (PROTOCOL 8): the root of the Merkle tree whose leaves are its volumes and their
 * heads there, sorted by name. Whoever knows the heads of some volumes shows with a proof that they are the ones that the
 * root stands for. A leaf's data: its name's length, the name with zeros behind it (64 bytes), the head.
 */
import { digestBytes, nameBytes, writeName, type Digest } from "./digest.js";
import { createMerkleTree, leafHash, rootFromProof, type InclusionProof } from "./merkle-tree.js";
import type { Sequence, VolumeName } from "../vocabulary.js";

/** Every volume's head at one point. */
export type Heads = ReadonlyMap<VolumeName, Digest>;

/** For one secondary. */
export interface Commitment {
  readonly root: Digest;
  /** That the heads of the secondary's own volumes, sorted by name, are in it. */
  readonly proof: InclusionProof;
}

/** Runs that began since a point was validated by everybody; of more, only the newest ones matter to who joins. */
export const anchorsMax = 64;

/** What Prepare(R) carries. */
export interface PointCommitment extends Commitment {
  /** Above these numbers, ascending and below R, the chains began anew since the last point that everybody validated. */
  readonly anchors: readonly Sequence[];
}

export interface Commitments {
  readonly root: Digest;
  /** For who has these volumes, each one of the group. */
  of(volumes: Iterable<VolumeName>): Commitment;
}

export function commitTo(heads: Heads): Commitments {
  const names = sorted(heads.keys());
  const places = new Map(names.map((name, index) => [name, index]));
  const tree = createMerkleTree(leavesOf(names, heads));
  return {
    root: tree.root,
    of: (volumes) => ({
      root: tree.root,
      proof: tree.prove([...volumes].flatMap((volume) => places.get(volume) ?? []).sort((a, b) => a - b)),
    }),
  };
}

/** Whether these are the heads that the root stands for. Safe on a commitment from anyone. */
export function isCommittedTo({ root, proof }: Commitment, heads: Heads): boolean {
  return rootFromProof(proof, leavesOf(sorted(heads.keys()), heads))?.equals(root) === true;
}

function sorted(volumes: Iterable<VolumeName>): VolumeName[] {
  return [...volumes].sort((a, b) => (a < b ? -1 : 1));
}

function leavesOf(names: readonly VolumeName[], heads: Heads): Digest[] {
  const data = Buffer.alloc(1 + nameBytes + digestBytes);
  return names.map((name) => {
    data[0] = writeName(data, 1, name);
    heads.get(name)?.copy(data, 1 + nameBytes);
    return leafHash(data);
  });
}
