// Original file: ../../proto/waystation/v1/block.proto

import type { WriteFailure as _waystation_v1_WriteFailure, WriteFailure__Output as _waystation_v1_WriteFailure__Output } from '../../waystation/v1/WriteFailure.js';
import type { Long } from '@grpc/proto-loader';

/**
 * Writes that have ended, durable unless listed as failed.
 */
export interface WriteAcks {
  /**
   * Every write up to this number has ended.
   */
  'settledThrough'?: (number | string | Long);
  /**
   * Writes above it that have ended too.
   */
  'settledBeyond'?: (number | string | Long)[];
  /**
   * Those among the newly ended that failed. The stream goes on.
   */
  'failures'?: (_waystation_v1_WriteFailure)[];
}

/**
 * Writes that have ended, durable unless listed as failed.
 */
export interface WriteAcks__Output {
  /**
   * Every write up to this number has ended.
   */
  'settledThrough': (number);
  /**
   * Writes above it that have ended too.
   */
  'settledBeyond': (number)[];
  /**
   * Those among the newly ended that failed. The stream goes on.
   */
  'failures': (_waystation_v1_WriteFailure__Output)[];
}
