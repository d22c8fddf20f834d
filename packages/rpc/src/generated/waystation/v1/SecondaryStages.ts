// Original file: ../../proto/waystation/v1/control.proto

import type { GroupPairState as _waystation_v1_GroupPairState, GroupPairState__Output as _waystation_v1_GroupPairState__Output } from '../../waystation/v1/GroupPairState.js';
import type { MemberCopy as _waystation_v1_MemberCopy, MemberCopy__Output as _waystation_v1_MemberCopy__Output } from '../../waystation/v1/MemberCopy.js';
import type { Long } from '@grpc/proto-loader';

/**
 * A secondary's side of the far leg.
 */
export interface SecondaryStages {
  /**
   * The link from the relay stands.
   */
  'relayConnected'?: (boolean);
  /**
   * Complete up to here.
   */
  'received'?: (number | string | Long);
  /**
   * Validated up to here.
   */
  'validated'?: (number | string | Long);
  /**
   * May be applied up to here.
   */
  'gate'?: (number | string | Long);
  /**
   * In the volumes up to here.
   */
  'applied'?: (number | string | Long);
  /**
   * Unreclaimed bytes.
   */
  'journalUsedBytes'?: (number | string | Long);
  /**
   * The limit.
   */
  'journalCapacityBytes'?: (number | string | Long);
  /**
   * How the group stood when the relay last told.
   */
  'pair'?: (_waystation_v1_GroupPairState);
  /**
   * The copy run that it takes part in; absent: none.
   */
  'copy'?: (_waystation_v1_MemberCopy | null);
  /**
   * Of the journal of pre-images.
   */
  'preImagesUsedBytes'?: (number | string | Long);
  /**
   * Its limit.
   */
  'preImagesCapacityBytes'?: (number | string | Long);
}

/**
 * A secondary's side of the far leg.
 */
export interface SecondaryStages__Output {
  /**
   * The link from the relay stands.
   */
  'relayConnected': (boolean);
  /**
   * Complete up to here.
   */
  'received': (number);
  /**
   * Validated up to here.
   */
  'validated': (number);
  /**
   * May be applied up to here.
   */
  'gate': (number);
  /**
   * In the volumes up to here.
   */
  'applied': (number);
  /**
   * Unreclaimed bytes.
   */
  'journalUsedBytes': (number);
  /**
   * The limit.
   */
  'journalCapacityBytes': (number);
  /**
   * How the group stood when the relay last told.
   */
  'pair': (_waystation_v1_GroupPairState__Output);
  /**
   * The copy run that it takes part in; absent: none.
   */
  'copy': (_waystation_v1_MemberCopy__Output | null);
  /**
   * Of the journal of pre-images.
   */
  'preImagesUsedBytes': (number);
  /**
   * Its limit.
   */
  'preImagesCapacityBytes': (number);
}
