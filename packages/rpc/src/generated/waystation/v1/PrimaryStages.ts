// Original file: ../../proto/waystation/v1/control.proto

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
}
