// Original file: ../../proto/waystation/v1/replication.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Noted, durably.
 */
export interface Validated {
  /**
   * The number.
   */
  'sequence'?: (number | string | Long);
}

/**
 * Noted, durably.
 */
export interface Validated__Output {
  /**
   * The number.
   */
  'sequence': (number);
}
