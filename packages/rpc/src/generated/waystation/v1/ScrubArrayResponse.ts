// Original file: ../../proto/waystation/v1/storage.proto

import type { Long } from '@grpc/proto-loader';

/**
 * A scrub runs.
 */
export interface ScrubArrayResponse {
  /**
   * Its number: `last_scrub` has it once it has ended.
   */
  'run'?: (number | string | Long);
}

/**
 * A scrub runs.
 */
export interface ScrubArrayResponse__Output {
  /**
   * Its number: `last_scrub` has it once it has ended.
   */
  'run': (number);
}
