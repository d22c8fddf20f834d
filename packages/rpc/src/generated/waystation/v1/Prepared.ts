// Original file: ../../proto/waystation/v1/replication.proto

import type { Long } from '@grpc/proto-loader';

/**
 * It is, durably.
 */
export interface Prepared {
  /**
   * The number.
   */
  'sequence'?: (number | string | Long);
}

/**
 * It is, durably.
 */
export interface Prepared__Output {
  /**
   * The number.
   */
  'sequence': (number);
}
