// Original file: ../../proto/waystation/v1/replication.proto

import type { Epoch as _waystation_v1_Epoch, Epoch__Output as _waystation_v1_Epoch__Output } from '../../waystation/v1/Epoch.js';
import type { TermCause as _waystation_v1_TermCause, TermCause__Output as _waystation_v1_TermCause__Output } from '../../waystation/v1/TermCause.js';
import type { TermVolume as _waystation_v1_TermVolume, TermVolume__Output as _waystation_v1_TermVolume__Output } from '../../waystation/v1/TermVolume.js';
import type { Long } from '@grpc/proto-loader';

/**
 * Who has which role in a group, from a number on.
 */
export interface Term {
  /**
   * The epoch that it was begun under.
   */
  'epoch'?: (_waystation_v1_Epoch | null);
  /**
   * Why.
   */
  'cause'?: (_waystation_v1_TermCause);
  /**
   * The relay.
   */
  'relay'?: (string);
  /**
   * The volumes.
   */
  'volumes'?: (_waystation_v1_TermVolume)[];
  /**
   * Numbers go on above this one.
   */
  'base'?: (number | string | Long);
  /**
   * The secondaries that hold exactly the image at `base`.
   */
  'atBase'?: (string)[];
  /**
   * Old primaries may hold acknowledged writes that nobody else has.
   */
  'tail'?: (boolean);
}

/**
 * Who has which role in a group, from a number on.
 */
export interface Term__Output {
  /**
   * The epoch that it was begun under.
   */
  'epoch': (_waystation_v1_Epoch__Output | null);
  /**
   * Why.
   */
  'cause': (_waystation_v1_TermCause__Output);
  /**
   * The relay.
   */
  'relay': (string);
  /**
   * The volumes.
   */
  'volumes': (_waystation_v1_TermVolume__Output)[];
  /**
   * Numbers go on above this one.
   */
  'base': (number);
  /**
   * The secondaries that hold exactly the image at `base`.
   */
  'atBase': (string)[];
  /**
   * Old primaries may hold acknowledged writes that nobody else has.
   */
  'tail': (boolean);
}
