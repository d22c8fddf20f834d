// Original file: ../../proto/waystation/v1/storage.proto


/**
 * Asks to eject a disk.
 */
export interface FailDiskRequest {
  /**
   * The array's name.
   */
  'array'?: (string);
  /**
   * The disk's slot.
   */
  'slot'?: (number);
}

/**
 * Asks to eject a disk.
 */
export interface FailDiskRequest__Output {
  /**
   * The array's name.
   */
  'array': (string);
  /**
   * The disk's slot.
   */
  'slot': (number);
}
