// Original file: ../../proto/waystation/v1/replication.proto

/**
 * What a node is in a group.
 */
export const GroupRole = {
  /**
   * Never sent.
   */
  GROUP_ROLE_UNSPECIFIED: 'GROUP_ROLE_UNSPECIFIED',
  /**
   * Hosts write there.
   */
  GROUP_ROLE_PRIMARY: 'GROUP_ROLE_PRIMARY',
  /**
   * Stamps, journals and forwards.
   */
  GROUP_ROLE_RELAY: 'GROUP_ROLE_RELAY',
  /**
   * Keeps the copy.
   */
  GROUP_ROLE_SECONDARY: 'GROUP_ROLE_SECONDARY',
} as const;

/**
 * What a node is in a group.
 */
export type GroupRole =
  /**
   * Never sent.
   */
  | 'GROUP_ROLE_UNSPECIFIED'
  | 0
  /**
   * Hosts write there.
   */
  | 'GROUP_ROLE_PRIMARY'
  | 1
  /**
   * Stamps, journals and forwards.
   */
  | 'GROUP_ROLE_RELAY'
  | 2
  /**
   * Keeps the copy.
   */
  | 'GROUP_ROLE_SECONDARY'
  | 3

/**
 * What a node is in a group.
 */
export type GroupRole__Output = typeof GroupRole[keyof typeof GroupRole]
