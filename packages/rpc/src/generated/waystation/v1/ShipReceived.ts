// Original file: ../../proto/waystation/v1/replication.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Complete up to here, durably.
 */
export interface ShipReceived {
  /**
   * The watermark of the last batch stored.
   */
  'watermark'?: (number | string | Long);
}

/**
 * Complete up to here, durably.
 */
export interface ShipReceived__Output {
  /**
   * The watermark of the last batch stored.
   */
  'watermark': (number);
}
