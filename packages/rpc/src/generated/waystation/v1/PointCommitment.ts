// Original file: ../../proto/waystation/v1/replication.proto

import type { InclusionProof as _waystation_v1_InclusionProof, InclusionProof__Output as _waystation_v1_InclusionProof__Output } from '../../waystation/v1/InclusionProof.js';
import type { Long } from '@grpc/proto-loader';

/**
 * What a group commits to at a point: a Merkle root over the heads of its volumes' chains, and where these began anew.
 */
export interface PointCommitment {
  /**
   * 32 bytes, as in RFC 6962; the leaves are the volumes, sorted by name.
   */
  'root'?: (Buffer | Uint8Array | string);
  /**
   * That the heads of the receiver's volumes are in it.
   */
  'proof'?: (_waystation_v1_InclusionProof | null);
  /**
   * Above these numbers, ascending, the chains began anew since the last point that everybody validated.
   */
  'anchors'?: (number | string | Long)[];
}

/**
 * What a group commits to at a point: a Merkle root over the heads of its volumes' chains, and where these began anew.
 */
export interface PointCommitment__Output {
  /**
   * 32 bytes, as in RFC 6962; the leaves are the volumes, sorted by name.
   */
  'root': (Buffer);
  /**
   * That the heads of the receiver's volumes are in it.
   */
  'proof': (_waystation_v1_InclusionProof__Output | null);
  /**
   * Above these numbers, ascending, the chains began anew since the last point that everybody validated.
   */
  'anchors': (number)[];
}
