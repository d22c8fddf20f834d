// Original file: ../../proto/waystation/v1/control.proto

import type { NodeStatus as _waystation_v1_NodeStatus, NodeStatus__Output as _waystation_v1_NodeStatus__Output } from '../../waystation/v1/NodeStatus.js';

/**
 * The status.
 */
export interface GetStatusResponse {
  /**
   * Of this node.
   */
  'status'?: (_waystation_v1_NodeStatus | null);
}

/**
 * The status.
 */
export interface GetStatusResponse__Output {
  /**
   * Of this node.
   */
  'status': (_waystation_v1_NodeStatus__Output | null);
}
