// Original file: ../../proto/waystation/v1/control.proto

/**
 * What a takeover lost.
 */
export const LostVerdict = {
  /**
   * Never sent.
   */
  LOST_VERDICT_UNSPECIFIED: 'LOST_VERDICT_UNSPECIFIED',
  /**
   * Proven: no acknowledged write is missing.
   */
  LOST_VERDICT_NOTHING: 'LOST_VERDICT_NOTHING',
  /**
   * Exactly what `lost_detail` names.
   */
  LOST_VERDICT_KNOWN: 'LOST_VERDICT_KNOWN',
  /**
   * Whatever may lie above the sequence number.
   */
  LOST_VERDICT_UNKNOWN: 'LOST_VERDICT_UNKNOWN',
} as const;

/**
 * What a takeover lost.
 */
export type LostVerdict =
  /**
   * Never sent.
   */
  | 'LOST_VERDICT_UNSPECIFIED'
  | 0
  /**
   * Proven: no acknowledged write is missing.
   */
  | 'LOST_VERDICT_NOTHING'
  | 1
  /**
   * Exactly what `lost_detail` names.
   */
  | 'LOST_VERDICT_KNOWN'
  | 2
  /**
   * Whatever may lie above the sequence number.
   */
  | 'LOST_VERDICT_UNKNOWN'
  | 3

/**
 * What a takeover lost.
 */
export type LostVerdict__Output = typeof LostVerdict[keyof typeof LostVerdict]
