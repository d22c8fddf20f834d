// Original file: ../../proto/waystation/v1/storage.proto

import type { StoredVolume as _waystation_v1_StoredVolume, StoredVolume__Output as _waystation_v1_StoredVolume__Output } from '../../waystation/v1/StoredVolume.js';

/**
 * All volumes.
 */
export interface ListStoredVolumesResponse {
  /**
   * Array by array.
   */
  'volumes'?: (_waystation_v1_StoredVolume)[];
}

/**
 * All volumes.
 */
export interface ListStoredVolumesResponse__Output {
  /**
   * Array by array.
   */
  'volumes': (_waystation_v1_StoredVolume__Output)[];
}
