// Original file: ../../proto/waystation/v1/block.proto


/**
 * Waits for earlier writes.
 */
export interface FlushRequest {
  /**
   * The volume's name.
   */
  'volume'?: (string);
}

/**
 * Waits for earlier writes.
 */
export interface FlushRequest__Output {
  /**
   * The volume's name.
   */
  'volume': (string);
}
