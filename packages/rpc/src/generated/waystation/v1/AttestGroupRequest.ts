// Original file: ../../proto/waystation/v1/control.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Asks for the root at a point.
 */
export interface AttestGroupRequest {
  /**
   * Its name.
   */
  'group'?: (string);
  /**
   * Of the point, or of a number above it; absent: the last point.
   */
  'sequence'?: (number | string | Long);
  '_sequence'?: "sequence";
}

/**
 * Asks for the root at a point.
 */
export interface AttestGroupRequest__Output {
  /**
   * Its name.
   */
  'group': (string);
  /**
   * Of the point, or of a number above it; absent: the last point.
   */
  'sequence'?: (number);
  '_sequence'?: "sequence";
}
