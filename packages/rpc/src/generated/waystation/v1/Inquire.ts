// Original file: ../../proto/waystation/v1/replication.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Asks where the receiver stands.
 */
export interface Inquire {
  /**
   * Comes back in the reply.
   */
  'requestId'?: (number | string | Long);
  /**
   * Asks a relay which writes above this number its journal has.
   */
  'lostAbove'?: (number | string | Long);
  '_lostAbove'?: "lostAbove";
}

/**
 * Asks where the receiver stands.
 */
export interface Inquire__Output {
  /**
   * Comes back in the reply.
   */
  'requestId': (number);
  /**
   * Asks a relay which writes above this number its journal has.
   */
  'lostAbove'?: (number);
  '_lostAbove'?: "lostAbove";
}
