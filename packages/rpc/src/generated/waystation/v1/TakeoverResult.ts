// Original file: ../../proto/waystation/v1/control.proto

import type { TakeoverOutcome as _waystation_v1_TakeoverOutcome, TakeoverOutcome__Output as _waystation_v1_TakeoverOutcome__Output } from '../../waystation/v1/TakeoverOutcome.js';
import type { Epoch as _waystation_v1_Epoch, Epoch__Output as _waystation_v1_Epoch__Output } from '../../waystation/v1/Epoch.js';
import type { LostVerdict as _waystation_v1_LostVerdict, LostVerdict__Output as _waystation_v1_LostVerdict__Output } from '../../waystation/v1/LostVerdict.js';
import type { Long } from '@grpc/proto-loader';

/**
 * The result of a takeover.
 */
export interface TakeoverResult {
  /**
   * How it ended.
   */
  'outcome'?: (_waystation_v1_TakeoverOutcome);
  /**
   * Stable code when refused, else empty.
   */
  'code'?: (string);
  /**
   * For people: what happened, and what to do.
   */
  'message'?: (string);
  /**
   * The epoch that was raised.
   */
  'epoch'?: (_waystation_v1_Epoch | null);
  /**
   * The volumes hold exactly the writes up to here.
   */
  'sequence'?: (number | string | Long);
  /**
   * What is missing.
   */
  'lost'?: (_waystation_v1_LostVerdict);
  /**
   * From which number on, and which extents are known.
   */
  'lostDetail'?: (string);
  /**
   * The secondaries that took part.
   */
  'participants'?: (string)[];
  /**
   * Those that did not.
   */
  'absent'?: (string)[];
  /**
   * What the operator has taken upon himself.
   */
  'risks'?: (string)[];
}

/**
 * The result of a takeover.
 */
export interface TakeoverResult__Output {
  /**
   * How it ended.
   */
  'outcome': (_waystation_v1_TakeoverOutcome__Output);
  /**
   * Stable code when refused, else empty.
   */
  'code': (string);
  /**
   * For people: what happened, and what to do.
   */
  'message': (string);
  /**
   * The epoch that was raised.
   */
  'epoch': (_waystation_v1_Epoch__Output | null);
  /**
   * The volumes hold exactly the writes up to here.
   */
  'sequence': (number);
  /**
   * What is missing.
   */
  'lost': (_waystation_v1_LostVerdict__Output);
  /**
   * From which number on, and which extents are known.
   */
  'lostDetail': (string);
  /**
   * The secondaries that took part.
   */
  'participants': (string)[];
  /**
   * Those that did not.
   */
  'absent': (string)[];
  /**
   * What the operator has taken upon himself.
   */
  'risks': (string)[];
}
