// Original file: ../../proto/waystation/v1/storage.proto


/**
 * Asks to end a pair.
 */
export interface DeletePairRequest {
  /**
   * The P-VOL.
   */
  'primary'?: (string);
  /**
   * The S-VOL.
   */
  'secondary'?: (string);
  /**
   * Also where that leaves one side half copied.
   */
  'force'?: (boolean);
}

/**
 * Asks to end a pair.
 */
export interface DeletePairRequest__Output {
  /**
   * The P-VOL.
   */
  'primary': (string);
  /**
   * The S-VOL.
   */
  'secondary': (string);
  /**
   * Also where that leaves one side half copied.
   */
  'force': (boolean);
}
