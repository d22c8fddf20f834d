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
  /**
   * Its volumes hold nothing that could be gone back to.
   */
  'blank'?: (boolean);
  /**
   * The copy run that it has joined, durably; empty when none.
   */
  'copyId'?: (string);
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
  /**
   * Its volumes hold nothing that could be gone back to.
   */
  'blank': (boolean);
  /**
   * The copy run that it has joined, durably; empty when none.
   */
  'copyId': (string);
}
