// Original file: ../../proto/waystation/v1/replication.proto

import type { LostExtent as _waystation_v1_LostExtent, LostExtent__Output as _waystation_v1_LostExtent__Output } from '../../waystation/v1/LostExtent.js';

/**
 * Writes of hosts that an image does not have.
 */
export interface LostWrites {
  /**
   * By number.
   */
  'extents'?: (_waystation_v1_LostExtent)[];
  /**
   * False when there are more, or records are gone.
   */
  'isWhole'?: (boolean);
}

/**
 * Writes of hosts that an image does not have.
 */
export interface LostWrites__Output {
  /**
   * By number.
   */
  'extents': (_waystation_v1_LostExtent__Output)[];
  /**
   * False when there are more, or records are gone.
   */
  'isWhole': (boolean);
}
