// Original file: ../../proto/waystation/v1/storage.proto


/**
 * Asks to copy the recorded regions to the S-VOL.
 */
export interface ResyncPairRequest {
  /**
   * The P-VOL.
   */
  'primary'?: (string);
  /**
   * The S-VOL.
   */
  'secondary'?: (string);
  /**
   * The pair is in sync for the host at once, and the copy goes on behind.
   */
  'quick'?: (boolean);
}

/**
 * Asks to copy the recorded regions to the S-VOL.
 */
export interface ResyncPairRequest__Output {
  /**
   * The P-VOL.
   */
  'primary': (string);
  /**
   * The S-VOL.
   */
  'secondary': (string);
  /**
   * The pair is in sync for the host at once, and the copy goes on behind.
   */
  'quick': (boolean);
}
