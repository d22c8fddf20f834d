// Original file: ../../proto/waystation/v1/replication.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Where a write comes from: the n-th write of the incarnation-th opening of its volume.
 */
export interface OriginNumber {
  /**
   * Durably raised each time the volume is opened for writing.
   */
  'incarnation'?: (number | string | Long);
  /**
   * Counts from 1.
   */
  'n'?: (number | string | Long);
}

/**
 * Where a write comes from: the n-th write of the incarnation-th opening of its volume.
 */
export interface OriginNumber__Output {
  /**
   * Durably raised each time the volume is opened for writing.
   */
  'incarnation': (number);
  /**
   * Counts from 1.
   */
  'n': (number);
}
