// Original file: ../../proto/waystation/v1/storage.proto


/**
 * Asks to take a new disk.
 */
export interface ReplaceDiskRequest {
  /**
   * The array's name.
   */
  'array'?: (string);
  /**
   * The slot.
   */
  'slot'?: (number);
}

/**
 * Asks to take a new disk.
 */
export interface ReplaceDiskRequest__Output {
  /**
   * The array's name.
   */
  'array': (string);
  /**
   * The slot.
   */
  'slot': (number);
}
