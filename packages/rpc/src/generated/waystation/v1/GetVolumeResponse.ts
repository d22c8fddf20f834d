// Original file: ../../proto/waystation/v1/block.proto

import type { Volume as _waystation_v1_Volume, Volume__Output as _waystation_v1_Volume__Output } from '../../waystation/v1/Volume.js';

/**
 * One volume.
 */
export interface GetVolumeResponse {
  /**
   * The volume.
   */
  'volume'?: (_waystation_v1_Volume | null);
}

/**
 * One volume.
 */
export interface GetVolumeResponse__Output {
  /**
   * The volume.
   */
  'volume': (_waystation_v1_Volume__Output | null);
}
