// Original file: ../../proto/waystation/v1/replication.proto

import type { OriginNumber as _waystation_v1_OriginNumber, OriginNumber__Output as _waystation_v1_OriginNumber__Output } from '../../waystation/v1/OriginNumber.js';
import type { RecordKind as _waystation_v1_RecordKind, RecordKind__Output as _waystation_v1_RecordKind__Output } from '../../waystation/v1/RecordKind.js';
import type { Long } from '@grpc/proto-loader';

/**
 * One stamped write.
 */
export interface Record {
  /**
   * Its group-wide number.
   */
  'sequence'?: (number | string | Long);
  /**
   * The volume.
   */
  'volume'?: (string);
  /**
   * Where it came from.
   */
  'origin'?: (_waystation_v1_OriginNumber | null);
  /**
   * The number of the epoch under which it was stamped.
   */
  'epoch'?: (number | string | Long);
  /**
   * What it does.
   */
  'kind'?: (_waystation_v1_RecordKind);
  /**
   * Where it starts.
   */
  'offsetBytes'?: (number | string | Long);
  /**
   * How much it covers.
   */
  'lengthBytes'?: (number | string | Long);
  /**
   * When the host issued it, by the primary's wall clock: ms since 1970.
   */
  'hostTimeMs'?: (number | string | Long);
  /**
   * `length_bytes` bytes for a write or a copy, none otherwise.
   */
  'payload'?: (Buffer | Uint8Array | string);
}

/**
 * One stamped write.
 */
export interface Record__Output {
  /**
   * Its group-wide number.
   */
  'sequence': (number);
  /**
   * The volume.
   */
  'volume': (string);
  /**
   * Where it came from.
   */
  'origin': (_waystation_v1_OriginNumber__Output | null);
  /**
   * The number of the epoch under which it was stamped.
   */
  'epoch': (number);
  /**
   * What it does.
   */
  'kind': (_waystation_v1_RecordKind__Output);
  /**
   * Where it starts.
   */
  'offsetBytes': (number);
  /**
   * How much it covers.
   */
  'lengthBytes': (number);
  /**
   * When the host issued it, by the primary's wall clock: ms since 1970.
   */
  'hostTimeMs': (number);
  /**
   * `length_bytes` bytes for a write or a copy, none otherwise.
   */
  'payload': (Buffer);
}
