// Original file: ../../proto/waystation/v1/replication.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Asks what a range of a volume holds at the far side.
 */
export interface DigestAsk {
  /**
   * Comes back in the reply.
   */
  'id'?: (number | string | Long);
  /**
   * The volume.
   */
  'volume'?: (string);
  /**
   * Where the range starts.
   */
  'offsetBytes'?: (number | string | Long);
  /**
   * How long it is: at most 4096 units.
   */
  'lengthBytes'?: (number | string | Long);
  /**
   * What one digest covers; the last unit may be shorter.
   */
  'unitBytes'?: (number | string | Long);
}

/**
 * Asks what a range of a volume holds at the far side.
 */
export interface DigestAsk__Output {
  /**
   * Comes back in the reply.
   */
  'id': (number);
  /**
   * The volume.
   */
  'volume': (string);
  /**
   * Where the range starts.
   */
  'offsetBytes': (number);
  /**
   * How long it is: at most 4096 units.
   */
  'lengthBytes': (number);
  /**
   * What one digest covers; the last unit may be shorter.
   */
  'unitBytes': (number);
}
