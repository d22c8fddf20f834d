// Original file: ../../proto/waystation/v1/block.proto

import type { VolumeAccess as _waystation_v1_VolumeAccess, VolumeAccess__Output as _waystation_v1_VolumeAccess__Output } from '../../waystation/v1/VolumeAccess.js';
import type { Long } from '@grpc/proto-loader';

/**
 * A volume as this node serves it.
 */
export interface Volume {
  /**
   * The same name at all its places.
   */
  'name'?: (string);
  /**
   * Its size.
   */
  'sizeBytes'?: (number | string | Long);
  /**
   * What hosts may do with it here.
   */
  'access'?: (_waystation_v1_VolumeAccess);
  /**
   * One line for people.
   */
  'description'?: (string);
}

/**
 * A volume as this node serves it.
 */
export interface Volume__Output {
  /**
   * The same name at all its places.
   */
  'name': (string);
  /**
   * Its size.
   */
  'sizeBytes': (number);
  /**
   * What hosts may do with it here.
   */
  'access': (_waystation_v1_VolumeAccess__Output);
  /**
   * One line for people.
   */
  'description': (string);
}
