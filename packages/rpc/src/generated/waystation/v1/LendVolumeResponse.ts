// Original file: ../../proto/waystation/v1/storage.proto

import type { Long } from '@grpc/proto-loader';

/**
 * The volume is lent, durably.
 */
export interface LendVolumeResponse {
  /**
   * Its size.
   */
  'sizeBytes'?: (number | string | Long);
  /**
   * User data in a stripe of its array: what is written in whole ones costs this node the least.
   */
  'stripeBytes'?: (number | string | Long);
  /**
   * The name by which the block service opens it for the pair, until it is lent again.
   */
  'sessionVolume'?: (string);
}

/**
 * The volume is lent, durably.
 */
export interface LendVolumeResponse__Output {
  /**
   * Its size.
   */
  'sizeBytes': (number);
  /**
   * User data in a stripe of its array: what is written in whole ones costs this node the least.
   */
  'stripeBytes': (number);
  /**
   * The name by which the block service opens it for the pair, until it is lent again.
   */
  'sessionVolume': (string);
}
