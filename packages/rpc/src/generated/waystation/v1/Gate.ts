// Original file: ../../proto/waystation/v1/replication.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Every secondary has validated up to here: it may be stored in the volumes.
 */
export interface Gate {
  /**
   * The number.
   */
  'sequence'?: (number | string | Long);
}

/**
 * Every secondary has validated up to here: it may be stored in the volumes.
 */
export interface Gate__Output {
  /**
   * The number.
   */
  'sequence': (number);
}
