// Original file: ../../proto/waystation/v1/control.proto

import type { GroupRole as _waystation_v1_GroupRole, GroupRole__Output as _waystation_v1_GroupRole__Output } from '../../waystation/v1/GroupRole.js';
import type { Long } from '@grpc/proto-loader';

/**
 * What this node holds.
 */
export interface AttestGroupResponse {
  /**
   * This node.
   */
  'node'?: (string);
  /**
   * Of this node; primaries keep no points.
   */
  'role'?: (_waystation_v1_GroupRole);
  /**
   * The highest point asked for or below; meaningless without a root.
   */
  'sequence'?: (number | string | Long);
  /**
   * What the group committed to there, in 64 hexadecimal digits; empty when no such point is known.
   */
  'root'?: (string);
  /**
   * The lowest point that is still known; 0 when none.
   */
  'oldest'?: (number | string | Long);
  /**
   * What the role says of itself; empty while all is well.
   */
  'detail'?: (string);
}

/**
 * What this node holds.
 */
export interface AttestGroupResponse__Output {
  /**
   * This node.
   */
  'node': (string);
  /**
   * Of this node; primaries keep no points.
   */
  'role': (_waystation_v1_GroupRole__Output);
  /**
   * The highest point asked for or below; meaningless without a root.
   */
  'sequence': (number);
  /**
   * What the group committed to there, in 64 hexadecimal digits; empty when no such point is known.
   */
  'root': (string);
  /**
   * The lowest point that is still known; 0 when none.
   */
  'oldest': (number);
  /**
   * What the role says of itself; empty while all is well.
   */
  'detail': (string);
}
