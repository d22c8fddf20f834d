// Original file: ../../proto/waystation/v1/replication.proto

import type { OriginVolume as _waystation_v1_OriginVolume, OriginVolume__Output as _waystation_v1_OriginVolume__Output } from '../../waystation/v1/OriginVolume.js';
import type { OriginLeg as _waystation_v1_OriginLeg, OriginLeg__Output as _waystation_v1_OriginLeg__Output } from '../../waystation/v1/OriginLeg.js';

/**
 * First on an ingress link: what the primary knows, so that a relay that lost it notices.
 */
export interface OriginHello {
  /**
   * Every volume of the group at this primary.
   */
  'volumes'?: (_waystation_v1_OriginVolume)[];
  /**
   * How it runs its writes.
   */
  'leg'?: (_waystation_v1_OriginLeg);
  /**
   * The copy run that it has joined; empty when none.
   */
  'copyId'?: (string);
}

/**
 * First on an ingress link: what the primary knows, so that a relay that lost it notices.
 */
export interface OriginHello__Output {
  /**
   * Every volume of the group at this primary.
   */
  'volumes': (_waystation_v1_OriginVolume__Output)[];
  /**
   * How it runs its writes.
   */
  'leg': (_waystation_v1_OriginLeg__Output);
  /**
   * The copy run that it has joined; empty when none.
   */
  'copyId': (string);
}
