// Original file: ../../proto/waystation/v1/control.proto


/**
 * Asks for a takeover.
 */
export interface TakeoverRequest {
  /**
   * The group.
   */
  'group'?: (string);
  /**
   * Go on although a single writer cannot be guaranteed, or something may be lost.
   */
  'force'?: (boolean);
  /**
   * Secondaries to go on without, by name: they become resync targets.
   */
  'without'?: (string)[];
  /**
   * Only looks and tells what would happen; changes nothing.
   */
  'dryRun'?: (boolean);
}

/**
 * Asks for a takeover.
 */
export interface TakeoverRequest__Output {
  /**
   * The group.
   */
  'group': (string);
  /**
   * Go on although a single writer cannot be guaranteed, or something may be lost.
   */
  'force': (boolean);
  /**
   * Secondaries to go on without, by name: they become resync targets.
   */
  'without': (string)[];
  /**
   * Only looks and tells what would happen; changes nothing.
   */
  'dryRun': (boolean);
}
