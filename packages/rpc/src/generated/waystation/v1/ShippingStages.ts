// Original file: ../../proto/waystation/v1/control.proto

import type { GroupPairState as _waystation_v1_GroupPairState, GroupPairState__Output as _waystation_v1_GroupPairState__Output } from '../../waystation/v1/GroupPairState.js';
import type { Long } from '@grpc/proto-loader';

/**
 * The far leg to one secondary; meaningful while `connected`.
 */
export interface ShippingStages {
  /**
   * The secondary.
   */
  'node'?: (string);
  /**
   * Its link stands.
   */
  'connected'?: (boolean);
  /**
   * Sent up to here.
   */
  'shipped'?: (number | string | Long);
  /**
   * Stored there up to here.
   */
  'received'?: (number | string | Long);
  /**
   * Prepared up to here.
   */
  'prepared'?: (number | string | Long);
  /**
   * Validated up to here.
   */
  'validated'?: (number | string | Long);
  /**
   * In the volumes up to here.
   */
  'applied'?: (number | string | Long);
  /**
   * Writes that are stamped and not applied there.
   */
  'lagWrites'?: (number | string | Long);
  /**
   * Age of the oldest of them.
   */
  'lagSeconds'?: (number | string);
  /**
   * How this leg stands.
   */
  'pair'?: (_waystation_v1_GroupPairState);
}

/**
 * The far leg to one secondary; meaningful while `connected`.
 */
export interface ShippingStages__Output {
  /**
   * The secondary.
   */
  'node': (string);
  /**
   * Its link stands.
   */
  'connected': (boolean);
  /**
   * Sent up to here.
   */
  'shipped': (number);
  /**
   * Stored there up to here.
   */
  'received': (number);
  /**
   * Prepared up to here.
   */
  'prepared': (number);
  /**
   * Validated up to here.
   */
  'validated': (number);
  /**
   * In the volumes up to here.
   */
  'applied': (number);
  /**
   * Writes that are stamped and not applied there.
   */
  'lagWrites': (number);
  /**
   * Age of the oldest of them.
   */
  'lagSeconds': (number);
  /**
   * How this leg stands.
   */
  'pair': (_waystation_v1_GroupPairState__Output);
}
