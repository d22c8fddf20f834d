// Original file: ../../proto/waystation/v1/block.proto

import type { WriteStreamOpened as _waystation_v1_WriteStreamOpened, WriteStreamOpened__Output as _waystation_v1_WriteStreamOpened__Output } from '../../waystation/v1/WriteStreamOpened.js';
import type { WriteAcks as _waystation_v1_WriteAcks, WriteAcks__Output as _waystation_v1_WriteAcks__Output } from '../../waystation/v1/WriteAcks.js';

/**
 * What the server says on a write stream.
 */
export interface WriteStreamResponse {
  /**
   * The volume is open.
   */
  'opened'?: (_waystation_v1_WriteStreamOpened | null);
  /**
   * Writes have ended.
   */
  'acks'?: (_waystation_v1_WriteAcks | null);
  /**
   * `opened` exactly once, first.
   */
  'body'?: "opened"|"acks";
}

/**
 * What the server says on a write stream.
 */
export interface WriteStreamResponse__Output {
  /**
   * The volume is open.
   */
  'opened'?: (_waystation_v1_WriteStreamOpened__Output | null);
  /**
   * Writes have ended.
   */
  'acks'?: (_waystation_v1_WriteAcks__Output | null);
  /**
   * `opened` exactly once, first.
   */
  'body'?: "opened"|"acks";
}
