// Original file: ../../proto/waystation/v1/replication.proto

/**
 * What a promise is asked for.
 */
export const PromisePurpose = {
  /**
   * Never sent.
   */
  PROMISE_PURPOSE_UNSPECIFIED: 'PROMISE_PURPOSE_UNSPECIFIED',
  /**
   * The old roles end, primaries stop serving for good.
   */
  PROMISE_PURPOSE_TAKEOVER: 'PROMISE_PURPOSE_TAKEOVER',
  /**
   * Roles pause until the term that follows says what they are.
   */
  PROMISE_PURPOSE_TERM: 'PROMISE_PURPOSE_TERM',
} as const;

/**
 * What a promise is asked for.
 */
export type PromisePurpose =
  /**
   * Never sent.
   */
  | 'PROMISE_PURPOSE_UNSPECIFIED'
  | 0
  /**
   * The old roles end, primaries stop serving for good.
   */
  | 'PROMISE_PURPOSE_TAKEOVER'
  | 1
  /**
   * Roles pause until the term that follows says what they are.
   */
  | 'PROMISE_PURPOSE_TERM'
  | 2

/**
 * What a promise is asked for.
 */
export type PromisePurpose__Output = typeof PromisePurpose[keyof typeof PromisePurpose]
