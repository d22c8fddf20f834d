// Original file: ../../proto/waystation/v1/replication.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Where the secondary stands, all of it durable.
 */
export interface ShipWelcome {
  /**
   * Complete up to here.
   */
  'received'?: (number | string | Long);
  /**
   * Validated up to here.
   */
  'validated'?: (number | string | Long);
  /**
   * In the volumes up to here.
   */
  'applied'?: (number | string | Long);
}

/**
 * Where the secondary stands, all of it durable.
 */
export interface ShipWelcome__Output {
  /**
   * Complete up to here.
   */
  'received': (number);
  /**
   * Validated up to here.
   */
  'validated': (number);
  /**
   * In the volumes up to here.
   */
  'applied': (number);
}
