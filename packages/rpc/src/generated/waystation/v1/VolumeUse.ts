// Original file: ../../proto/waystation/v1/storage.proto

/**
 * Who uses a volume.
 */
export const VolumeUse = {
  /**
   * Never sent.
   */
  VOLUME_USE_UNSPECIFIED: 'VOLUME_USE_UNSPECIFIED',
  /**
   * Hosts: it is in no group.
   */
  VOLUME_USE_STANDALONE: 'VOLUME_USE_STANDALONE',
  /**
   * A replication group.
   */
  VOLUME_USE_REPLICATED: 'VOLUME_USE_REPLICATED',
  /**
   * The journal of a group.
   */
  VOLUME_USE_JOURNAL: 'VOLUME_USE_JOURNAL',
} as const;

/**
 * Who uses a volume.
 */
export type VolumeUse =
  /**
   * Never sent.
   */
  | 'VOLUME_USE_UNSPECIFIED'
  | 0
  /**
   * Hosts: it is in no group.
   */
  | 'VOLUME_USE_STANDALONE'
  | 1
  /**
   * A replication group.
   */
  | 'VOLUME_USE_REPLICATED'
  | 2
  /**
   * The journal of a group.
   */
  | 'VOLUME_USE_JOURNAL'
  | 3

/**
 * Who uses a volume.
 */
export type VolumeUse__Output = typeof VolumeUse[keyof typeof VolumeUse]
