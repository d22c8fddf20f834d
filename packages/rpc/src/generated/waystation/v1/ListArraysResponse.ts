// Original file: ../../proto/waystation/v1/storage.proto

import type { ArrayReport as _waystation_v1_ArrayReport, ArrayReport__Output as _waystation_v1_ArrayReport__Output } from '../../waystation/v1/ArrayReport.js';

/**
 * All arrays.
 */
export interface ListArraysResponse {
  /**
   * In the order of the configuration.
   */
  'arrays'?: (_waystation_v1_ArrayReport)[];
}

/**
 * All arrays.
 */
export interface ListArraysResponse__Output {
  /**
   * In the order of the configuration.
   */
  'arrays': (_waystation_v1_ArrayReport__Output)[];
}
