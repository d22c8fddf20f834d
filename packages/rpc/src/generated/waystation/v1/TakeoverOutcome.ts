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
  /**
   * Another term was begun; its copy run goes on by itself.
   */
  TAKEOVER_OUTCOME_TERM_BEGUN: 'TAKEOVER_OUTCOME_TERM_BEGUN',
  /**
   * A dry run: it would be legal now.
   */
  TAKEOVER_OUTCOME_PLANNED: 'TAKEOVER_OUTCOME_PLANNED',
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
   * Another term was begun; its copy run goes on by itself.
   */
  | 'TAKEOVER_OUTCOME_TERM_BEGUN'
  | 3
  /**
   * A dry run: it would be legal now.
   */
  | 'TAKEOVER_OUTCOME_PLANNED'
  | 4

/**
 * How a takeover ended.
 */
export type TakeoverOutcome__Output = typeof TakeoverOutcome[keyof typeof TakeoverOutcome]
