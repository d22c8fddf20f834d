// Original file: ../../proto/waystation/v1/control.proto

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
}
