// Original file: ../../proto/waystation/v1/replication.proto

/**
 * Why a term was begun.
 */
export const TermCause = {
  /**
   * Never sent.
   */
  TERM_CAUSE_UNSPECIFIED: 'TERM_CAUSE_UNSPECIFIED',
  /**
   * The far side became the primary side, and the other way round.
   */
  TERM_CAUSE_SWAP: 'TERM_CAUSE_SWAP',
  /**
   * Without the relay, whose role a primary took.
   */
  TERM_CAUSE_DIRECT: 'TERM_CAUSE_DIRECT',
  /**
   * Back to the relay of the configuration.
   */
  TERM_CAUSE_RETURN: 'TERM_CAUSE_RETURN',
  /**
   * Volumes or secondaries as the configuration says now.
   */
  TERM_CAUSE_MEMBERS: 'TERM_CAUSE_MEMBERS',
} as const;

/**
 * Why a term was begun.
 */
export type TermCause =
  /**
   * Never sent.
   */
  | 'TERM_CAUSE_UNSPECIFIED'
  | 0
  /**
   * The far side became the primary side, and the other way round.
   */
  | 'TERM_CAUSE_SWAP'
  | 1
  /**
   * Without the relay, whose role a primary took.
   */
  | 'TERM_CAUSE_DIRECT'
  | 2
  /**
   * Back to the relay of the configuration.
   */
  | 'TERM_CAUSE_RETURN'
  | 3
  /**
   * Volumes or secondaries as the configuration says now.
   */
  | 'TERM_CAUSE_MEMBERS'
  | 4

/**
 * Why a term was begun.
 */
export type TermCause__Output = typeof TermCause[keyof typeof TermCause]
