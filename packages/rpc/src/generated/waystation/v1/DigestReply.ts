// Original file: ../../proto/waystation/v1/replication.proto

import type { Long } from '@grpc/proto-loader';

/**
 * SHA-256 of each unit, one after the other; 32 zero bytes where the asked do not agree or could not be asked.
 */
export interface DigestReply {
  /**
   * The question's.
   */
  'id'?: (number | string | Long);
  /**
   * 32 bytes per unit.
   */
  'digests'?: (Buffer | Uint8Array | string);
}

/**
 * SHA-256 of each unit, one after the other; 32 zero bytes where the asked do not agree or could not be asked.
 */
export interface DigestReply__Output {
  /**
   * The question's.
   */
  'id': (number);
  /**
   * 32 bytes per unit.
   */
  'digests': (Buffer);
}
