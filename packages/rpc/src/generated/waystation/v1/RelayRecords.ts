// Original file: ../../proto/waystation/v1/replication.proto

import type { Record as _waystation_v1_Record, Record__Output as _waystation_v1_Record__Output } from '../../waystation/v1/Record.js';
import type { Long } from '@grpc/proto-loader';

/**
 * One answer to OriginFetch.
 */
export interface RelayRecords {
  /**
   * The volume.
   */
  'volume'?: (string);
  /**
   * Its records, in order.
   */
  'records'?: (_waystation_v1_Record)[];
  /**
   * Go on after this sequence number; 0 when that was all.
   */
  'nextAfter'?: (number | string | Long);
}

/**
 * One answer to OriginFetch.
 */
export interface RelayRecords__Output {
  /**
   * The volume.
   */
  'volume': (string);
  /**
   * Its records, in order.
   */
  'records': (_waystation_v1_Record__Output)[];
  /**
   * Go on after this sequence number; 0 when that was all.
   */
  'nextAfter': (number);
}
