// Original file: ../../proto/waystation/v1/storage.proto

/**
 * Which way a pair copies.
 */
export const PairDirection = {
  /**
   * Never sent.
   */
  PAIR_DIRECTION_UNSPECIFIED: 'PAIR_DIRECTION_UNSPECIFIED',
  /**
   * From the P-VOL to the S-VOL.
   */
  PAIR_DIRECTION_FORWARD: 'PAIR_DIRECTION_FORWARD',
  /**
   * From the S-VOL to the P-VOL: a restore.
   */
  PAIR_DIRECTION_REVERSE: 'PAIR_DIRECTION_REVERSE',
} as const;

/**
 * Which way a pair copies.
 */
export type PairDirection =
  /**
   * Never sent.
   */
  | 'PAIR_DIRECTION_UNSPECIFIED'
  | 0
  /**
   * From the P-VOL to the S-VOL.
   */
  | 'PAIR_DIRECTION_FORWARD'
  | 1
  /**
   * From the S-VOL to the P-VOL: a restore.
   */
  | 'PAIR_DIRECTION_REVERSE'
  | 2

/**
 * Which way a pair copies.
 */
export type PairDirection__Output = typeof PairDirection[keyof typeof PairDirection]
