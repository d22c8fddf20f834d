// Original file: ../../proto/waystation/v1/storage.proto

import type { Long } from '@grpc/proto-loader';

/**
 * How far a piece of work is.
 */
export interface WorkProgress {
  /**
   * Of `total_bytes`.
   */
  'doneBytes'?: (number | string | Long);
  /**
   * All of it.
   */
  'totalBytes'?: (number | string | Long);
  /**
   * In the last seconds.
   */
  'bytesPerSecond'?: (number | string);
  /**
   * Absent while it stands still, or nothing is known yet.
   */
  'remainingMs'?: (number | string);
  '_remainingMs'?: "remainingMs";
}

/**
 * How far a piece of work is.
 */
export interface WorkProgress__Output {
  /**
   * Of `total_bytes`.
   */
  'doneBytes': (number);
  /**
   * All of it.
   */
  'totalBytes': (number);
  /**
   * In the last seconds.
   */
  'bytesPerSecond': (number);
  /**
   * Absent while it stands still, or nothing is known yet.
   */
  'remainingMs'?: (number);
  '_remainingMs'?: "remainingMs";
}
