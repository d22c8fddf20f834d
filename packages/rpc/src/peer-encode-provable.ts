/** Encodes what a point commits to (PROTOCOL 8). Written last to first: see `wire-writer.ts`. */
import type { PointCommitment } from "@waystation/replication/provable/commitment";
import type { WireWriter } from "./wire-writer.js";

export function writeCommitment(writer: WireWriter, field: number, { root, proof, anchors }: PointCommitment): void {
  const mark = writer.mark();
  writer.packed(3, anchors);
  const proofMark = writer.mark();
  for (const hash of proof.hashes.toReversed()) writer.bytes(3, hash);
  writer.packed(2, proof.indexes);
  writer.uint(1, proof.leafCount);
  writer.close(2, proofMark);
  writer.bytes(1, root);
  writer.close(field, mark);
}
