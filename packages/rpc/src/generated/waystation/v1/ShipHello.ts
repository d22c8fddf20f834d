// Original file: ../../proto/waystation/v1/replication.proto

import type { CopyOrder as _waystation_v1_CopyOrder, CopyOrder__Output as _waystation_v1_CopyOrder__Output } from '../../waystation/v1/CopyOrder.js';

/**
 * First on a ship link.
 */
export interface ShipHello {
  /**
   * The copy run in hand; absent when there is none.
   */
  'copy'?: (_waystation_v1_CopyOrder | null);
}

/**
 * First on a ship link.
 */
export interface ShipHello__Output {
  /**
   * The copy run in hand; absent when there is none.
   */
  'copy': (_waystation_v1_CopyOrder__Output | null);
}
