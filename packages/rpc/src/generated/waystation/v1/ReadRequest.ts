// Original file: ../../proto/waystation/v1/block.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Asks for the bytes of a range.
 */
export interface ReadRequest {
  /**
   * The volume's name.
   */
  'volume'?: (string);
  /**
   * Where to start.
   */
  'offsetBytes'?: (number | string | Long);
  /**
   * How much; at most 4 MiB.
   */
  'lengthBytes'?: (number | string | Long);
}

/**
 * Asks for the bytes of a range.
 */
export interface ReadRequest__Output {
  /**
   * The volume's name.
   */
  'volume': (string);
  /**
   * Where to start.
   */
  'offsetBytes': (number);
  /**
   * How much; at most 4 MiB.
   */
  'lengthBytes': (number);
}
