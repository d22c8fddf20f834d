// Original file: ../../proto/waystation/v1/storage.proto

import type { PairReport as _waystation_v1_PairReport, PairReport__Output as _waystation_v1_PairReport__Output } from '../../waystation/v1/PairReport.js';

/**
 * All pairs.
 */
export interface ListPairsResponse {
  /**
   * By P-VOL, then S-VOL.
   */
  'pairs'?: (_waystation_v1_PairReport)[];
}

/**
 * All pairs.
 */
export interface ListPairsResponse__Output {
  /**
   * By P-VOL, then S-VOL.
   */
  'pairs': (_waystation_v1_PairReport__Output)[];
}
