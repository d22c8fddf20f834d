// Original file: ../../proto/waystation/v1/block.proto

import type { Long } from '@grpc/proto-loader';

/**
 * One write of a stream.
 */
export interface NumberedWrite {
  /**
   * 1 for the first write of the stream, and one more for each that follows.
   */
  'number'?: (number | string | Long);
  /**
   * Where to start.
   */
  'offsetBytes'?: (number | string | Long);
  /**
   * Stores these bytes.
   */
  'data'?: (Buffer | Uint8Array | string);
  /**
   * Makes this many bytes read as zeros.
   */
  'zeroBytes'?: (number | string | Long);
  /**
   * Gives this many bytes back.
   */
  'discardBytes'?: (number | string | Long);
  /**
   * What to do there.
   */
  'operation'?: "data"|"zeroBytes"|"discardBytes";
}

/**
 * One write of a stream.
 */
export interface NumberedWrite__Output {
  /**
   * 1 for the first write of the stream, and one more for each that follows.
   */
  'number': (number);
  /**
   * Where to start.
   */
  'offsetBytes': (number);
  /**
   * Stores these bytes.
   */
  'data'?: (Buffer);
  /**
   * Makes this many bytes read as zeros.
   */
  'zeroBytes'?: (number);
  /**
   * Gives this many bytes back.
   */
  'discardBytes'?: (number);
  /**
   * What to do there.
   */
  'operation'?: "data"|"zeroBytes"|"discardBytes";
}
