// Original file: ../../proto/waystation/v1/storage.proto


/**
 * Asks for a rebuild.
 */
export interface RebuildArrayRequest {
  /**
   * The array's name.
   */
  'array'?: (string);
}

/**
 * Asks for a rebuild.
 */
export interface RebuildArrayRequest__Output {
  /**
   * The array's name.
   */
  'array': (string);
}
