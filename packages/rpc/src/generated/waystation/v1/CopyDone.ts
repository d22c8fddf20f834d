// Original file: ../../proto/waystation/v1/replication.proto


/**
 * Everything that the primary had to copy is in the stream, before this message.
 */
export interface CopyDone {
  /**
   * Which run.
   */
  'copyId'?: (string);
}

/**
 * Everything that the primary had to copy is in the stream, before this message.
 */
export interface CopyDone__Output {
  /**
   * Which run.
   */
  'copyId': (string);
}
