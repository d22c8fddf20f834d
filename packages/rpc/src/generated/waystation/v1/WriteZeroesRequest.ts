// Original file: ../../proto/waystation/v1/block.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Zeroes a range.
 */
export interface WriteZeroesRequest {
  /**
   * The volume's name.
   */
  'volume'?: (string);
  /**
   * Where to start.
   */
  'offsetBytes'?: (number | string | Long);
  /**
   * How much.
   */
  'lengthBytes'?: (number | string | Long);
}

/**
 * Zeroes a range.
 */
export interface WriteZeroesRequest__Output {
  /**
   * The volume's name.
   */
  'volume': (string);
  /**
   * Where to start.
   */
  'offsetBytes': (number);
  /**
   * How much.
   */
  'lengthBytes': (number);
}
