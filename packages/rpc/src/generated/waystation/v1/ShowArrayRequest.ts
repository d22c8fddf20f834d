// Original file: ../../proto/waystation/v1/storage.proto


/**
 * Asks for one array.
 */
export interface ShowArrayRequest {
  /**
   * Its name.
   */
  'array'?: (string);
}

/**
 * Asks for one array.
 */
export interface ShowArrayRequest__Output {
  /**
   * Its name.
   */
  'array': (string);
}
