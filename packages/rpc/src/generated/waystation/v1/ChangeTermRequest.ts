// Original file: ../../proto/waystation/v1/control.proto

import type { TermCause as _waystation_v1_TermCause, TermCause__Output as _waystation_v1_TermCause__Output } from '../../waystation/v1/TermCause.js';

/**
 * Asks for another term.
 */
export interface ChangeTermRequest {
  /**
   * The group.
   */
  'group'?: (string);
  /**
   * Which change.
   */
  'cause'?: (_waystation_v1_TermCause);
  /**
   * Go on although the relay, or an old primary, cannot be told.
   */
  'force'?: (boolean);
  /**
   * Only looks and tells what would happen; changes nothing.
   */
  'dryRun'?: (boolean);
}

/**
 * Asks for another term.
 */
export interface ChangeTermRequest__Output {
  /**
   * The group.
   */
  'group': (string);
  /**
   * Which change.
   */
  'cause': (_waystation_v1_TermCause__Output);
  /**
   * Go on although the relay, or an old primary, cannot be told.
   */
  'force': (boolean);
  /**
   * Only looks and tells what would happen; changes nothing.
   */
  'dryRun': (boolean);
}
