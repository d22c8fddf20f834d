// Original file: ../../proto/waystation/v1/replication.proto

import type { OriginVolume as _waystation_v1_OriginVolume, OriginVolume__Output as _waystation_v1_OriginVolume__Output } from '../../waystation/v1/OriginVolume.js';

/**
 * First on an ingress link: what the primary knows, so that a relay that lost it notices.
 */
export interface OriginHello {
  /**
   * Every volume of the group at this primary.
   */
  'volumes'?: (_waystation_v1_OriginVolume)[];
}

/**
 * First on an ingress link: what the primary knows, so that a relay that lost it notices.
 */
export interface OriginHello__Output {
  /**
   * Every volume of the group at this primary.
   */
  'volumes': (_waystation_v1_OriginVolume__Output)[];
}
