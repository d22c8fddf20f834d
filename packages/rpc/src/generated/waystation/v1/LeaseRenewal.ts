// Original file: ../../proto/waystation/v1/replication.proto

import type { Long } from '@grpc/proto-loader';

/**
 * The primary holds the lease of this challenge.
 */
export interface LeaseRenewal {
  /**
   * The challenge's.
   */
  'id'?: (number | string | Long);
}

/**
 * The primary holds the lease of this challenge.
 */
export interface LeaseRenewal__Output {
  /**
   * The challenge's.
   */
  'id': (number);
}
