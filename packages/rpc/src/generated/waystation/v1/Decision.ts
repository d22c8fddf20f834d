// Original file: ../../proto/waystation/v1/replication.proto

import type { Epoch as _waystation_v1_Epoch, Epoch__Output as _waystation_v1_Epoch__Output } from '../../waystation/v1/Epoch.js';
import type { Term as _waystation_v1_Term, Term__Output as _waystation_v1_Term__Output } from '../../waystation/v1/Term.js';
import type { Long } from '@grpc/proto-loader';

/**
 * What a takeover or a change of term settled.
 */
export interface Decision {
  /**
   * The epoch that it raised.
   */
  'epoch'?: (_waystation_v1_Epoch | null);
  /**
   * Every participant's volumes hold exactly the records up to here.
   */
  'sequence'?: (number | string | Long);
  /**
   * Who took part, by node name.
   */
  'participants'?: (string)[];
  /**
   * Secondaries given up: they need a resync before they may open.
   */
  'excluded'?: (string)[];
  /**
   * The relay was fenced: `stamped` is the last number that it stamped, and what is above `sequence` is lost.
   */
  'fenced'?: (boolean);
  /**
   * See `fenced`; else 0.
   */
  'stamped'?: (number | string | Long);
  /**
   * The roles from here on; absent for a takeover.
   */
  'term'?: (_waystation_v1_Term | null);
}

/**
 * What a takeover or a change of term settled.
 */
export interface Decision__Output {
  /**
   * The epoch that it raised.
   */
  'epoch': (_waystation_v1_Epoch__Output | null);
  /**
   * Every participant's volumes hold exactly the records up to here.
   */
  'sequence': (number);
  /**
   * Who took part, by node name.
   */
  'participants': (string)[];
  /**
   * Secondaries given up: they need a resync before they may open.
   */
  'excluded': (string)[];
  /**
   * The relay was fenced: `stamped` is the last number that it stamped, and what is above `sequence` is lost.
   */
  'fenced': (boolean);
  /**
   * See `fenced`; else 0.
   */
  'stamped': (number);
  /**
   * The roles from here on; absent for a takeover.
   */
  'term': (_waystation_v1_Term__Output | null);
}
