// Original file: ../../proto/waystation/v1/control.proto

import type { Long } from '@grpc/proto-loader';

/**
 * How far a copy run has come at a primary.
 */
export interface CopyProgress {
  /**
   * Which run.
   */
  'copyId'?: (string);
  /**
   * What it goes through here.
   */
  'totalBytes'?: (number | string | Long);
  /**
   * Of these: found equal, or sent.
   */
  'doneBytes'?: (number | string | Long);
  /**
   * Of these: sent.
   */
  'sentBytes'?: (number | string | Long);
  /**
   * How fast it goes through them, just now.
   */
  'bytesPerSecond'?: (number | string);
  /**
   * Why it does not go on; empty while it does.
   */
  'detail'?: (string);
}

/**
 * How far a copy run has come at a primary.
 */
export interface CopyProgress__Output {
  /**
   * Which run.
   */
  'copyId': (string);
  /**
   * What it goes through here.
   */
  'totalBytes': (number);
  /**
   * Of these: found equal, or sent.
   */
  'doneBytes': (number);
  /**
   * Of these: sent.
   */
  'sentBytes': (number);
  /**
   * How fast it goes through them, just now.
   */
  'bytesPerSecond': (number);
  /**
   * Why it does not go on; empty while it does.
   */
  'detail': (string);
}
