// Original file: ../../proto/waystation/v1/block.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Gives space back.
 */
export interface DiscardRequest {
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
 * Gives space back.
 */
export interface DiscardRequest__Output {
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
