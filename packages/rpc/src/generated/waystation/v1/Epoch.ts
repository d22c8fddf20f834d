// Original file: ../../proto/waystation/v1/replication.proto

import type { Long } from '@grpc/proto-loader';

/**
 * The term of one writer.
 */
export interface Epoch {
  /**
   * Higher wins.
   */
  'number'?: (number | string | Long);
  /**
   * Who raised it. The same number with another id is a rival.
   */
  'takeoverId'?: (string);
}

/**
 * The term of one writer.
 */
export interface Epoch__Output {
  /**
   * Higher wins.
   */
  'number': (number);
  /**
   * Who raised it. The same number with another id is a rival.
   */
  'takeoverId': (string);
}
