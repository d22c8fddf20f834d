// Original file: ../../proto/waystation/v1/replication.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Asks whether the secondary is complete up to here.
 */
export interface Prepare {
  /**
   * The number.
   */
  'sequence'?: (number | string | Long);
}

/**
 * Asks whether the secondary is complete up to here.
 */
export interface Prepare__Output {
  /**
   * The number.
   */
  'sequence': (number);
}
