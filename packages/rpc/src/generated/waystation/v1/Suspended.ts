// Original file: ../../proto/waystation/v1/replication.proto

import type { GroupPairState as _waystation_v1_GroupPairState, GroupPairState__Output as _waystation_v1_GroupPairState__Output } from '../../waystation/v1/GroupPairState.js';
import type { Long } from '@grpc/proto-loader';

/**
 * The relay stamps no more after `at`, and knows it durably.
 */
export interface Suspended {
  /**
   * The last number.
   */
  'at'?: (number | string | Long);
  /**
   * PSUS, PSUE or PFUS.
   */
  'state'?: (_waystation_v1_GroupPairState);
  /**
   * For people.
   */
  'detail'?: (string);
}

/**
 * The relay stamps no more after `at`, and knows it durably.
 */
export interface Suspended__Output {
  /**
   * The last number.
   */
  'at': (number);
  /**
   * PSUS, PSUE or PFUS.
   */
  'state': (_waystation_v1_GroupPairState__Output);
  /**
   * For people.
   */
  'detail': (string);
}
