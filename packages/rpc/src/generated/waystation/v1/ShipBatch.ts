// Original file: ../../proto/waystation/v1/replication.proto

import type { Record as _waystation_v1_Record, Record__Output as _waystation_v1_Record__Output } from '../../waystation/v1/Record.js';
import type { Long } from '@grpc/proto-loader';

/**
 * Records of the receiver's volumes above `after`; with them it is complete up to `watermark`.
 */
export interface ShipBatch {
  /**
   * The receiver must be complete up to here already.
   */
  'after'?: (number | string | Long);
  /**
   * Complete up to here with this batch.
   */
  'watermark'?: (number | string | Long);
  /**
   * In order; may be empty.
   */
  'records'?: (_waystation_v1_Record)[];
}

/**
 * Records of the receiver's volumes above `after`; with them it is complete up to `watermark`.
 */
export interface ShipBatch__Output {
  /**
   * The receiver must be complete up to here already.
   */
  'after': (number);
  /**
   * Complete up to here with this batch.
   */
  'watermark': (number);
  /**
   * In order; may be empty.
   */
  'records': (_waystation_v1_Record__Output)[];
}
