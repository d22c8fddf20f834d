// Original file: ../../proto/waystation/v1/storage.proto

import type { RegionRun as _waystation_v1_RegionRun, RegionRun__Output as _waystation_v1_RegionRun__Output } from '../../waystation/v1/RegionRun.js';

/**
 * They cannot use it any more.
 */
export interface CloseLentVolumeResponse {
  /**
   * What they wrote in the last split, ascending.
   */
  'written'?: (_waystation_v1_RegionRun)[];
}

/**
 * They cannot use it any more.
 */
export interface CloseLentVolumeResponse__Output {
  /**
   * What they wrote in the last split, ascending.
   */
  'written': (_waystation_v1_RegionRun__Output)[];
}
