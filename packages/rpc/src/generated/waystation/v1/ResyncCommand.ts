// Original file: ../../proto/waystation/v1/control.proto


/**
 * Copy what differs, and pair again.
 */
export interface ResyncCommand {
  /**
   * Trust no bitmap: compare everything.
   */
  'full'?: (boolean);
}

/**
 * Copy what differs, and pair again.
 */
export interface ResyncCommand__Output {
  /**
   * Trust no bitmap: compare everything.
   */
  'full': (boolean);
}
