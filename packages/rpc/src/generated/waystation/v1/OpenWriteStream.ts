// Original file: ../../proto/waystation/v1/block.proto


/**
 * First on the stream.
 */
export interface OpenWriteStream {
  /**
   * The volume's name.
   */
  'volume'?: (string);
  /**
   * The deadline of each batch, counted from its arrival: writes not finished by then are reported as failed with
   * DEADLINE_EXCEEDED, their outcome unknown. From 1 to 600000. It takes the place of a deadline of the call.
   */
  'batchTimeoutMs'?: (number);
}

/**
 * First on the stream.
 */
export interface OpenWriteStream__Output {
  /**
   * The volume's name.
   */
  'volume': (string);
  /**
   * The deadline of each batch, counted from its arrival: writes not finished by then are reported as failed with
   * DEADLINE_EXCEEDED, their outcome unknown. From 1 to 600000. It takes the place of a deadline of the call.
   */
  'batchTimeoutMs': (number);
}
