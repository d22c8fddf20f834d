/**
 * Decodes what a point commits to (PROTOCOL 8). See `peer-decode.ts` for the rules. Whether a proof proves anything is for
 * the secondary to say; here its lists are bounded, and its hashes are copied: 32 bytes must not keep a frame in memory.
 */
import type { Sequence } from "@waystation/contracts/ids";
import type { ShipBody } from "@waystation/replication/messages";
import { anchorsMax, type PointCommitment } from "@waystation/replication/provable/commitment";
import { digestBytes, type Digest } from "@waystation/replication/provable/digest";
import type { InclusionProof } from "@waystation/replication/provable/merkle-tree";
import { malformed, type WireReader } from "./wire-reader.js";

/** Volumes of a group that one secondary holds, and hashes of a proof: far more than a group has volumes. */
const leavesMax = 16_384;

export function readPrepare(reader: WireReader, end: number): ShipBody {
  let sequence = 0;
  let commitment: PointCommitment | null = null;
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8) sequence = reader.uint();
    else if (tag === 2 * 8 + 2) commitment = readCommitment(reader);
    else reader.skip(tag);
  }
  if (commitment === null) throw malformed("a point without what it commits to");
  return { kind: "prepare", sequence: sequence as Sequence, commitment };
}

function readCommitment(reader: WireReader): PointCommitment {
  const end = reader.open();
  const anchors: Sequence[] = [];
  let root: Digest | null = null;
  let proof: InclusionProof = { leafCount: 0, indexes: [], hashes: [] };
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8 + 2) root = readDigest(reader);
    else if (tag === 2 * 8 + 2) proof = readProof(reader);
    else if (tag === 3 * 8 + 2) readPacked(reader, anchors, anchorsMax);
    else reader.skip(tag);
  }
  if (root === null) throw malformed("a commitment without a root");
  return { root, proof, anchors };
}

function readProof(reader: WireReader): InclusionProof {
  const end = reader.open();
  const indexes: number[] = [];
  const hashes: Digest[] = [];
  let leafCount = 0;
  while (reader.before(end)) {
    const tag = reader.tag();
    if (tag === 1 * 8) leafCount = reader.uint();
    else if (tag === 2 * 8 + 2) readPacked(reader, indexes, leavesMax);
    else if (tag === 3 * 8 + 2) {
      if (hashes.length === leavesMax) throw malformed(`a proof of more than ${leavesMax} hashes`);
      hashes.push(readDigest(reader));
    } else reader.skip(tag);
  }
  return { leafCount, indexes, hashes };
}

function readPacked(reader: WireReader, into: number[], countMax: number): void {
  const end = reader.open();
  while (reader.before(end)) {
    if (into.length === countMax) throw malformed(`a list of more than ${countMax} numbers`);
    into.push(reader.uint());
  }
}

function readDigest(reader: WireReader): Digest {
  const bytes = reader.bytes();
  if (bytes.length !== digestBytes) throw malformed("a digest that is not 32 bytes");
  return Buffer.from(bytes);
}
