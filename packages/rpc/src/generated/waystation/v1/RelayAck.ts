// Original file: ../../proto/waystation/v1/replication.proto

import type { VolumeMark as _waystation_v1_VolumeMark, VolumeMark__Output as _waystation_v1_VolumeMark__Output } from '../../waystation/v1/VolumeMark.js';
import type { Long } from '@grpc/proto-loader';

/**
 * Everything up to the marks is durable at the relay.
 */
export interface RelayAck {
  /**
   * The marks.
   */
  'marks'?: (_waystation_v1_VolumeMark)[];
  /**
   * How many bytes may be sent on this link in total.
   */
  'creditBytes'?: (number | string | Long);
}

/**
 * Everything up to the marks is durable at the relay.
 */
export interface RelayAck__Output {
  /**
   * The marks.
   */
  'marks': (_waystation_v1_VolumeMark__Output)[];
  /**
   * How many bytes may be sent on this link in total.
   */
  'creditBytes': (number);
}
