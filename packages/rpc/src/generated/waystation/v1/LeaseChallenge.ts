// Original file: ../../proto/waystation/v1/replication.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Asks whether the primary is still there.
 */
export interface LeaseChallenge {
  /**
   * Comes back in the renewal.
   */
  'id'?: (number | string | Long);
  /**
   * How long the lease lasts from receipt.
   */
  'leaseMs'?: (number);
}

/**
 * Asks whether the primary is still there.
 */
export interface LeaseChallenge__Output {
  /**
   * Comes back in the renewal.
   */
  'id': (number);
  /**
   * How long the lease lasts from receipt.
   */
  'leaseMs': (number);
}
