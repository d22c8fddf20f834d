// Original file: ../../proto/waystation/v1/control.proto

import type { IngressStages as _waystation_v1_IngressStages, IngressStages__Output as _waystation_v1_IngressStages__Output } from '../../waystation/v1/IngressStages.js';
import type { ShippingStages as _waystation_v1_ShippingStages, ShippingStages__Output as _waystation_v1_ShippingStages__Output } from '../../waystation/v1/ShippingStages.js';
import type { GroupPairState as _waystation_v1_GroupPairState, GroupPairState__Output as _waystation_v1_GroupPairState__Output } from '../../waystation/v1/GroupPairState.js';
import type { CopyOrder as _waystation_v1_CopyOrder, CopyOrder__Output as _waystation_v1_CopyOrder__Output } from '../../waystation/v1/CopyOrder.js';
import type { Long } from '@grpc/proto-loader';

/**
 * The stages of a group's sequence, at its relay.
 */
export interface RelayStages {
  /**
   * Every acknowledged write is bound to survive the loss of the primary site.
   */
  'protected'?: (boolean);
  /**
   * Why not.
   */
  'protectedDetail'?: (string);
  /**
   * The last number given.
   */
  'stamped'?: (number | string | Long);
  /**
   * Every secondary is complete up to here.
   */
  'prepared'?: (number | string | Long);
  /**
   * The highest number ready to be validated.
   */
  'valid'?: (number | string | Long);
  /**
   * Validated by every secondary up to here.
   */
  'gate'?: (number | string | Long);
  /**
   * Forgotten up to here.
   */
  'trimmed'?: (number | string | Long);
  /**
   * Unreclaimed bytes.
   */
  'journalUsedBytes'?: (number | string | Long);
  /**
   * The limit.
   */
  'journalCapacityBytes'?: (number | string | Long);
  /**
   * The near legs.
   */
  'primaries'?: (_waystation_v1_IngressStages)[];
  /**
   * The far legs.
   */
  'secondaries'?: (_waystation_v1_ShippingStages)[];
  /**
   * How the group stands.
   */
  'pair'?: (_waystation_v1_GroupPairState);
  /**
   * The copy run in hand; absent: none.
   */
  'copy'?: (_waystation_v1_CopyOrder | null);
}

/**
 * The stages of a group's sequence, at its relay.
 */
export interface RelayStages__Output {
  /**
   * Every acknowledged write is bound to survive the loss of the primary site.
   */
  'protected': (boolean);
  /**
   * Why not.
   */
  'protectedDetail': (string);
  /**
   * The last number given.
   */
  'stamped': (number);
  /**
   * Every secondary is complete up to here.
   */
  'prepared': (number);
  /**
   * The highest number ready to be validated.
   */
  'valid': (number);
  /**
   * Validated by every secondary up to here.
   */
  'gate': (number);
  /**
   * Forgotten up to here.
   */
  'trimmed': (number);
  /**
   * Unreclaimed bytes.
   */
  'journalUsedBytes': (number);
  /**
   * The limit.
   */
  'journalCapacityBytes': (number);
  /**
   * The near legs.
   */
  'primaries': (_waystation_v1_IngressStages__Output)[];
  /**
   * The far legs.
   */
  'secondaries': (_waystation_v1_ShippingStages__Output)[];
  /**
   * How the group stands.
   */
  'pair': (_waystation_v1_GroupPairState__Output);
  /**
   * The copy run in hand; absent: none.
   */
  'copy': (_waystation_v1_CopyOrder__Output | null);
}
