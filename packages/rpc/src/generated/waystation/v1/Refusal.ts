// Original file: ../../proto/waystation/v1/replication.proto

import type { RefusalReason as _waystation_v1_RefusalReason, RefusalReason__Output as _waystation_v1_RefusalReason__Output } from '../../waystation/v1/RefusalReason.js';

/**
 * The sender will not go on with the receiver.
 */
export interface Refusal {
  /**
   * Why.
   */
  'reason'?: (_waystation_v1_RefusalReason);
  /**
   * For people.
   */
  'detail'?: (string);
}

/**
 * The sender will not go on with the receiver.
 */
export interface Refusal__Output {
  /**
   * Why.
   */
  'reason': (_waystation_v1_RefusalReason__Output);
  /**
   * For people.
   */
  'detail': (string);
}
