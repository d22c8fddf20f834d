// Original file: ../../proto/waystation/v1/replication.proto

import type { Long } from '@grpc/proto-loader';

/**
 * For several leaves at once.
 */
export interface InclusionProof {
  /**
   * How many leaves the tree has.
   */
  'leafCount'?: (number | string | Long);
  /**
   * Where the leaves are, ascending.
   */
  'indexes'?: (number | string | Long)[];
  /**
   * The roots of the largest subtrees without any of them, from left to right; 32 bytes each.
   */
  'hashes'?: (Buffer | Uint8Array | string)[];
}

/**
 * For several leaves at once.
 */
export interface InclusionProof__Output {
  /**
   * How many leaves the tree has.
   */
  'leafCount': (number);
  /**
   * Where the leaves are, ascending.
   */
  'indexes': (number)[];
  /**
   * The roots of the largest subtrees without any of them, from left to right; 32 bytes each.
   */
  'hashes': (Buffer)[];
}
