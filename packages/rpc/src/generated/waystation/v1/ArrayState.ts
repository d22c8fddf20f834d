// Original file: ../../proto/waystation/v1/control.proto

/**
 * How an array is.
 */
export const ArrayState = {
  /**
   * Never sent.
   */
  ARRAY_STATE_UNSPECIFIED: 'ARRAY_STATE_UNSPECIFIED',
  /**
   * All disks there.
   */
  ARRAY_STATE_OPTIMAL: 'ARRAY_STATE_OPTIMAL',
  /**
   * Works, with less redundancy or none.
   */
  ARRAY_STATE_DEGRADED: 'ARRAY_STATE_DEGRADED',
  /**
   * Does not work.
   */
  ARRAY_STATE_FAILED: 'ARRAY_STATE_FAILED',
} as const;

/**
 * How an array is.
 */
export type ArrayState =
  /**
   * Never sent.
   */
  | 'ARRAY_STATE_UNSPECIFIED'
  | 0
  /**
   * All disks there.
   */
  | 'ARRAY_STATE_OPTIMAL'
  | 1
  /**
   * Works, with less redundancy or none.
   */
  | 'ARRAY_STATE_DEGRADED'
  | 2
  /**
   * Does not work.
   */
  | 'ARRAY_STATE_FAILED'
  | 3

/**
 * How an array is.
 */
export type ArrayState__Output = typeof ArrayState[keyof typeof ArrayState]
