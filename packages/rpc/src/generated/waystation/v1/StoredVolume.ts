// Original file: ../../proto/waystation/v1/storage.proto

import type { VolumeKind as _waystation_v1_VolumeKind, VolumeKind__Output as _waystation_v1_VolumeKind__Output } from '../../waystation/v1/VolumeKind.js';
import type { VolumeUse as _waystation_v1_VolumeUse, VolumeUse__Output as _waystation_v1_VolumeUse__Output } from '../../waystation/v1/VolumeUse.js';
import type { StoredVolumeAccess as _waystation_v1_StoredVolumeAccess, StoredVolumeAccess__Output as _waystation_v1_StoredVolumeAccess__Output } from '../../waystation/v1/StoredVolumeAccess.js';
import type { Long } from '@grpc/proto-loader';

/**
 * A volume on an array.
 */
export interface StoredVolume {
  /**
   * Unique within the node.
   */
  'name'?: (string);
  /**
   * The array that holds it.
   */
  'array'?: (string);
  /**
   * How its space is kept.
   */
  'kind'?: (_waystation_v1_VolumeKind);
  /**
   * Who uses it.
   */
  'use'?: (_waystation_v1_VolumeUse);
  /**
   * Its size.
   */
  'sizeBytes'?: (number | string | Long);
  /**
   * Space of the array that is its own; absent where counting it takes long.
   */
  'usedBytes'?: (number | string | Long);
  /**
   * What hosts may do with it now.
   */
  'access'?: (_waystation_v1_StoredVolumeAccess);
  /**
   * Why not more.
   */
  'detail'?: (string);
  /**
   * The volume that it was made of; empty when of none.
   */
  'origin'?: (string);
  '_usedBytes'?: "usedBytes";
}

/**
 * A volume on an array.
 */
export interface StoredVolume__Output {
  /**
   * Unique within the node.
   */
  'name': (string);
  /**
   * The array that holds it.
   */
  'array': (string);
  /**
   * How its space is kept.
   */
  'kind': (_waystation_v1_VolumeKind__Output);
  /**
   * Who uses it.
   */
  'use': (_waystation_v1_VolumeUse__Output);
  /**
   * Its size.
   */
  'sizeBytes': (number);
  /**
   * Space of the array that is its own; absent where counting it takes long.
   */
  'usedBytes'?: (number);
  /**
   * What hosts may do with it now.
   */
  'access': (_waystation_v1_StoredVolumeAccess__Output);
  /**
   * Why not more.
   */
  'detail': (string);
  /**
   * The volume that it was made of; empty when of none.
   */
  'origin': (string);
  '_usedBytes'?: "usedBytes";
}
