// Original file: ../../proto/waystation/v1/storage.proto

/**
 * How a disk is.
 */
export const DiskHealth = {
  /**
   * Never sent.
   */
  DISK_HEALTH_UNSPECIFIED: 'DISK_HEALTH_UNSPECIFIED',
  /**
   * Read and written.
   */
  DISK_HEALTH_ACTIVE: 'DISK_HEALTH_ACTIVE',
  /**
   * Written, and read as far as it is rebuilt.
   */
  DISK_HEALTH_REBUILDING: 'DISK_HEALTH_REBUILDING',
  /**
   * Not there, or not trusted.
   */
  DISK_HEALTH_ABSENT: 'DISK_HEALTH_ABSENT',
  /**
   * Waits to take another's place.
   */
  DISK_HEALTH_SPARE: 'DISK_HEALTH_SPARE',
} as const;

/**
 * How a disk is.
 */
export type DiskHealth =
  /**
   * Never sent.
   */
  | 'DISK_HEALTH_UNSPECIFIED'
  | 0
  /**
   * Read and written.
   */
  | 'DISK_HEALTH_ACTIVE'
  | 1
  /**
   * Written, and read as far as it is rebuilt.
   */
  | 'DISK_HEALTH_REBUILDING'
  | 2
  /**
   * Not there, or not trusted.
   */
  | 'DISK_HEALTH_ABSENT'
  | 3
  /**
   * Waits to take another's place.
   */
  | 'DISK_HEALTH_SPARE'
  | 4

/**
 * How a disk is.
 */
export type DiskHealth__Output = typeof DiskHealth[keyof typeof DiskHealth]
