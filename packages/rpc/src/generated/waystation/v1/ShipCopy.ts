// Original file: ../../proto/waystation/v1/replication.proto

import type { CopyOrder as _waystation_v1_CopyOrder, CopyOrder__Output as _waystation_v1_CopyOrder__Output } from '../../waystation/v1/CopyOrder.js';

/**
 * The order of a copy run has changed: its end is known.
 */
export interface ShipCopy {
  /**
   * The order.
   */
  'copy'?: (_waystation_v1_CopyOrder | null);
}

/**
 * The order of a copy run has changed: its end is known.
 */
export interface ShipCopy__Output {
  /**
   * The order.
   */
  'copy': (_waystation_v1_CopyOrder__Output | null);
}
