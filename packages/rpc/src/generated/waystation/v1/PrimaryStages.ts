// Original file: ../../proto/waystation/v1/control.proto

import type { OriginLeg as _waystation_v1_OriginLeg, OriginLeg__Output as _waystation_v1_OriginLeg__Output } from '../../waystation/v1/OriginLeg.js';
import type { CopyProgress as _waystation_v1_CopyProgress, CopyProgress__Output as _waystation_v1_CopyProgress__Output } from '../../waystation/v1/CopyProgress.js';
import type { GroupPairState as _waystation_v1_GroupPairState, GroupPairState__Output as _waystation_v1_GroupPairState__Output } from '../../waystation/v1/GroupPairState.js';
import type { Long } from '@grpc/proto-loader';

/**
 * A primary's side of the near leg.
 */
export interface PrimaryStages {
  /**
   * The link to the relay stands.
   */
  'relayConnected'?: (boolean);
  /**
   * How long its lease still lasts.
   */
  'leaseRemainingMs'?: (number | string);
  /**
   * Writes started and not acknowledged.
   */
  'writesInFlight'?: (number | string | Long);
  /**
   * Writes that wait for the relay to come back.
   */
  'writesHeld'?: (number | string | Long);
  /**
   * Whether its writes go to the relay too.
   */
  'leg'?: (_waystation_v1_OriginLeg);
  /**
   * What the far side may lack of its volumes, as its region log knows.
   */
  'loggedBytes'?: (number | string | Long);
  /**
   * Its part of the copy run; absent: none.
   */
  'copy'?: (_waystation_v1_CopyProgress | null);
  /**
   * How its leg to the relay stands.
   */
  'pair'?: (_waystation_v1_GroupPairState);
  /**
   * Writes are held because the group's roles are being changed.
   */
  'paused'?: (boolean);
}

/**
 * A primary's side of the near leg.
 */
export interface PrimaryStages__Output {
  /**
   * The link to the relay stands.
   */
  'relayConnected': (boolean);
  /**
   * How long its lease still lasts.
   */
  'leaseRemainingMs': (number);
  /**
   * Writes started and not acknowledged.
   */
  'writesInFlight': (number);
  /**
   * Writes that wait for the relay to come back.
   */
  'writesHeld': (number);
  /**
   * Whether its writes go to the relay too.
   */
  'leg': (_waystation_v1_OriginLeg__Output);
  /**
   * What the far side may lack of its volumes, as its region log knows.
   */
  'loggedBytes': (number);
  /**
   * Its part of the copy run; absent: none.
   */
  'copy': (_waystation_v1_CopyProgress__Output | null);
  /**
   * How its leg to the relay stands.
   */
  'pair': (_waystation_v1_GroupPairState__Output);
  /**
   * Writes are held because the group's roles are being changed.
   */
  'paused': (boolean);
}
