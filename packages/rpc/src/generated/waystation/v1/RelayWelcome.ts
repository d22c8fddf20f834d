// Original file: ../../proto/waystation/v1/replication.proto

import type { VolumeMark as _waystation_v1_VolumeMark, VolumeMark__Output as _waystation_v1_VolumeMark__Output } from '../../waystation/v1/VolumeMark.js';
import type { Long } from '@grpc/proto-loader';

/**
 * The relay takes a primary in.
 */
export interface RelayWelcome {
  /**
   * Its durable high marks.
   */
  'marks'?: (_waystation_v1_VolumeMark)[];
  /**
   * How many bytes may be sent on this link in total.
   */
  'creditBytes'?: (number | string | Long);
  /**
   * The copy run that the primary is to join; empty when there is none.
   */
  'copyId'?: (string);
}

/**
 * The relay takes a primary in.
 */
export interface RelayWelcome__Output {
  /**
   * Its durable high marks.
   */
  'marks': (_waystation_v1_VolumeMark__Output)[];
  /**
   * How many bytes may be sent on this link in total.
   */
  'creditBytes': (number);
  /**
   * The copy run that the primary is to join; empty when there is none.
   */
  'copyId': (string);
}
