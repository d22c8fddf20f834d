// Original file: ../../proto/waystation/v1/storage.proto

import type { DiskHealth as _waystation_v1_DiskHealth, DiskHealth__Output as _waystation_v1_DiskHealth__Output } from '../../waystation/v1/DiskHealth.js';
import type { WorkProgress as _waystation_v1_WorkProgress, WorkProgress__Output as _waystation_v1_WorkProgress__Output } from '../../waystation/v1/WorkProgress.js';
import type { Long } from '@grpc/proto-loader';

/**
 * One disk of an array.
 */
export interface DiskReport {
  /**
   * Its slot; absent for a spare.
   */
  'slot'?: (number);
  /**
   * Its path; empty when no disk was found for the slot.
   */
  'file'?: (string);
  /**
   * How it is.
   */
  'health'?: (_waystation_v1_DiskHealth);
  /**
   * Why it is not active.
   */
  'reason'?: (string);
  /**
   * Blocks of it that were found wrong and put right, since the array was opened.
   */
  'repairedBlocks'?: (number | string | Long);
  /**
   * Present while it is being rebuilt.
   */
  'progress'?: (_waystation_v1_WorkProgress | null);
  '_slot'?: "slot";
}

/**
 * One disk of an array.
 */
export interface DiskReport__Output {
  /**
   * Its slot; absent for a spare.
   */
  'slot'?: (number);
  /**
   * Its path; empty when no disk was found for the slot.
   */
  'file': (string);
  /**
   * How it is.
   */
  'health': (_waystation_v1_DiskHealth__Output);
  /**
   * Why it is not active.
   */
  'reason': (string);
  /**
   * Blocks of it that were found wrong and put right, since the array was opened.
   */
  'repairedBlocks': (number);
  /**
   * Present while it is being rebuilt.
   */
  'progress': (_waystation_v1_WorkProgress__Output | null);
  '_slot'?: "slot";
}
