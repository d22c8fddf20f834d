// Original file: ../../proto/waystation/v1/replication.proto

import type { OriginNumber as _waystation_v1_OriginNumber, OriginNumber__Output as _waystation_v1_OriginNumber__Output } from '../../waystation/v1/OriginNumber.js';
import type { Long } from '@grpc/proto-loader';

/**
 * Asks for a volume's records above an origin number.
 */
export interface OriginFetch {
  /**
   * The volume.
   */
  'volume'?: (string);
  /**
   * Only above this one.
   */
  'above'?: (_waystation_v1_OriginNumber | null);
  /**
   * Only above this sequence number; 0 at first.
   */
  'afterSequence'?: (number | string | Long);
}

/**
 * Asks for a volume's records above an origin number.
 */
export interface OriginFetch__Output {
  /**
   * The volume.
   */
  'volume': (string);
  /**
   * Only above this one.
   */
  'above': (_waystation_v1_OriginNumber__Output | null);
  /**
   * Only above this sequence number; 0 at first.
   */
  'afterSequence': (number);
}
