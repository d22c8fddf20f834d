// Original file: ../../proto/waystation/v1/control.proto

import type { IngressStages as _waystation_v1_IngressStages, IngressStages__Output as _waystation_v1_IngressStages__Output } from '../../waystation/v1/IngressStages.js';
import type { ShippingStages as _waystation_v1_ShippingStages, ShippingStages__Output as _waystation_v1_ShippingStages__Output } from '../../waystation/v1/ShippingStages.js';
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
}
