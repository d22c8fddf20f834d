// Original file: ../../proto/waystation/v1/replication.proto

import type { OriginNumber as _waystation_v1_OriginNumber, OriginNumber__Output as _waystation_v1_OriginNumber__Output } from '../../waystation/v1/OriginNumber.js';
import type { Long } from '@grpc/proto-loader';

/**
 * One volume of a primary.
 */
export interface OriginVolume {
  /**
   * The volume.
   */
  'volume'?: (string);
  /**
   * Its present incarnation.
   */
  'incarnation'?: (number | string | Long);
  /**
   * What the relay has acknowledged.
   */
  'acknowledged'?: (_waystation_v1_OriginNumber | null);
  /**
   * What is durable on the local array.
   */
  'localComplete'?: (_waystation_v1_OriginNumber | null);
}

/**
 * One volume of a primary.
 */
export interface OriginVolume__Output {
  /**
   * The volume.
   */
  'volume': (string);
  /**
   * Its present incarnation.
   */
  'incarnation': (number);
  /**
   * What the relay has acknowledged.
   */
  'acknowledged': (_waystation_v1_OriginNumber__Output | null);
  /**
   * What is durable on the local array.
   */
  'localComplete': (_waystation_v1_OriginNumber__Output | null);
}
