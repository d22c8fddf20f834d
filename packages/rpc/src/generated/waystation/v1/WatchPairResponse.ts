// Original file: ../../proto/waystation/v1/storage.proto

import type { PairReport as _waystation_v1_PairReport, PairReport__Output as _waystation_v1_PairReport__Output } from '../../waystation/v1/PairReport.js';

/**
 * What became of it.
 */
export interface WatchPairResponse {
  /**
   * As it is now.
   */
  'pair'?: (_waystation_v1_PairReport | null);
}

/**
 * What became of it.
 */
export interface WatchPairResponse__Output {
  /**
   * As it is now.
   */
  'pair': (_waystation_v1_PairReport__Output | null);
}
