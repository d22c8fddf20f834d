// Original file: ../../proto/waystation/v1/control.proto

import type { ArrayState as _waystation_v1_ArrayState, ArrayState__Output as _waystation_v1_ArrayState__Output } from '../../waystation/v1/ArrayState.js';
import type { Long } from '@grpc/proto-loader';

/**
 * One array.
 */
export interface ArrayStatus {
  /**
   * Unique within the node.
   */
  'name'?: (string);
  /**
   * Such as `raid5`.
   */
  'level'?: (string);
  /**
   * How it is.
   */
  'state'?: (_waystation_v1_ArrayState);
  /**
   * What it can hold.
   */
  'usableBytes'?: (number | string | Long);
  /**
   * One line per disk that is not as it should be.
   */
  'problems'?: (string)[];
}

/**
 * One array.
 */
export interface ArrayStatus__Output {
  /**
   * Unique within the node.
   */
  'name': (string);
  /**
   * Such as `raid5`.
   */
  'level': (string);
  /**
   * How it is.
   */
  'state': (_waystation_v1_ArrayState__Output);
  /**
   * What it can hold.
   */
  'usableBytes': (number);
  /**
   * One line per disk that is not as it should be.
   */
  'problems': (string)[];
}
