// Original file: ../../proto/waystation/v1/replication.proto

import type { PromisePurpose as _waystation_v1_PromisePurpose, PromisePurpose__Output as _waystation_v1_PromisePurpose__Output } from '../../waystation/v1/PromisePurpose.js';
import type { Long } from '@grpc/proto-loader';

/**
 * Asks the receiver to follow no epoch below the message's. Fences a relay.
 */
export interface Promise {
  /**
   * Comes back in the reply.
   */
  'requestId'?: (number | string | Long);
  /**
   * Every secondary takes part: points go on being settled while the relay drains.
   */
  'settle'?: (boolean);
  /**
   * What for.
   */
  'purpose'?: (_waystation_v1_PromisePurpose);
}

/**
 * Asks the receiver to follow no epoch below the message's. Fences a relay.
 */
export interface Promise__Output {
  /**
   * Comes back in the reply.
   */
  'requestId': (number);
  /**
   * Every secondary takes part: points go on being settled while the relay drains.
   */
  'settle': (boolean);
  /**
   * What for.
   */
  'purpose': (_waystation_v1_PromisePurpose__Output);
}
