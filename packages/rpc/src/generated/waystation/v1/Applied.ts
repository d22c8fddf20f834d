// Original file: ../../proto/waystation/v1/replication.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Stored in the volumes, durably, and known to be so after a crash.
 */
export interface Applied {
  /**
   * The number.
   */
  'sequence'?: (number | string | Long);
}

/**
 * Stored in the volumes, durably, and known to be so after a crash.
 */
export interface Applied__Output {
  /**
   * The number.
   */
  'sequence': (number);
}
