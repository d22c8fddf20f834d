// Original file: ../../proto/waystation/v1/control.proto

import type { GroupRole as _waystation_v1_GroupRole, GroupRole__Output as _waystation_v1_GroupRole__Output } from '../../waystation/v1/GroupRole.js';
import type { VolumeState as _waystation_v1_VolumeState, VolumeState__Output as _waystation_v1_VolumeState__Output } from '../../waystation/v1/VolumeState.js';
import type { Long } from '@grpc/proto-loader';

/**
 * One volume at this node.
 */
export interface VolumeStatus {
  /**
   * The same at all its places.
   */
  'name'?: (string);
  /**
   * Its size.
   */
  'sizeBytes'?: (number | string | Long);
  /**
   * Its group.
   */
  'group'?: (string);
  /**
   * Primary or secondary.
   */
  'role'?: (_waystation_v1_GroupRole);
  /**
   * What hosts may do with it.
   */
  'access'?: (_waystation_v1_VolumeState);
}

/**
 * One volume at this node.
 */
export interface VolumeStatus__Output {
  /**
   * The same at all its places.
   */
  'name': (string);
  /**
   * Its size.
   */
  'sizeBytes': (number);
  /**
   * Its group.
   */
  'group': (string);
  /**
   * Primary or secondary.
   */
  'role': (_waystation_v1_GroupRole__Output);
  /**
   * What hosts may do with it.
   */
  'access': (_waystation_v1_VolumeState__Output);
}
