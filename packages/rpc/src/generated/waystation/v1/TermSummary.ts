// Original file: ../../proto/waystation/v1/control.proto

import type { Epoch as _waystation_v1_Epoch, Epoch__Output as _waystation_v1_Epoch__Output } from '../../waystation/v1/Epoch.js';
import type { TermCause as _waystation_v1_TermCause, TermCause__Output as _waystation_v1_TermCause__Output } from '../../waystation/v1/TermCause.js';

/**
 * Which term a node follows.
 */
export interface TermSummary {
  /**
   * The epoch that it was begun under.
   */
  'epoch'?: (_waystation_v1_Epoch | null);
  /**
   * Why.
   */
  'cause'?: (_waystation_v1_TermCause);
  /**
   * Its relay.
   */
  'relay'?: (string);
}

/**
 * Which term a node follows.
 */
export interface TermSummary__Output {
  /**
   * The epoch that it was begun under.
   */
  'epoch': (_waystation_v1_Epoch__Output | null);
  /**
   * Why.
   */
  'cause': (_waystation_v1_TermCause__Output);
  /**
   * Its relay.
   */
  'relay': (string);
}
