// Original file: ../../proto/waystation/v1/storage.proto

/**
 * How a volume's space is kept.
 */
export const VolumeKind = {
  /**
   * Never sent.
   */
  VOLUME_KIND_UNSPECIFIED: 'VOLUME_KIND_UNSPECIFIED',
  /**
   * In one run of the array.
   */
  VOLUME_KIND_THICK: 'VOLUME_KIND_THICK',
  /**
   * By a chunk map, room to overwrite all of it kept free.
   */
  VOLUME_KIND_MAPPED: 'VOLUME_KIND_MAPPED',
  /**
   * By a chunk map that is never changed.
   */
  VOLUME_KIND_SNAPSHOT: 'VOLUME_KIND_SNAPSHOT',
  /**
   * By a chunk map that began as another volume's.
   */
  VOLUME_KIND_CLONE: 'VOLUME_KIND_CLONE',
  /**
   * By a chunk map, space taken as it is written.
   */
  VOLUME_KIND_THIN: 'VOLUME_KIND_THIN',
} as const;

/**
 * How a volume's space is kept.
 */
export type VolumeKind =
  /**
   * Never sent.
   */
  | 'VOLUME_KIND_UNSPECIFIED'
  | 0
  /**
   * In one run of the array.
   */
  | 'VOLUME_KIND_THICK'
  | 1
  /**
   * By a chunk map, room to overwrite all of it kept free.
   */
  | 'VOLUME_KIND_MAPPED'
  | 2
  /**
   * By a chunk map that is never changed.
   */
  | 'VOLUME_KIND_SNAPSHOT'
  | 3
  /**
   * By a chunk map that began as another volume's.
   */
  | 'VOLUME_KIND_CLONE'
  | 4
  /**
   * By a chunk map, space taken as it is written.
   */
  | 'VOLUME_KIND_THIN'
  | 5

/**
 * How a volume's space is kept.
 */
export type VolumeKind__Output = typeof VolumeKind[keyof typeof VolumeKind]
