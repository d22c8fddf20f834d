// Original file: ../../proto/waystation/v1/replication.proto

import type { OriginWrite as _waystation_v1_OriginWrite, OriginWrite__Output as _waystation_v1_OriginWrite__Output } from '../../waystation/v1/OriginWrite.js';
import type { VolumeMark as _waystation_v1_VolumeMark, VolumeMark__Output as _waystation_v1_VolumeMark__Output } from '../../waystation/v1/VolumeMark.js';

/**
 * Host writes, in the order of their numbers.
 */
export interface OriginBatch {
  /**
   * The writes.
   */
  'writes'?: (_waystation_v1_OriginWrite)[];
  /**
   * What is durable on the local array, so that the relay may trim.
   */
  'localComplete'?: (_waystation_v1_VolumeMark)[];
}

/**
 * Host writes, in the order of their numbers.
 */
export interface OriginBatch__Output {
  /**
   * The writes.
   */
  'writes': (_waystation_v1_OriginWrite__Output)[];
  /**
   * What is durable on the local array, so that the relay may trim.
   */
  'localComplete': (_waystation_v1_VolumeMark__Output)[];
}
