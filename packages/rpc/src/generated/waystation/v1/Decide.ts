// Original file: ../../proto/waystation/v1/replication.proto

import type { Decision as _waystation_v1_Decision, Decision__Output as _waystation_v1_Decision__Output } from '../../waystation/v1/Decision.js';
import type { Long } from '@grpc/proto-loader';

/**
 * Tells a participant what was decided.
 */
export interface Decide {
  /**
   * Comes back in the reply.
   */
  'requestId'?: (number | string | Long);
  /**
   * The decision.
   */
  'decision'?: (_waystation_v1_Decision | null);
}

/**
 * Tells a participant what was decided.
 */
export interface Decide__Output {
  /**
   * Comes back in the reply.
   */
  'requestId': (number);
  /**
   * The decision.
   */
  'decision': (_waystation_v1_Decision__Output | null);
}
