// Original file: ../../proto/waystation/v1/replication.proto

/**
 * Why a node will not go on with a peer.
 */
export const RefusalReason = {
  /**
   * Never sent.
   */
  REFUSAL_REASON_UNSPECIFIED: 'REFUSAL_REASON_UNSPECIFIED',
  /**
   * The sender's epoch is below the promise: another node has taken over.
   */
  REFUSAL_REASON_STALE_EPOCH: 'REFUSAL_REASON_STALE_EPOCH',
  /**
   * The relay was fenced by a takeover.
   */
  REFUSAL_REASON_FENCED: 'REFUSAL_REASON_FENCED',
  /**
   * The group is frozen at one sequence number.
   */
  REFUSAL_REASON_FROZEN: 'REFUSAL_REASON_FROZEN',
  /**
   * The relay's journal lost acknowledged records.
   */
  REFUSAL_REASON_JOURNAL_LOST: 'REFUSAL_REASON_JOURNAL_LOST',
  /**
   * This node has no such role in the group.
   */
  REFUSAL_REASON_NOT_A_MEMBER: 'REFUSAL_REASON_NOT_A_MEMBER',
  /**
   * Numbers do not follow each other: the sender must start again.
   */
  REFUSAL_REASON_GAP: 'REFUSAL_REASON_GAP',
  /**
   * The sender's roles are of another term: it must ask where the group stands.
   */
  REFUSAL_REASON_OTHER_TERM: 'REFUSAL_REASON_OTHER_TERM',
  /**
   * The records here are not what the relay committed to: one of the two lost or changed some.
   */
  REFUSAL_REASON_ORDER_MISMATCH: 'REFUSAL_REASON_ORDER_MISMATCH',
} as const;

/**
 * Why a node will not go on with a peer.
 */
export type RefusalReason =
  /**
   * Never sent.
   */
  | 'REFUSAL_REASON_UNSPECIFIED'
  | 0
  /**
   * The sender's epoch is below the promise: another node has taken over.
   */
  | 'REFUSAL_REASON_STALE_EPOCH'
  | 1
  /**
   * The relay was fenced by a takeover.
   */
  | 'REFUSAL_REASON_FENCED'
  | 2
  /**
   * The group is frozen at one sequence number.
   */
  | 'REFUSAL_REASON_FROZEN'
  | 3
  /**
   * The relay's journal lost acknowledged records.
   */
  | 'REFUSAL_REASON_JOURNAL_LOST'
  | 4
  /**
   * This node has no such role in the group.
   */
  | 'REFUSAL_REASON_NOT_A_MEMBER'
  | 5
  /**
   * Numbers do not follow each other: the sender must start again.
   */
  | 'REFUSAL_REASON_GAP'
  | 6
  /**
   * The sender's roles are of another term: it must ask where the group stands.
   */
  | 'REFUSAL_REASON_OTHER_TERM'
  | 7
  /**
   * The records here are not what the relay committed to: one of the two lost or changed some.
   */
  | 'REFUSAL_REASON_ORDER_MISMATCH'
  | 8

/**
 * Why a node will not go on with a peer.
 */
export type RefusalReason__Output = typeof RefusalReason[keyof typeof RefusalReason]
