// Original file: ../../proto/waystation/v1/block.proto

/**
 * Whether hosts may write a volume at this node.
 */
export const VolumeAccess = {
  /**
   * Never sent.
   */
  VOLUME_ACCESS_UNSPECIFIED: 'VOLUME_ACCESS_UNSPECIFIED',
  /**
   * Reads and writes.
   */
  VOLUME_ACCESS_READ_WRITE: 'VOLUME_ACCESS_READ_WRITE',
  /**
   * Reads only: a secondary volume before takeover.
   */
  VOLUME_ACCESS_READ_ONLY: 'VOLUME_ACCESS_READ_ONLY',
} as const;

/**
 * Whether hosts may write a volume at this node.
 */
export type VolumeAccess =
  /**
   * Never sent.
   */
  | 'VOLUME_ACCESS_UNSPECIFIED'
  | 0
  /**
   * Reads and writes.
   */
  | 'VOLUME_ACCESS_READ_WRITE'
  | 1
  /**
   * Reads only: a secondary volume before takeover.
   */
  | 'VOLUME_ACCESS_READ_ONLY'
  | 2

/**
 * Whether hosts may write a volume at this node.
 */
export type VolumeAccess__Output = typeof VolumeAccess[keyof typeof VolumeAccess]
