// Original file: ../../proto/waystation/v1/storage.proto

import type { ArrayReport as _waystation_v1_ArrayReport, ArrayReport__Output as _waystation_v1_ArrayReport__Output } from '../../waystation/v1/ArrayReport.js';

/**
 * One array.
 */
export interface ShowArrayResponse {
  /**
   * As it is now.
   */
  'array'?: (_waystation_v1_ArrayReport | null);
}

/**
 * One array.
 */
export interface ShowArrayResponse__Output {
  /**
   * As it is now.
   */
  'array': (_waystation_v1_ArrayReport__Output | null);
}
