// Original file: ../../proto/waystation/v1/replication.proto

/**
 * What a record does to its volume.
 */
export const RecordKind = {
  /**
   * Never sent.
   */
  RECORD_KIND_UNSPECIFIED: 'RECORD_KIND_UNSPECIFIED',
  /**
   * Stores the payload.
   */
  RECORD_KIND_WRITE: 'RECORD_KIND_WRITE',
  /**
   * Makes the range read as zeros.
   */
  RECORD_KIND_ZERO: 'RECORD_KIND_ZERO',
  /**
   * The same, and gives its space back.
   */
  RECORD_KIND_DISCARD: 'RECORD_KIND_DISCARD',
  /**
   * Stores the payload, which no host wrote: what the primary's array held when a copy run came by.
   */
  RECORD_KIND_COPY: 'RECORD_KIND_COPY',
} as const;

/**
 * What a record does to its volume.
 */
export type RecordKind =
  /**
   * Never sent.
   */
  | 'RECORD_KIND_UNSPECIFIED'
  | 0
  /**
   * Stores the payload.
   */
  | 'RECORD_KIND_WRITE'
  | 1
  /**
   * Makes the range read as zeros.
   */
  | 'RECORD_KIND_ZERO'
  | 2
  /**
   * The same, and gives its space back.
   */
  | 'RECORD_KIND_DISCARD'
  | 3
  /**
   * Stores the payload, which no host wrote: what the primary's array held when a copy run came by.
   */
  | 'RECORD_KIND_COPY'
  | 4

/**
 * What a record does to its volume.
 */
export type RecordKind__Output = typeof RecordKind[keyof typeof RecordKind]
