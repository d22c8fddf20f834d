// Original file: ../../proto/waystation/v1/replication.proto

import type { PointCommitment as _waystation_v1_PointCommitment, PointCommitment__Output as _waystation_v1_PointCommitment__Output } from '../../waystation/v1/PointCommitment.js';
import type { Long } from '@grpc/proto-loader';

/**
 * Asks whether the secondary is complete up to here.
 */
export interface Prepare {
  /**
   * The number.
   */
  'sequence'?: (number | string | Long);
  /**
   * What the receiver's records up to here must make.
   */
  'commitment'?: (_waystation_v1_PointCommitment | null);
}

/**
 * Asks whether the secondary is complete up to here.
 */
export interface Prepare__Output {
  /**
   * The number.
   */
  'sequence': (number);
  /**
   * What the receiver's records up to here must make.
   */
  'commitment': (_waystation_v1_PointCommitment__Output | null);
}
