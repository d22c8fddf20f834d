// Original file: ../../proto/waystation/v1/storage.proto

import type { Long } from '@grpc/proto-loader';

/**
 * One place that a scrub found wrong.
 */
export interface ScrubFinding {
  /**
   * The disk's path.
   */
  'disk'?: (string);
  /**
   * Where on the disk.
   */
  'offsetBytes'?: (number | string | Long);
  /**
   * What was wrong there.
   */
  'kind'?: (string);
  /**
   * It is right again.
   */
  'repaired'?: (boolean);
}

/**
 * One place that a scrub found wrong.
 */
export interface ScrubFinding__Output {
  /**
   * The disk's path.
   */
  'disk': (string);
  /**
   * Where on the disk.
   */
  'offsetBytes': (number);
  /**
   * What was wrong there.
   */
  'kind': (string);
  /**
   * It is right again.
   */
  'repaired': (boolean);
}
