// Original file: ../../proto/waystation/v1/control.proto

/**
 * How a takeover ended.
 */
export const TakeoverOutcome = {
  /**
   * Never sent.
   */
  TAKEOVER_OUTCOME_UNSPECIFIED: 'TAKEOVER_OUTCOME_UNSPECIFIED',
  /**
   * The secondaries have become primaries.
   */
  TAKEOVER_OUTCOME_TAKEN_OVER: 'TAKEOVER_OUTCOME_TAKEN_OVER',
  /**
   * Nothing was decided.
   */
  TAKEOVER_OUTCOME_REFUSED: 'TAKEOVER_OUTCOME_REFUSED',
} as const;

/**
 * How a takeover ended.
 */
export type TakeoverOutcome =
  /**
   * Never sent.
   */
  | 'TAKEOVER_OUTCOME_UNSPECIFIED'
  | 0
  /**
   * The secondaries have become primaries.
   */
  | 'TAKEOVER_OUTCOME_TAKEN_OVER'
  | 1
  /**
   * Nothing was decided.
   */
  | 'TAKEOVER_OUTCOME_REFUSED'
  | 2

/**
 * How a takeover ended.
 */
export type TakeoverOutcome__Output = typeof TakeoverOutcome[keyof typeof TakeoverOutcome]
