// Original file: ../../proto/waystation/v1/replication.proto

import type { Long } from '@grpc/proto-loader';

/**
 * What one write covered.
 */
export interface LostExtent {
  /**
   * Its number.
   */
  'sequence'?: (number | string | Long);
  /**
   * The volume.
   */
  'volume'?: (string);
  /**
   * Where it begins.
   */
  'offsetBytes'?: (number | string | Long);
  /**
   * How long it is.
   */
  'lengthBytes'?: (number | string | Long);
}

/**
 * What one write covered.
 */
export interface LostExtent__Output {
  /**
   * Its number.
   */
  'sequence': (number);
  /**
   * The volume.
   */
  'volume': (string);
  /**
   * Where it begins.
   */
  'offsetBytes': (number);
  /**
   * How long it is.
   */
  'lengthBytes': (number);
}
