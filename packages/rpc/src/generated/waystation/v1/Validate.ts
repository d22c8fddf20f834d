// Original file: ../../proto/waystation/v1/replication.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Every secondary is complete up to here.
 */
export interface Validate {
  /**
   * The number.
   */
  'sequence'?: (number | string | Long);
}

/**
 * Every secondary is complete up to here.
 */
export interface Validate__Output {
  /**
   * The number.
   */
  'sequence': (number);
}
