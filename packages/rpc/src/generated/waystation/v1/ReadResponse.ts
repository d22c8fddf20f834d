// Original file: ../../proto/waystation/v1/block.proto


/**
 * The bytes of the range.
 */
export interface ReadResponse {
  /**
   * As many as were asked for.
   */
  'data'?: (Buffer | Uint8Array | string);
}

/**
 * The bytes of the range.
 */
export interface ReadResponse__Output {
  /**
   * As many as were asked for.
   */
  'data': (Buffer);
}
