// Original file: ../../proto/waystation/v1/storage.proto

/**
 * How a pair is.
 */
export const PairState = {
  /**
   * Never sent.
   */
  PAIR_STATE_UNSPECIFIED: 'PAIR_STATE_UNSPECIFIED',
  /**
   * Initial copy, resync or restore.
   */
  PAIR_STATE_COPY: 'PAIR_STATE_COPY',
  /**
   * In sync.
   */
  PAIR_STATE_PAIR: 'PAIR_STATE_PAIR',
  /**
   * Split by an operator.
   */
  PAIR_STATE_PSUS: 'PAIR_STATE_PSUS',
  /**
   * Suspended by a failure.
   */
  PAIR_STATE_PSUE: 'PAIR_STATE_PSUE',
} as const;

/**
 * How a pair is.
 */
export type PairState =
  /**
   * Never sent.
   */
  | 'PAIR_STATE_UNSPECIFIED'
  | 0
  /**
   * Initial copy, resync or restore.
   */
  | 'PAIR_STATE_COPY'
  | 1
  /**
   * In sync.
   */
  | 'PAIR_STATE_PAIR'
  | 2
  /**
   * Split by an operator.
   */
  | 'PAIR_STATE_PSUS'
  | 3
  /**
   * Suspended by a failure.
   */
  | 'PAIR_STATE_PSUE'
  | 4

/**
 * How a pair is.
 */
export type PairState__Output = typeof PairState[keyof typeof PairState]
