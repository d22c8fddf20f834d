// Original file: ../../proto/waystation/v1/block.proto

import type { Long } from '@grpc/proto-loader';

/**
 * One write that failed.
 */
export interface WriteFailure {
  /**
   * Which.
   */
  'number'?: (number | string | Long);
  /**
   * Stable code of docs/errors.md.
   */
  'reason'?: (string);
  /**
   * For people: what failed and what to do.
   */
  'message'?: (string);
}

/**
 * One write that failed.
 */
export interface WriteFailure__Output {
  /**
   * Which.
   */
  'number': (number);
  /**
   * Stable code of docs/errors.md.
   */
  'reason': (string);
  /**
   * For people: what failed and what to do.
   */
  'message': (string);
}
