// Original file: ../../proto/waystation/v1/replication.proto

import type { RegionRuns as _waystation_v1_RegionRuns, RegionRuns__Output as _waystation_v1_RegionRuns__Output } from '../../waystation/v1/RegionRuns.js';

/**
 * Where a secondary's volumes may differ from what the run's base says they hold.
 */
export interface ShipRegions {
  /**
   * Which run.
   */
  'copyId'?: (string);
  /**
   * The regions.
   */
  'regions'?: (_waystation_v1_RegionRuns)[];
  /**
   * False when more follow.
   */
  'last'?: (boolean);
}

/**
 * Where a secondary's volumes may differ from what the run's base says they hold.
 */
export interface ShipRegions__Output {
  /**
   * Which run.
   */
  'copyId': (string);
  /**
   * The regions.
   */
  'regions': (_waystation_v1_RegionRuns__Output)[];
  /**
   * False when more follow.
   */
  'last': (boolean);
}
