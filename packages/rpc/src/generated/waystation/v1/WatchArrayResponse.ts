// Original file: ../../proto/waystation/v1/storage.proto

import type { ArrayReport as _waystation_v1_ArrayReport, ArrayReport__Output as _waystation_v1_ArrayReport__Output } from '../../waystation/v1/ArrayReport.js';

/**
 * What became of it.
 */
export interface WatchArrayResponse {
  /**
   * As it is now.
   */
  'array'?: (_waystation_v1_ArrayReport | null);
}

/**
 * What became of it.
 */
export interface WatchArrayResponse__Output {
  /**
   * As it is now.
   */
  'array': (_waystation_v1_ArrayReport__Output | null);
}
