// Original file: ../../proto/waystation/v1/replication.proto

/**
 * How a primary runs its writes, durably.
 */
export const OriginLeg = {
  /**
   * Never sent.
   */
  ORIGIN_LEG_UNSPECIFIED: 'ORIGIN_LEG_UNSPECIFIED',
  /**
   * To its array and to the relay.
   */
  ORIGIN_LEG_JOINED: 'ORIGIN_LEG_JOINED',
  /**
   * To its array alone; regions are logged.
   */
  ORIGIN_LEG_ALONE: 'ORIGIN_LEG_ALONE',
  /**
   * To both, while a copy run catches up.
   */
  ORIGIN_LEG_COPYING: 'ORIGIN_LEG_COPYING',
} as const;

/**
 * How a primary runs its writes, durably.
 */
export type OriginLeg =
  /**
   * Never sent.
   */
  | 'ORIGIN_LEG_UNSPECIFIED'
  | 0
  /**
   * To its array and to the relay.
   */
  | 'ORIGIN_LEG_JOINED'
  | 1
  /**
   * To its array alone; regions are logged.
   */
  | 'ORIGIN_LEG_ALONE'
  | 2
  /**
   * To both, while a copy run catches up.
   */
  | 'ORIGIN_LEG_COPYING'
  | 3

/**
 * How a primary runs its writes, durably.
 */
export type OriginLeg__Output = typeof OriginLeg[keyof typeof OriginLeg]
