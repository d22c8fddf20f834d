// Original file: ../../proto/waystation/v1/storage.proto


/**
 * Asks to be told of a pair.
 */
export interface WatchPairRequest {
  /**
   * The P-VOL.
   */
  'primary'?: (string);
  /**
   * The S-VOL.
   */
  'secondary'?: (string);
  /**
   * How often, from 100 to 60000; 0 stands for 500.
   */
  'intervalMs'?: (number);
}

/**
 * Asks to be told of a pair.
 */
export interface WatchPairRequest__Output {
  /**
   * The P-VOL.
   */
  'primary': (string);
  /**
   * The S-VOL.
   */
  'secondary': (string);
  /**
   * How often, from 100 to 60000; 0 stands for 500.
   */
  'intervalMs': (number);
}
