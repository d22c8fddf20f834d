// Original file: ../../proto/waystation/v1/storage.proto

/**
 * How an array is.
 */
export const ArrayHealth = {
  /**
   * Never sent.
   */
  ARRAY_HEALTH_UNSPECIFIED: 'ARRAY_HEALTH_UNSPECIFIED',
  /**
   * All disks there.
   */
  ARRAY_HEALTH_OPTIMAL: 'ARRAY_HEALTH_OPTIMAL',
  /**
   * All data there, with less redundancy than the level has.
   */
  ARRAY_HEALTH_DEGRADED: 'ARRAY_HEALTH_DEGRADED',
  /**
   * Degraded, and on the way back.
   */
  ARRAY_HEALTH_REBUILDING: 'ARRAY_HEALTH_REBUILDING',
  /**
   * Every read and write is an I/O error.
   */
  ARRAY_HEALTH_FAILED: 'ARRAY_HEALTH_FAILED',
} as const;

/**
 * How an array is.
 */
export type ArrayHealth =
  /**
   * Never sent.
   */
  | 'ARRAY_HEALTH_UNSPECIFIED'
  | 0
  /**
   * All disks there.
   */
  | 'ARRAY_HEALTH_OPTIMAL'
  | 1
  /**
   * All data there, with less redundancy than the level has.
   */
  | 'ARRAY_HEALTH_DEGRADED'
  | 2
  /**
   * Degraded, and on the way back.
   */
  | 'ARRAY_HEALTH_REBUILDING'
  | 3
  /**
   * Every read and write is an I/O error.
   */
  | 'ARRAY_HEALTH_FAILED'
  | 4

/**
 * How an array is.
 */
export type ArrayHealth__Output = typeof ArrayHealth[keyof typeof ArrayHealth]
