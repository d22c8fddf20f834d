// Original file: ../../proto/waystation/v1/replication.proto

import type { VolumeMark as _waystation_v1_VolumeMark, VolumeMark__Output as _waystation_v1_VolumeMark__Output } from '../../waystation/v1/VolumeMark.js';

/**
 * Every secondary has validated up to these numbers.
 */
export interface FarValidated {
  /**
   * The numbers.
   */
  'marks'?: (_waystation_v1_VolumeMark)[];
}

/**
 * Every secondary has validated up to these numbers.
 */
export interface FarValidated__Output {
  /**
   * The numbers.
   */
  'marks': (_waystation_v1_VolumeMark__Output)[];
}
