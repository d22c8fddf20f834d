// Original file: ../../proto/waystation/v1/block.proto

import type { NumberedWrite as _waystation_v1_NumberedWrite, NumberedWrite__Output as _waystation_v1_NumberedWrite__Output } from '../../waystation/v1/NumberedWrite.js';

/**
 * Writes that are started together. They end in any order: for two that overlap, wait for the first one's ack.
 */
export interface WriteBatch {
  /**
   * At most 1024 writes, at most 4 MiB of data each, at most 8 MiB together.
   */
  'writes'?: (_waystation_v1_NumberedWrite)[];
}

/**
 * Writes that are started together. They end in any order: for two that overlap, wait for the first one's ack.
 */
export interface WriteBatch__Output {
  /**
   * At most 1024 writes, at most 4 MiB of data each, at most 8 MiB together.
   */
  'writes': (_waystation_v1_NumberedWrite__Output)[];
}
