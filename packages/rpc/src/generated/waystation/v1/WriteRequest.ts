// Original file: ../../proto/waystation/v1/block.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Stores bytes.
 */
export interface WriteRequest {
  /**
   * The volume's name.
   */
  'volume'?: (string);
  /**
   * Where to start.
   */
  'offsetBytes'?: (number | string | Long);
  /**
   * At most 4 MiB.
   */
  'data'?: (Buffer | Uint8Array | string);
}

/**
 * Stores bytes.
 */
export interface WriteRequest__Output {
  /**
   * The volume's name.
   */
  'volume': (string);
  /**
   * Where to start.
   */
  'offsetBytes': (number);
  /**
   * At most 4 MiB.
   */
  'data': (Buffer);
}
