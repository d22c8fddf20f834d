// Original file: ../../proto/waystation/v1/storage.proto


/**
 * Asks to copy the recorded regions to the P-VOL.
 */
export interface RestorePairRequest {
  /**
   * The P-VOL.
   */
  'primary'?: (string);
  /**
   * The S-VOL.
   */
  'secondary'?: (string);
  /**
   * The P-VOL shows the S-VOL's content at once, and the copy goes on behind.
   */
  'quick'?: (boolean);
}

/**
 * Asks to copy the recorded regions to the P-VOL.
 */
export interface RestorePairRequest__Output {
  /**
   * The P-VOL.
   */
  'primary': (string);
  /**
   * The S-VOL.
   */
  'secondary': (string);
  /**
   * The P-VOL shows the S-VOL's content at once, and the copy goes on behind.
   */
  'quick': (boolean);
}
