// Original file: ../../proto/waystation/v1/storage.proto

/**
 * What hosts may do with a stored volume.
 */
export const StoredVolumeAccess = {
  /**
   * Never sent.
   */
  STORED_VOLUME_ACCESS_UNSPECIFIED: 'STORED_VOLUME_ACCESS_UNSPECIFIED',
  /**
   * Read and write.
   */
  STORED_VOLUME_ACCESS_READ_WRITE: 'STORED_VOLUME_ACCESS_READ_WRITE',
  /**
   * Read.
   */
  STORED_VOLUME_ACCESS_READ_ONLY: 'STORED_VOLUME_ACCESS_READ_ONLY',
  /**
   * Nothing now.
   */
  STORED_VOLUME_ACCESS_CLOSED: 'STORED_VOLUME_ACCESS_CLOSED',
} as const;

/**
 * What hosts may do with a stored volume.
 */
export type StoredVolumeAccess =
  /**
   * Never sent.
   */
  | 'STORED_VOLUME_ACCESS_UNSPECIFIED'
  | 0
  /**
   * Read and write.
   */
  | 'STORED_VOLUME_ACCESS_READ_WRITE'
  | 1
  /**
   * Read.
   */
  | 'STORED_VOLUME_ACCESS_READ_ONLY'
  | 2
  /**
   * Nothing now.
   */
  | 'STORED_VOLUME_ACCESS_CLOSED'
  | 3

/**
 * What hosts may do with a stored volume.
 */
export type StoredVolumeAccess__Output = typeof StoredVolumeAccess[keyof typeof StoredVolumeAccess]
