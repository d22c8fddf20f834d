// Original file: ../../proto/waystation/v1/replication.proto

import type { OriginNumber as _waystation_v1_OriginNumber, OriginNumber__Output as _waystation_v1_OriginNumber__Output } from '../../waystation/v1/OriginNumber.js';

/**
 * How far something has come in a volume's origin numbers.
 */
export interface VolumeMark {
  /**
   * The volume.
   */
  'volume'?: (string);
  /**
   * Everything up to here.
   */
  'origin'?: (_waystation_v1_OriginNumber | null);
}

/**
 * How far something has come in a volume's origin numbers.
 */
export interface VolumeMark__Output {
  /**
   * The volume.
   */
  'volume': (string);
  /**
   * Everything up to here.
   */
  'origin': (_waystation_v1_OriginNumber__Output | null);
}
