// Original file: ../../proto/waystation/v1/control.proto

import type { TakeoverResult as _waystation_v1_TakeoverResult, TakeoverResult__Output as _waystation_v1_TakeoverResult__Output } from '../../waystation/v1/TakeoverResult.js';

/**
 * One step of a takeover.
 */
export interface TakeoverResponse {
  /**
   * Which step.
   */
  'phase'?: (string);
  /**
   * For people.
   */
  'message'?: (string);
  /**
   * Since the call.
   */
  'elapsedMs'?: (number | string);
  /**
   * Present in the last one.
   */
  'result'?: (_waystation_v1_TakeoverResult | null);
}

/**
 * One step of a takeover.
 */
export interface TakeoverResponse__Output {
  /**
   * Which step.
   */
  'phase': (string);
  /**
   * For people.
   */
  'message': (string);
  /**
   * Since the call.
   */
  'elapsedMs': (number);
  /**
   * Present in the last one.
   */
  'result': (_waystation_v1_TakeoverResult__Output | null);
}
