// Original file: ../../proto/waystation/v1/storage.proto


/**
 * Asks to be told of an array.
 */
export interface WatchArrayRequest {
  /**
   * Its name.
   */
  'array'?: (string);
  /**
   * How often, from 100 to 60000; 0 stands for 500.
   */
  'intervalMs'?: (number);
}

/**
 * Asks to be told of an array.
 */
export interface WatchArrayRequest__Output {
  /**
   * Its name.
   */
  'array': (string);
  /**
   * How often, from 100 to 60000; 0 stands for 500.
   */
  'intervalMs': (number);
}
