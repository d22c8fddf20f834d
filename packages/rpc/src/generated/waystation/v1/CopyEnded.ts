// Original file: ../../proto/waystation/v1/replication.proto


/**
 * The run's end was validated by every secondary, durably.
 */
export interface CopyEnded {
  /**
   * Which run.
   */
  'copyId'?: (string);
}

/**
 * The run's end was validated by every secondary, durably.
 */
export interface CopyEnded__Output {
  /**
   * Which run.
   */
  'copyId': (string);
}
