// Original file: ../../proto/waystation/v1/storage.proto


/**
 * Asks for a scrub.
 */
export interface ScrubArrayRequest {
  /**
   * The array's name.
   */
  'array'?: (string);
}

/**
 * Asks for a scrub.
 */
export interface ScrubArrayRequest__Output {
  /**
   * The array's name.
   */
  'array': (string);
}
