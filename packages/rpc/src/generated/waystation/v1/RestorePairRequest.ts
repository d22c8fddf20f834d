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
}
