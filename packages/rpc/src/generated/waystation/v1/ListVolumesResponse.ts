// Original file: ../../proto/waystation/v1/block.proto

import type { Volume as _waystation_v1_Volume, Volume__Output as _waystation_v1_Volume__Output } from '../../waystation/v1/Volume.js';

/**
 * The volumes that can be opened now, in the order of the configuration.
 */
export interface ListVolumesResponse {
  /**
   * All of them.
   */
  'volumes'?: (_waystation_v1_Volume)[];
}

/**
 * The volumes that can be opened now, in the order of the configuration.
 */
export interface ListVolumesResponse__Output {
  /**
   * All of them.
   */
  'volumes': (_waystation_v1_Volume__Output)[];
}
