// Original file: ../../proto/waystation/v1/control.proto

import type { ArrayStatus as _waystation_v1_ArrayStatus, ArrayStatus__Output as _waystation_v1_ArrayStatus__Output } from '../../waystation/v1/ArrayStatus.js';
import type { VolumeStatus as _waystation_v1_VolumeStatus, VolumeStatus__Output as _waystation_v1_VolumeStatus__Output } from '../../waystation/v1/VolumeStatus.js';
import type { GroupStatus as _waystation_v1_GroupStatus, GroupStatus__Output as _waystation_v1_GroupStatus__Output } from '../../waystation/v1/GroupStatus.js';
import type { Long } from '@grpc/proto-loader';

/**
 * What a node tells of itself.
 */
export interface NodeStatus {
  /**
   * Its name.
   */
  'node'?: (string);
  /**
   * Its site's name.
   */
  'site'?: (string);
  /**
   * Of the software.
   */
  'version'?: (string);
  /**
   * When it was started: ms since 1970 by its own clock.
   */
  'startedWallMs'?: (number | string | Long);
  /**
   * Its arrays.
   */
  'arrays'?: (_waystation_v1_ArrayStatus)[];
  /**
   * Its volumes.
   */
  'volumes'?: (_waystation_v1_VolumeStatus)[];
  /**
   * The groups that it is a member of.
   */
  'groups'?: (_waystation_v1_GroupStatus)[];
}

/**
 * What a node tells of itself.
 */
export interface NodeStatus__Output {
  /**
   * Its name.
   */
  'node': (string);
  /**
   * Its site's name.
   */
  'site': (string);
  /**
   * Of the software.
   */
  'version': (string);
  /**
   * When it was started: ms since 1970 by its own clock.
   */
  'startedWallMs': (number);
  /**
   * Its arrays.
   */
  'arrays': (_waystation_v1_ArrayStatus__Output)[];
  /**
   * Its volumes.
   */
  'volumes': (_waystation_v1_VolumeStatus__Output)[];
  /**
   * The groups that it is a member of.
   */
  'groups': (_waystation_v1_GroupStatus__Output)[];
}
