// Original file: ../../proto/waystation/v1/storage.proto

import type { WorkProgress as _waystation_v1_WorkProgress, WorkProgress__Output as _waystation_v1_WorkProgress__Output } from '../../waystation/v1/WorkProgress.js';
import type { Long } from '@grpc/proto-loader';

/**
 * A scrub under way.
 */
export interface RunningScrub {
  /**
   * Its number.
   */
  'run'?: (number | string | Long);
  /**
   * How far it is.
   */
  'progress'?: (_waystation_v1_WorkProgress | null);
}

/**
 * A scrub under way.
 */
export interface RunningScrub__Output {
  /**
   * Its number.
   */
  'run': (number);
  /**
   * How far it is.
   */
  'progress': (_waystation_v1_WorkProgress__Output | null);
}
