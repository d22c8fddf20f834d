// Original file: ../../proto/waystation/v1/replication.proto

/**
 * How a leg, or a whole group, stands.
 */
export const GroupPairState = {
  /**
   * Never sent.
   */
  GROUP_PAIR_STATE_UNSPECIFIED: 'GROUP_PAIR_STATE_UNSPECIFIED',
  /**
   * No pair.
   */
  GROUP_PAIR_STATE_SMPL: 'GROUP_PAIR_STATE_SMPL',
  /**
   * Initial copy or resync.
   */
  GROUP_PAIR_STATE_COPY: 'GROUP_PAIR_STATE_COPY',
  /**
   * In step.
   */
  GROUP_PAIR_STATE_PAIR: 'GROUP_PAIR_STATE_PAIR',
  /**
   * Split by an operator.
   */
  GROUP_PAIR_STATE_PSUS: 'GROUP_PAIR_STATE_PSUS',
  /**
   * Suspended by a failure.
   */
  GROUP_PAIR_STATE_PSUE: 'GROUP_PAIR_STATE_PSUE',
  /**
   * In step, and the journal is filling up.
   */
  GROUP_PAIR_STATE_PFUL: 'GROUP_PAIR_STATE_PFUL',
  /**
   * Suspended because the journal was full.
   */
  GROUP_PAIR_STATE_PFUS: 'GROUP_PAIR_STATE_PFUS',
  /**
   * Taken over: hosts write at the far side.
   */
  GROUP_PAIR_STATE_SSWS: 'GROUP_PAIR_STATE_SSWS',
} as const;

/**
 * How a leg, or a whole group, stands.
 */
export type GroupPairState =
  /**
   * Never sent.
   */
  | 'GROUP_PAIR_STATE_UNSPECIFIED'
  | 0
  /**
   * No pair.
   */
  | 'GROUP_PAIR_STATE_SMPL'
  | 1
  /**
   * Initial copy or resync.
   */
  | 'GROUP_PAIR_STATE_COPY'
  | 2
  /**
   * In step.
   */
  | 'GROUP_PAIR_STATE_PAIR'
  | 3
  /**
   * Split by an operator.
   */
  | 'GROUP_PAIR_STATE_PSUS'
  | 4
  /**
   * Suspended by a failure.
   */
  | 'GROUP_PAIR_STATE_PSUE'
  | 5
  /**
   * In step, and the journal is filling up.
   */
  | 'GROUP_PAIR_STATE_PFUL'
  | 6
  /**
   * Suspended because the journal was full.
   */
  | 'GROUP_PAIR_STATE_PFUS'
  | 7
  /**
   * Taken over: hosts write at the far side.
   */
  | 'GROUP_PAIR_STATE_SSWS'
  | 8

/**
 * How a leg, or a whole group, stands.
 */
export type GroupPairState__Output = typeof GroupPairState[keyof typeof GroupPairState]
