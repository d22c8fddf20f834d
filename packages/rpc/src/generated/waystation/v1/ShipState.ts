// Original file: ../../proto/waystation/v1/replication.proto

import type { GroupPairState as _waystation_v1_GroupPairState, GroupPairState__Output as _waystation_v1_GroupPairState__Output } from '../../waystation/v1/GroupPairState.js';

/**
 * How the group stands, for showing; nothing more comes while it is suspended.
 */
export interface ShipState {
  /**
   * The state.
   */
  'state'?: (_waystation_v1_GroupPairState);
  /**
   * For people.
   */
  'detail'?: (string);
}

/**
 * How the group stands, for showing; nothing more comes while it is suspended.
 */
export interface ShipState__Output {
  /**
   * The state.
   */
  'state': (_waystation_v1_GroupPairState__Output);
  /**
   * For people.
   */
  'detail': (string);
}
