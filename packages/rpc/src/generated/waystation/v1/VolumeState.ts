// Original file: ../../proto/waystation/v1/control.proto

/**
 * What hosts may do with a volume at a node.
 */
export const VolumeState = {
  /**
   * Never sent.
   */
  VOLUME_STATE_UNSPECIFIED: 'VOLUME_STATE_UNSPECIFIED',
  /**
   * Read and write.
   */
  VOLUME_STATE_READ_WRITE: 'VOLUME_STATE_READ_WRITE',
  /**
   * Read.
   */
  VOLUME_STATE_READ_ONLY: 'VOLUME_STATE_READ_ONLY',
  /**
   * Nothing now.
   */
  VOLUME_STATE_CLOSED: 'VOLUME_STATE_CLOSED',
} as const;

/**
 * What hosts may do with a volume at a node.
 */
export type VolumeState =
  /**
   * Never sent.
   */
  | 'VOLUME_STATE_UNSPECIFIED'
  | 0
  /**
   * Read and write.
   */
  | 'VOLUME_STATE_READ_WRITE'
  | 1
  /**
   * Read.
   */
  | 'VOLUME_STATE_READ_ONLY'
  | 2
  /**
   * Nothing now.
   */
  | 'VOLUME_STATE_CLOSED'
  | 3

/**
 * What hosts may do with a volume at a node.
 */
export type VolumeState__Output = typeof VolumeState[keyof typeof VolumeState]
