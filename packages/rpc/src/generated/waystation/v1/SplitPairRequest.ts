// Original file: ../../proto/waystation/v1/storage.proto


/**
 * Asks to split a pair.
 */
export interface SplitPairRequest {
  /**
   * The P-VOL.
   */
  'primary'?: (string);
  /**
   * The S-VOL.
   */
  'secondary'?: (string);
  /**
   * The S-VOL can be used at once, and what is missing is copied behind.
   */
  'quick'?: (boolean);
}

/**
 * Asks to split a pair.
 */
export interface SplitPairRequest__Output {
  /**
   * The P-VOL.
   */
  'primary': (string);
  /**
   * The S-VOL.
   */
  'secondary': (string);
  /**
   * The S-VOL can be used at once, and what is missing is copied behind.
   */
  'quick': (boolean);
}
