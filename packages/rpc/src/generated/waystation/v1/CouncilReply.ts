// Original file: ../../proto/waystation/v1/replication.proto

import type { MemberState as _waystation_v1_MemberState, MemberState__Output as _waystation_v1_MemberState__Output } from '../../waystation/v1/MemberState.js';
import type { LostWrites as _waystation_v1_LostWrites, LostWrites__Output as _waystation_v1_LostWrites__Output } from '../../waystation/v1/LostWrites.js';
import type { Long } from '@grpc/proto-loader';

/**
 * Answers any of the three.
 */
export interface CouncilReply {
  /**
   * The request's.
   */
  'requestId'?: (number | string | Long);
  /**
   * False: refused, because `state.promised` is higher or a rival's.
   */
  'granted'?: (boolean);
  /**
   * Where the sender stands.
   */
  'state'?: (_waystation_v1_MemberState | null);
  /**
   * Answers `lost_above`.
   */
  'lost'?: (_waystation_v1_LostWrites | null);
}

/**
 * Answers any of the three.
 */
export interface CouncilReply__Output {
  /**
   * The request's.
   */
  'requestId': (number);
  /**
   * False: refused, because `state.promised` is higher or a rival's.
   */
  'granted': (boolean);
  /**
   * Where the sender stands.
   */
  'state': (_waystation_v1_MemberState__Output | null);
  /**
   * Answers `lost_above`.
   */
  'lost': (_waystation_v1_LostWrites__Output | null);
}
